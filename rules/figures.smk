# Figures, each as PNG and as PDF, by kind; config.yaml says what each one shows.


rule curves_figure:
    """Draw running losses against iterations."""
    input:
        running=of_runs("running.csv"),
        status=of_runs("status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(config["figures"].get("curves", [])),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=setting(figure, "runs"),
        until=setting(figure, "until"),
        paper=paper_losses("running_loss"),
        code=code("curves_figure.py"),
    script:
        "../scripts/curves_figure.py"


rule evolution_figure:
    """Draw samples of the same codes at several iterations."""
    input:
        samples=large(evolution_files),
        status=of_runs("status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(config["figures"].get("evolution", [])),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=setting(figure, "runs"),
        codes=setting(figure, "codes"),
        iterations=setting(figure, "iterations"),
        every=sample_interval,
        code=code("evolution_figure.py"),
    script:
        "../scripts/evolution_figure.py"


rule samples_figure:
    """Draw samples of many codes, in panels of a run at a checkpoint each."""
    input:
        samples=sample_files,
        running=of_runs("running.csv"),
        status=of_runs("status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(config["figures"].get("samples", [])),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=figure_runs_of,
        panels=setting(figure, "panels"),
        rows=setting(figure, "rows"),
        columns=setting(figure, "columns"),
        code=code("samples_figure.py"),
    script:
        "../scripts/samples_figure.py"


rule reconstructions_figure:
    """Draw test images beside what each model makes of them."""
    input:
        images=figure_images,
        about=figure_data("images.json"),
        permutation=figure_data("permutation.npy"),
        finals=large(of_runs("final/optimal.safetensors")),
        changes=of_runs("final/optimal.sha256"),
        status=of_runs("status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(config["figures"].get("reconstructions", [])),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=setting(figure, "runs"),
        choose=setting(figure, "choose"),
        rows=setting(figure, "rows"),
        groups=setting(figure, "groups"),
        code=code("reconstructions_figure.py"),
    script:
        "../scripts/reconstructions_figure.py"


rule collapse_figure:
    """Draw samples as a run collapses, or say that it did not."""
    input:
        samples=large(samples_of_run),
        diagnosis=of_runs("diagnosis.csv"),
        status=of_runs("status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(config["figures"].get("collapse", [])),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        run=setting(figure, "run"),
        codes=setting(figure, "codes"),
        columns=setting(figure, "columns"),
        every=sample_interval,
        code=code("collapse_figure.py"),
    script:
        "../scripts/collapse_figure.py"


rule groups_figure:
    """Draw groups of samples that share most."""
    input:
        sample_files,
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(config["figures"].get("groups", [])),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        panels=setting(figure, "panels"),
        among=setting(figure, "among"),
        groups=setting(figure, "groups"),
        size=setting(figure, "size"),
        code=code("groups_figure.py"),
    script:
        "../scripts/groups_figure.py"


rule steps_figure:
    """Draw reconstruction losses against the reconstruction's steps."""
    input:
        finals=large(finals_of_figure("safetensors")),
        changes=finals_of_figure("sha256"),
        status=of_runs("status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(config["figures"].get("steps", [])),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=setting(figure, "runs"),
        checkpoints=setting(figure, "checkpoints"),
        paper=paper_losses("final_loss"),
        code=code("steps_figure.py"),
    script:
        "../scripts/steps_figure.py"


rule diversity_figure:
    """Draw how diverse samples are and how far they drift."""
    input:
        diagnosis=of_runs("diagnosis.csv"),
        status=of_runs("status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(config["figures"].get("diversity", [])),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=setting(figure, "runs"),
        lag=drift_lag,
        code=code("diversity_figure.py"),
    script:
        "../scripts/diversity_figure.py"


rule codes_figure:
    """Draw how long the codes of final reconstructions are, beside those of the prior."""
    input:
        finals=large(of_runs("final/optimal.safetensors")),
        changes=of_runs("final/optimal.sha256"),
        status=of_runs("status.json"),
    output:
        png=figure_png(f"{RESULTS}/figures/{{figure}}.png"),
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
    log:
        f"{RESULTS}/figures/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(config["figures"].get("codes", [])),
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        runs=setting(figure, "runs"),
        code_length=code_length,
        code=code("codes_figure.py"),
    script:
        "../scripts/codes_figure.py"
