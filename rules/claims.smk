# Claims: what the paper says, measured and judged.


rule claim:
    """Judge one of the paper's claims by its runs."""
    input:
        files=claim_files,
        changes=of_files(claim, "changes"),
        infos=of_datasets(claim, "images.json"),
        permutations=of_datasets(claim, "permutation.npy"),
    output:
        csv=f"{RESULTS}/claims/{{claim}}.csv",
    log:
        f"{RESULTS}/claims/{{claim}}.log",
    wildcard_constraints:
        claim=any_of(PLAN.claims),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=of(claim, "runs"),
        paper=PAPER_VALUES,
        code=claim_code,
    script:
        "../scripts/claim.py"


rule claims:
    """Join the verdicts on all claims, also on those that are not run."""
    input:
        judged=[f"{RESULTS}/claims/{name}.csv" for name in PLAN.claims],
    output:
        csv=f"{RESULTS}/claims.csv",
        html=reported(f"{RESULTS}/claims.html", "claims", "Claims", labels_of_all("Claims", "all")),
    log:
        f"{RESULTS}/claims.log",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        claims=list(PLAN.claims),
        paper=PAPER_VALUES,
        code=code("claims_table.py"),
    script:
        "../scripts/claims_table.py"
