# Figures, each as PNG and as PDF, by kind; config.yaml says what each one shows.


rule curves_figure:
    """Draw running losses against iterations."""
    input:
        running=of_runs(figure, "running.csv"),
        trainings=of_all_trainings(figure, "running.csv"),
        statuses=of_runs(figure, "status.json"),
        baselines=baselines,
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(PLAN.figures_of("curves")),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=of(figure, "names"),
        training_counts=of(figure, "training_counts"),
        until=of(figure, "settings", "until"),
        running_images=of(figure, "experiment.settings", "evaluation", "running", "images"),
        paper=of(figure, "paper_losses"),
        places=places(figure),
        dataset=of(figure, "experiment.dataset.name"),
        code=code("curves_figure.py"),
    script:
        "../scripts/curves_figure.py"


rule evolution_figure:
    """Draw samples of the same codes at several iterations."""
    input:
        samples=large(of_segments(figure, "samples.npy")),
        statuses=of_runs(figure, "status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(PLAN.figures_of("evolution")),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=of(figure, "names"),
        codes=of(figure, "settings", "codes"),
        iterations=of(figure, "settings", "iterations"),
        every=of(figure, "experiment.settings", "samples", "every"),
        places=places(figure),
        dataset=of(figure, "experiment.dataset.name"),
        code=code("evolution_figure.py"),
    script:
        "../scripts/evolution_figure.py"


rule samples_figure:
    """Draw samples of many codes, in panels of a run at a checkpoint each."""
    input:
        samples=of_files(figure, "panel_files"),
        running=of_runs(figure, "running.csv"),
        statuses=of_runs(figure, "status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(PLAN.figures_of("samples")),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=of(figure, "names"),
        panels=of(figure, "settings", "panels"),
        rows=of(figure, "settings", "rows"),
        columns=of(figure, "settings", "columns"),
        places=places(figure),
        dataset=of(figure, "experiment.dataset.name"),
        code=code("samples_figure.py"),
    script:
        "../scripts/samples_figure.py"


rule reconstructions_figure:
    """Draw test images beside what each model makes of them."""
    input:
        image_files=images(figure),
        info=of_dataset(figure, "images.json"),
        permutation=of_dataset(figure, "permutation.npy"),
        finals=large(of_finals(figure, "safetensors")),
        changes=of_finals(figure, "sha256"),
        statuses=of_runs(figure, "status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(PLAN.figures_of("reconstructions")),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=of(figure, "names"),
        choose=of(figure, "settings", "choose"),
        rows=of(figure, "settings", "rows"),
        groups=of(figure, "settings", "groups"),
        places=places(figure),
        dataset=of(figure, "experiment.dataset.name"),
        code=code("reconstructions_figure.py"),
    script:
        "../scripts/reconstructions_figure.py"


rule collapse_figure:
    """Draw samples as a run collapses, or say that it did not."""
    input:
        samples=large(of_segments(figure, "samples.npy")),
        series=of_runs(figure, "outcome.csv"),
        statuses=of_runs(figure, "status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(PLAN.figures_of("collapse")),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        run=of(figure, "settings", "run"),
        codes=of(figure, "settings", "codes"),
        columns=of(figure, "settings", "columns"),
        every=of(figure, "experiment.settings", "samples", "every"),
        places=places(figure),
        dataset=of(figure, "experiment.dataset.name"),
        code=code("collapse_figure.py"),
    script:
        "../scripts/collapse_figure.py"


rule groups_figure:
    """Draw groups of samples that share most."""
    input:
        samples=of_files(figure, "panel_files"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(PLAN.figures_of("groups")),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        panels=of(figure, "settings", "panels"),
        among=of(figure, "settings", "among"),
        groups=of(figure, "settings", "groups"),
        size=of(figure, "settings", "size"),
        places=places(figure),
        dataset=of(figure, "experiment.dataset.name"),
        code=code("groups_figure.py"),
    script:
        "../scripts/groups_figure.py"


rule steps_figure:
    """Draw reconstruction losses against the reconstruction's steps."""
    input:
        finals=large(of_finals(figure, "safetensors")),
        changes=of_finals(figure, "sha256"),
        statuses=of_runs(figure, "status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(PLAN.figures_of("steps")),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=of(figure, "names"),
        checkpoints=of(figure, "checkpoints"),
        paper=of(figure, "paper_losses"),
        places=places(figure),
        dataset=of(figure, "experiment.dataset.name"),
        code=code("steps_figure.py"),
    script:
        "../scripts/steps_figure.py"


rule diversity_figure:
    """Draw how diverse samples are and how far they drift."""
    input:
        series=of_runs(figure, "outcome.csv"),
        statuses=of_runs(figure, "status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(PLAN.figures_of("diversity")),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=of(figure, "names"),
        lag=of(figure, "experiment.settings", "samples", "drift"),
        places=places(figure),
        dataset=of(figure, "experiment.dataset.name"),
        code=code("diversity_figure.py"),
    script:
        "../scripts/diversity_figure.py"


rule codes_figure:
    """Draw how long the codes of final reconstructions are, beside those of the prior."""
    input:
        finals=large(of_finals(figure, "safetensors")),
        changes=of_finals(figure, "sha256"),
        statuses=of_runs(figure, "status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(PLAN.figures_of("codes")),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=of(figure, "names"),
        code_length=of(figure, "experiment.settings", "code_length"),
        places=places(figure),
        dataset=of(figure, "experiment.dataset.name"),
        code=code("codes_figure.py"),
    script:
        "../scripts/codes_figure.py"


rule quality_figure:
    """Draw the quality of samples against reconstruction losses."""
    input:
        qualities=of_runs(quality, "quality.csv"),
        statuses=of_runs(quality, "status.json"),
    output:
        png=figure_png(
            f"{RESULTS}/figures/quality_{{experiment}}.png", labels=of(quality, "labels", "Figure")
        ),
        pdf=f"{RESULTS}/figures/quality_{{experiment}}.pdf",
    log:
        f"{RESULTS}/figures/quality_{{experiment}}.log",
    wildcard_constraints:
        experiment=any_of(PLAN.quality),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=of(quality, "names"),
        places=places(quality),
        dataset=of(quality, "experiment.dataset.name"),
        code=code("quality_figure.py"),
    script:
        "../scripts/quality_figure.py"


rule poster_figure:
    """Draw one page of what came out: curves, samples, reconstructions and verdicts."""
    input:
        running=of_runs(figure, "running.csv"),
        trainings=of_all_trainings(figure, "running.csv"),
        statuses=of_runs(figure, "status.json"),
        baselines=baselines,
        samples=of_files(figure, "panel_files"),
        image_files=images(figure),
        info=of_dataset(figure, "images.json"),
        permutation=of_dataset(figure, "permutation.npy"),
        finals=large(of_finals(figure, "safetensors")),
        changes=of_finals(figure, "sha256"),
        losses=of_finals(figure, "csv", "training_finals"),
        claims=CLAIMS,
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(PLAN.figures_of("poster")),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=of(figure, "names"),
        training_counts=of(figure, "training_counts"),
        until=of(figure, "settings", "until"),
        running_images=of(figure, "experiment.settings", "evaluation", "running", "images"),
        samples_shown=POSTER_SAMPLES,
        paper=of(figure, "paper_losses"),
        places=places(figure),
        dataset=of(figure, "experiment.dataset.name"),
        code=code("poster_figure.py"),
    script:
        "../scripts/poster_figure.py"
