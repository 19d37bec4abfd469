# Tables: measured values beside the paper's, as CSV and as HTML.


rule architecture_table:
    """Make table 1 from the networks themselves."""
    output:
        csv=f"{RESULTS}/tables/{{table}}.csv",
        html=table_html(f"{RESULTS}/tables/{{table}}.html", labels=of(table, "labels")),
    log:
        f"{RESULTS}/tables/{{table}}.log",
    wildcard_constraints:
        table=any_of(PLAN.tables_of("architecture")),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        networks=of(table, "networks"),
        places=places(table),
        dataset=of(table, "experiment.dataset.name"),
        code=code("architecture_table.py"),
    script:
        "../scripts/architecture_table.py"


rule loss_table:
    """Make a table of running and final losses."""
    input:
        running=of_runs(table, "running.csv"),
        statuses=of_runs(table, "status.json"),
        finals=of_finals(table, "csv"),
        trainings=of_trainings(table, "csv"),
    output:
        csv=f"{RESULTS}/tables/{{table}}.csv",
        html=table_html(f"{RESULTS}/tables/{{table}}.html", labels=of(table, "labels")),
    log:
        f"{RESULTS}/tables/{{table}}.log",
    wildcard_constraints:
        table=any_of(PLAN.tables_of("loss")),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        rows=of(table, "rows"),
        counts=of(table, "training_counts"),
        places=places(table),
        dataset=of(table, "experiment.dataset.name"),
        code=code("loss_table.py"),
    script:
        "../scripts/loss_table.py"


rule models_table:
    """Compare models of several experiments, over all trainings."""
    input:
        running=of_runs(models_table, "running.csv"),
        statuses=of_runs(models_table, "status.json"),
        finals=of_finals(models_table, "csv"),
        info=of_dataset(models_table, "images.json"),
        permutation=of_dataset(models_table, "permutation.npy"),
    output:
        csv=f"{RESULTS}/tables/{{table}}.csv",
        html=table_html(f"{RESULTS}/tables/{{table}}.html", labels=of(models_table, "labels")),
    log:
        f"{RESULTS}/tables/{{table}}.log",
    wildcard_constraints:
        table=any_of(PLAN.models_tables),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        rows=of(models_table, "rows"),
        at=of(models_table, "at"),
        places=places(models_table),
        dataset=of(models_table, "dataset.name"),
        code=code("models_table.py"),
    script:
        "../scripts/models_table.py"


rule results_table:
    """Say what came out of each training of an experiment, beside what there is without any."""
    input:
        running=of_runs(results, "running.csv"),
        statuses=of_runs(results, "status.json"),
        finals=of_finals(results, "csv"),
        qualities=of_runs(quality, "quality.csv"),
        baselines=f"{RESULTS}/baselines/{{experiment}}.csv",
    output:
        csv=f"{RESULTS}/tables/results_{{experiment}}.csv",
        html=table_html(
            f"{RESULTS}/tables/results_{{experiment}}.html", labels=of(results, "labels")
        ),
    log:
        f"{RESULTS}/tables/results_{{experiment}}.log",
    wildcard_constraints:
        experiment=any_of(PLAN.results),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=of(results, "names"),
        measured=of(quality, "names"),
        running_images=of(experiment, "settings", "evaluation", "running", "images"),
        places=places(results),
        dataset=of(results, "experiment.dataset.name"),
        code=code("results_table.py"),
    script:
        "../scripts/results_table.py"


rule quality_table:
    """Say how like training images samples are, at the optimum and at the last iteration."""
    input:
        qualities=of_runs(quality, "quality.csv"),
        statuses=of_runs(quality, "status.json"),
    output:
        csv=f"{RESULTS}/tables/quality_{{experiment}}.csv",
        html=table_html(
            f"{RESULTS}/tables/quality_{{experiment}}.html", labels=of(quality, "labels", "Table")
        ),
    log:
        f"{RESULTS}/tables/quality_{{experiment}}.log",
    wildcard_constraints:
        experiment=any_of(PLAN.quality),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=of(quality, "names"),
        places=places(quality),
        dataset=of(quality, "experiment.dataset.name"),
        code=code("quality_table.py"),
    script:
        "../scripts/quality_table.py"


