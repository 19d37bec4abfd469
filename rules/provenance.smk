# Provenance: with which configuration, code, machines and seeds results were computed.


rule run_provenance:
    """Join what the jobs of a run recorded: seeds, versions, devices, attempts, times."""
    input:
        status=f"{RUN}/status.json",
        train=of_segments(run, "train.provenance.json"),
        evaluate=of_segments(run, "evaluate.provenance.json"),
    output:
        provenance=f"{RUN}/provenance.json",
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
        [f"{RESULTS}/tables/{name}.csv" for name in PLAN.all_tables],
        [f"{RESULTS}/figures/{name}.png" for name in PLAN.all_figures],
        [f"{RESULTS}/claims/{name}.csv" for name in PLAN.claims],
        records=[f"{RUNS}/{run}/provenance.json" for run in PLAN.known_runs],
        final_records=[f"{RUNS}/{final.place}.provenance.json" for final in PLAN.known_finals],
        quality_records=[f"{RUNS}/{run}/quality.provenance.json" for run in PLAN.measured_runs],
    output:
        provenance=f"{RESULTS}/provenance.json",
        devices=f"{RESULTS}/devices.csv",
        html=reported(
            f"{RESULTS}/provenance.html",
            "runs",
            "Runs",
            labels_of_all("Runs", "seeds, devices, times, digests"),
        ),
    log:
        f"{RESULTS}/provenance.log",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        results=made_of,
        runs=PLAN.known_runs,
        finals=[final.place for final in PLAN.known_finals],
        measured=PLAN.measured_runs,
        code=code("provenance_table.py"),
    script:
        "../scripts/provenance_table.py"


rule rates:
    """Say how fast each run was trained, evaluated and reconstructed with, and on what."""
    input:
        provenance=f"{RESULTS}/provenance.json",
    output:
        csv=f"{RESULTS}/rates.csv",
        html=reported(
            f"{RESULTS}/rates.html",
            "rates",
            "Benchmarks",
            labels_of_all("Benchmark", "rates of these runs"),
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
