# Tables: measured values beside the paper's, as CSV and as HTML.


def table_rows(wildcards):
    """The rows of a table: those of the paper's whose runs the experiment has."""
    paper = pandas.read_csv(PAPER_VALUES, dtype={"table": str, "instance": str})
    models = config["experiments"][config["tables"][wildcards.table]]["models"]
    return [
        row
        for row in paper[paper["table"] == wildcards.table.removeprefix("table")].to_dict("records")
        if row["model"] in models
        and (row["instance"] == "best" or int(row["instance"]) <= models[row["model"]]["instances"])
    ]


def is_final(row):
    """Whether the paper's row has the loss of a final reconstruction."""
    return pandas.notna(row["final_loss"])


def of_rows(name, wanted=lambda row: True):
    """An input function: a file of the run of each row of a table."""

    def files(wildcards):
        experiment = config["tables"][wildcards.table]
        return [
            f"{RESULTS}/runs/{experiment}/{row['model']}/{row['instance']}/{name}".format(**row)
            for row in table_rows(wildcards)
            if wanted(row)
        ]

    return files


def table_experiment(wildcards):
    """The experiment that fills a table."""
    return config["experiments"][config["tables"][wildcards.table]]


def table_labels(wildcards):
    """How the report lists a table."""
    number = wildcards.table.removeprefix("table")
    return {"Table": number, "Experiment": config["tables"][wildcards.table]}


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
        table="table1",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        image_size=lambda wildcards: config["datasets"][table_experiment(wildcards)["dataset"]][
            "image_size"
        ],
        channels=lambda wildcards: table_experiment(wildcards)["channels"],
        code_length=lambda wildcards: table_experiment(wildcards)["code_length"],
        models=lambda wildcards: list(table_experiment(wildcards)["models"]),
        code=code("architecture_table.py"),
    script:
        "../scripts/architecture_table.py"


rule loss_table:
    """Make a table of running and final losses."""
    input:
        running=of_rows("running.csv"),
        finals=of_rows("final/{checkpoint}.csv", is_final),
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
        table="table[2-8]",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        rows=table_rows,
        code=code("loss_table.py"),
    script:
        "../scripts/loss_table.py"
