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