rule pairs_table:
    """Compare the final losses of each pair of models, over all trainings."""
    input:
        statuses=of_runs(instances, "status.json"),
        finals=of_runs(instances, "final/optimal.csv"),
        info=of_dataset(statistics, "images.json"),
        permutation=of_dataset(statistics, "permutation.npy"),
    output:
        csv=f"{RESULTS}/tables/pairs_{{experiment}}.csv",
        html=table_html(
            f"{RESULTS}/tables/pairs_{{experiment}}.html", labels=of(statistics, "labels", "pairs")
        ),
    log:
        f"{RESULTS}/tables/pairs_{{experiment}}.log",
    wildcard_constraints:
        experiment=any_of(PLAN.statistics),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=of(statistics, "instance_names"),
        paper=of(statistics, "paper"),
        places=places(instances),
        dataset=of(statistics, "experiment.dataset.name"),
        code=code("pairs_table.py"),
    script:
        "../scripts/pairs_table.py"


rule spread_table:
    """Say how far the instances of each model are apart."""
    input:
        running=of_runs(instances, "running.csv"),
        statuses=of_runs(instances, "status.json"),
    output:
        csv=f"{RESULTS}/tables/spread_{{experiment}}.csv",
        html=table_html(
            f"{RESULTS}/tables/spread_{{experiment}}.html",
            labels=of(statistics, "labels", "spread"),
        ),
    log:
        f"{RESULTS}/tables/spread_{{experiment}}.log",
    wildcard_constraints:
        experiment=any_of(PLAN.statistics),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=of(statistics, "instance_names"),
        paper=of(statistics, "paper"),
        places=places(instances),
        dataset=of(statistics, "experiment.dataset.name"),
        code=code("spread_table.py"),
    script:
        "../scripts/spread_table.py"


rule evaluator_table:
    """Say what the evaluator itself loses, on training images, and by where it starts."""
    input:
        statuses=of_runs(statistics, "status.json"),
        finals=of_runs(statistics, "final/optimal.csv"),
        probes=of_runs(statistics, "final/probes.safetensors"),
        info=of_dataset(statistics, "images.json"),
        permutation=of_dataset(statistics, "permutation.npy"),
        baselines=f"{RESULTS}/baselines/{{experiment}}.csv",
    output:
        csv=f"{RESULTS}/tables/evaluator_{{experiment}}.csv",
        html=table_html(
            f"{RESULTS}/tables/evaluator_{{experiment}}.html",
            labels=of(statistics, "labels", "evaluator"),
        ),
    log:
        f"{RESULTS}/tables/evaluator_{{experiment}}.log",
    wildcard_constraints:
        experiment=any_of(PLAN.statistics),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        models=of(statistics, "settings", "models"),
        running_images=of(experiment, "settings", "evaluation", "running", "images"),
        tests=of(experiment, "dataset.settings", "test"),
        places=places(statistics),
        dataset=of(statistics, "experiment.dataset.name"),
        code=code("evaluator_table.py"),
    script:
        "../scripts/evaluator_table.py"


rule summary:
    """Put all of the paper's losses beside the measured ones, and say what came out."""
    input:
        tables=[f"{RESULTS}/tables/{table}.csv" for table in PLAN.tables_of("loss")],
        others=[f"{RESULTS}/tables/results_{name}.csv" for name in PLAN.without_loss_table],
        claims=CLAIMS,
        posters=[f"{RESULTS}/figures/{name}.png" for name in PLAN.figures_of("poster")],
    output:
        csv=f"{RESULTS}/summary.csv",
        html=reported(
            f"{RESULTS}/summary.html", "summary", "Tables", labels_of_all("Table", "what came out")
        ),
    log:
        f"{RESULTS}/summary.log",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        experiments=PLAN.tables_of("loss"),
        other_experiments=PLAN.without_loss_table,
        datasets={name: each.dataset.name for name, each in PLAN.experiments.items()},
        code=code("summary.py"),
    script:
        "../scripts/summary.py"
