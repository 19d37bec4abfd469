# Figures, each as PNG and as PDF, by kind; config.yaml says what each one shows.


def figures_of_kind(kind):
    """A wildcard constraint that admits the figures of one kind."""
    return "|".join(config["figures"].get(kind, {})) or "(?!)"


def figure(wildcards):
    """What a figure shows."""
    return FIGURES[wildcards.figure]


def of_runs(name):
    """An input function: a file of each of a figure's runs."""
    return lambda wildcards: [
        f"{run_folder(figure(wildcards)['experiment'], run)}/{name}"
        for run in figure(wildcards)["runs"]
    ]


def evolution_files(wildcards):
    """The samples of each run's segments, up to the figure's last iteration."""
    spec = figure(wildcards)
    segment = config["experiments"][spec["experiment"]]["segment"]
    last = (max(spec["iterations"]) - 1) // segment + 1
    return [
        f"{run_folder(spec['experiment'], run)}/segments/{number}/samples.npy"
        for run in spec["runs"]
        for number in range(1, last + 1)
    ]


def sample_files(wildcards):
    """The samples of a figure's run at each of the figure's checkpoints."""
    spec = figure(wildcards)
    folder = run_folder(spec["experiment"], spec["run"])
    return [f"{folder}/samples/{at}.npy" for at in spec["at"]]


def figure_data(name):
    """An input function: a file of the data set that a figure's experiment uses."""

    def file(wildcards):
        dataset = config["experiments"][figure(wildcards)["experiment"]]["dataset"]
        return f"{DATA}/{dataset}/{name}"

    return file


def figure_labels(wildcards):
    """How the report lists a figure."""
    spec = figure(wildcards)
    runs = spec.get("runs", [spec.get("run")])
    models = dict.fromkeys(split_run(run)[0] for run in runs)
    return {
        "Figure": wildcards.figure.removeprefix("figure").lstrip("0"),
        "Experiment": spec["experiment"],
        "Models": ", ".join(models),
    }


def figure_png(path):
    """The flags of a figure's PNG: it is shown in the report."""
    return report(path, caption="../report/figures.rst", category="Figures", labels=figure_labels)


rule curves:
    """Draw running losses against iterations."""
    input:
        of_runs("running.csv"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=figures_of_kind("curves"),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=lambda wildcards: figure(wildcards)["runs"],
        until=lambda wildcards: figure(wildcards)["until"],
        code=code("curves.py"),
    script:
        "../scripts/curves.py"


rule evolution:
    """Draw samples of the same codes at several iterations."""
    input:
        evolution_files,
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=figures_of_kind("evolution"),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=lambda wildcards: figure(wildcards)["runs"],
        codes=lambda wildcards: figure(wildcards)["codes"],
        iterations=lambda wildcards: figure(wildcards)["iterations"],
        every=lambda wildcards: config["experiments"][figure(wildcards)["experiment"]]["samples"][
            "every"
        ],
        code=code("evolution.py"),
    script:
        "../scripts/evolution.py"


rule samples:
    """Draw samples of many codes."""
    input:
        samples=sample_files,
        running=lambda wildcards: run_folder(
            figure(wildcards)["experiment"], figure(wildcards)["run"]
        )
        + "/running.csv",
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=figures_of_kind("samples"),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        run=lambda wildcards: figure(wildcards)["run"],
        at=lambda wildcards: figure(wildcards)["at"],
        rows=lambda wildcards: figure(wildcards)["rows"],
        columns=lambda wildcards: figure(wildcards)["columns"],
        code=code("samples.py"),
    script:
        "../scripts/samples.py"


rule reconstructions:
    """Draw test images beside what each model makes of them."""
    input:
        images=figure_data("images.npy"),
        permutation=figure_data("permutation.npy"),
        finals=of_runs("final/optimal.safetensors"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=figures_of_kind("reconstructions"),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=lambda wildcards: figure(wildcards)["runs"],
        choose=lambda wildcards: figure(wildcards)["choose"],
        rows=lambda wildcards: figure(wildcards)["rows"],
        groups=lambda wildcards: figure(wildcards)["groups"],
        code=code("reconstructions.py"),
    script:
        "../scripts/reconstructions.py"
