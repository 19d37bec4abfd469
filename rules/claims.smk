# Claims: what the paper says, measured and judged.


def claim_code(wildcards):
    """Digest of the code that judges a claim."""
    item = claim(wildcards).item
    return code(item.script, item.without)


def claim_files(wildcards):
    """The files that a claim needs, in the order of its runs."""
    return [f"{RUNS}/{file}" for file in claim(wildcards).files]


def changes_of_claim(wildcards):
    """What changes along with them."""
    return [file.replace(".safetensors", ".sha256") for file in claim_files(wildcards)]


rule claim:
    """Judge one of the paper's claims by its runs."""
    input:
        files=large(claim_files),
        changes=changes_of_claim,
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
        html=shown(
            f"{RESULTS}/claims.html", "claims", "Claims", labels_of_all("Claims", "C1 to C14")
        ),
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
