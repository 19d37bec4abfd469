# Provenance: with which configuration, code, machines and seeds results were computed.


rule run_provenance:
    """Join what the jobs of a run recorded: seeds, versions, devices, attempts, times."""
    input:
        status=f"{RUN}/status.json",
        train=of_segments("train.provenance.json"),
        evaluate=of_segments("evaluate.provenance.json"),
    output:
        f"{RUN}/provenance.json",
    log:
        f"{RUN}/provenance.log",
    wildcard_constraints:
        instance=r"\d+",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        code=code("run_provenance.py"),
    script:
        "../scripts/run_provenance.py"


rule provenance:
    """Say which runs each table, figure and claim is of, and what is known of those runs."""
    input:
        # Made first, as the digests of code and configuration are those that they should have.
        [f"{RESULTS}/tables/{table}.csv" for table in ALL_TABLES],
        [f"{RESULTS}/figures/{figure}.png" for figure in FIGURES],
        [f"{RESULTS}/claims/{claim}.csv" for claim in CLAIMS],
        runs=run_records,
        finals=final_records,
    output:
        json=f"{RESULTS}/provenance.json",
        devices=f"{RESULTS}/devices.csv",
        html=report(
            f"{RESULTS}/provenance.html",
            caption="../report/runs.rst",
            category="Runs",
            labels=labels_of_all("Runs", "seeds, devices, times, digests"),
        ),
    log:
        f"{RESULTS}/provenance.log",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        results=made_of,
        runs=known_runs,
        finals=known_finals,
        code=code("provenance_table.py"),
    script:
        "../scripts/provenance_table.py"


rule rates:
    """Say how fast each run was trained, evaluated and reconstructed with, and on what."""
    input:
        f"{RESULTS}/provenance.json",
    output:
        csv=f"{RESULTS}/rates.csv",
        html=report(
            f"{RESULTS}/rates.html",
            caption="../report/rates.rst",
            category="Benchmarks",
            labels=labels_of_all("Benchmark", "rates of these runs"),
        ),
    log:
        f"{RESULTS}/rates.log",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        code=code("rates_table.py"),
    script:
        "../scripts/rates_table.py"
