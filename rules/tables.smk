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
        table=any_of(set(TABLES) - set(LOSS_TABLES)),
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
        table=any_of(LOSS_TABLES),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        rows=table_rows,
        code=code("loss_table.py"),
    script:
        "../scripts/loss_table.py"


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
