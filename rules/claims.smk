# Claims: what the paper says, measured and judged.


rule claim:
    """Judge one of the paper's claims by its runs."""
    input:
        files=large(claim_files),
        changes=changes_of_claim,
    output:
        f"{RESULTS}/claims/{{claim}}.csv",
    log:
        f"{RESULTS}/claims/{{claim}}.log",
    wildcard_constraints:
        claim=any_of(CLAIMS),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=claim_runs,
        paper=PAPER_VALUES,
        code=code("claim.py"),
    script:
        "../scripts/claim.py"


rule claims:
    """Join the verdicts on all claims, also on those that are not run."""
    input:
        [f"{RESULTS}/claims/{claim}.csv" for claim in CLAIMS],
    output:
        csv=f"{RESULTS}/claims.csv",
        html=report(
            f"{RESULTS}/claims.html",
            caption="../report/claims.rst",
            category="Claims",
            labels=labels_of_all("Claims", "C1 to C14"),
        ),
    log:
        f"{RESULTS}/claims.log",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        claims=CLAIMS,
        paper=PAPER_VALUES,
        code=code("claims_table.py"),
    script:
        "../scripts/claims_table.py"
