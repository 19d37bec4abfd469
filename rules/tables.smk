# Tables: measured values beside the paper's, as CSV and as HTML.


rule architecture_table:
    """Make table 1 from the networks themselves."""
    output:
        csv=f"{RESULTS}/tables/{{table}}.csv",
        html=report(
            f"{RESULTS}/tables/{{table}}.html",
            caption="../report/tables.rst",
            category="Tables",
            labels=table_labels,
        ),
    log:
        f"{RESULTS}/tables/{{table}}.log",
    wildcard_constraints:
        table=any_of(set(TABLES) & {"table1"}),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        networks=table1_networks,
        code=code("architecture_table.py"),
    script:
        "../scripts/architecture_table.py"


rule loss_table:
    """Make a table of running and final losses."""
    input:
        running=of_rows("running.csv"),
        status=of_rows("status.json"),
        finals=finals_of_rows,
    output:
        csv=f"{RESULTS}/tables/{{table}}.csv",
        html=report(
            f"{RESULTS}/tables/{{table}}.html",
            caption="../report/tables.rst",
            category="Tables",
            labels=table_labels,
        ),
    log:
        f"{RESULTS}/tables/{{table}}.log",
    wildcard_constraints:
        table=any_of(set(TABLES) - {"table1"}),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        rows=table_rows,
        code=code("loss_table.py"),
    script:
        "../scripts/loss_table.py"


rule pairs_table:
    """Compare the final losses of each pair of models."""
    input:
        status=of_models("status.json"),
        finals=of_models("final/optimal.csv"),
    output:
        csv=f"{RESULTS}/tables/pairs_{{experiment}}.csv",
        html=report(
            f"{RESULTS}/tables/pairs_{{experiment}}.html",
            caption="../report/tables.rst",
            category="Tables",
            labels=statistics_labels("pairs of models"),
        ),
    log:
        f"{RESULTS}/tables/pairs_{{experiment}}.log",
    wildcard_constraints:
        experiment=any_of(STATISTICS),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        models=setting(statistics, "models"),
        paper=paper_rows,
        code=code("pairs_table.py"),
    script:
        "../scripts/pairs_table.py"


rule spread_table:
    """Say how far the instances of each model are apart."""
    input:
        running=of_each_instance("running.csv"),
        status=of_each_instance("status.json"),
    output:
        csv=f"{RESULTS}/tables/spread_{{experiment}}.csv",
        html=report(
            f"{RESULTS}/tables/spread_{{experiment}}.html",
            caption="../report/tables.rst",
            category="Tables",
            labels=statistics_labels("spread of instances"),
        ),
    log:
        f"{RESULTS}/tables/spread_{{experiment}}.log",
    wildcard_constraints:
        experiment=any_of(STATISTICS),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=each_instance,
        paper=paper_rows,
        code=code("spread_table.py"),
    script:
        "../scripts/spread_table.py"


rule evaluator_table:
    """Say what the evaluator itself loses, on training images, and by where it starts."""
    input:
        status=of_models("status.json"),
        finals=of_models("final/optimal.csv"),
        probes=of_models("final/probes.safetensors"),
    output:
        csv=f"{RESULTS}/tables/evaluator_{{experiment}}.csv",
        html=report(
            f"{RESULTS}/tables/evaluator_{{experiment}}.html",
            caption="../report/tables.rst",
            category="Tables",
            labels=statistics_labels("the evaluator"),
        ),
    log:
        f"{RESULTS}/tables/evaluator_{{experiment}}.log",
    wildcard_constraints:
        experiment=any_of(STATISTICS),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        models=setting(statistics, "models"),
        running_images=setting(experiment, "evaluation", "running", "images"),
        code=code("evaluator_table.py"),
    script:
        "../scripts/evaluator_table.py"


rule summary:
    """Put all of the paper's losses beside the measured ones, and count the verdicts on its claims."""
    input:
        tables=[f"{RESULTS}/tables/{table}.csv" for table in LOSS_TABLES],
        claims=f"{RESULTS}/claims.csv",
    output:
        csv=f"{RESULTS}/summary.csv",
        html=report(
            f"{RESULTS}/summary.html",
            caption="../report/summary.rst",
            category="Tables",
            labels=labels_of_all("Table", "summary"),
        ),
    log:
        f"{RESULTS}/summary.log",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        experiments=LOSS_TABLES,
        code=code("summary.py"),
    script:
        "../scripts/summary.py"
