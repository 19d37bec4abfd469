# Evaluation: running losses of snapshots, the optimal one, final reconstructions, samples.


rule evaluate_segment:
    """Reconstruct some test images with each snapshot of a segment (section 4)."""
    input:
        image_files=images(experiment),
        info=of_dataset(experiment, "images.json"),
        permutation=of_dataset(experiment, "permutation.npy"),
        snapshots=ancient(f"{RUN}/segments/{{segment}}/snapshots"),
        changes=f"{RUN}/segments/{{segment}}/status.json",
    output:
        running=f"{RUN}/segments/{{segment}}/running.csv",
        losses=f"{RUN}/segments/{{segment}}/running.npy",
        best=f"{RUN}/segments/{{segment}}/best.safetensors",
        provenance=f"{RUN}/segments/{{segment}}/evaluate.provenance.json",
    log:
        f"{RUN}/segments/{{segment}}/evaluate.log",
    priority: 1  # before the next segment is trained, so that losses are known while a run trains
    conda:
        "../envs/wngan.yaml"
    resources:
        gpu=1,
        mem_mb=memory(8000),
        runtime=runtime(of(experiment, "evaluation_minutes")),
    params:
        **DETERMINISTIC,
        iterations=snapshots_of,
        images=of(experiment, "settings", "evaluation", "running", "images"),
        steps=of(experiment, "settings", "evaluation", "running", "steps"),
        lr=of(experiment, "settings", "evaluation", "lr"),
        loss_batch=of(experiment, "settings", "batch_size"),
        precision=of(experiment, "settings", "evaluation", "precision"),
        attempts=recovery_folder("attempts/evaluate-{segment}"),
        event_folder=event_folder,
        code=code("evaluate.py"),
    script:
        "../scripts/evaluate.py"


rule select_optimal:
    """Join a run's running losses and keep the snapshot with the lowest."""
    input:
        segments=of_segments(run, "running.csv"),
        segment_losses=of_segments(run, "running.npy"),
        best=large(of_segments(run, "best.safetensors")),
    output:
        running=f"{RUN}/running.csv",
        losses=f"{RUN}/running.npy",
        optimal=f"{RUN}/optimal.safetensors",
    log:
        f"{RUN}/select.log",
    wildcard_constraints:
        instance=r"\d+",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        code=code("select_optimal.py"),
    script:
        "../scripts/select_optimal.py"


rule baselines:
    """Reconstruct test images without a generator: by training images, as a scale for losses."""
    input:
        image_files=images(experiment),
        info=of_dataset(experiment, "images.json"),
        permutation=of_dataset(experiment, "permutation.npy"),
    output:
        csv=f"{RESULTS}/baselines/{{experiment}}.csv",
    log:
        f"{RESULTS}/baselines/{{experiment}}.log",
    conda:
        "../envs/wngan.yaml"
    resources:
        mem_mb=memory(of(experiment, "baseline_megabytes")),
        runtime=runtime(of(experiment, "baseline_minutes")),
    params:
        test_images=of(experiment, "dataset.settings", "test"),
        training_images=of(experiment, "settings", "evaluation", "baselines", "images"),
        components=of(experiment, "settings", "code_length"),
        code=code("baselines.py"),
    script:
        "../scripts/baselines.py"


rule outcome:
    """Say what became of a run, by the diversity and drift of its samples and by its losses."""
    input:
        image_files=images(experiment),
        info=of_dataset(experiment, "images.json"),
        permutation=of_dataset(experiment, "permutation.npy"),
        samples=large(of_segments(run, "samples.npy")),
        trained=of_segments(run, "status.json"),
        running=f"{RUN}/running.csv",
        baselines=f"{RESULTS}/baselines/{{experiment}}.csv",
    output:
        series=f"{RUN}/outcome.csv",
        status=f"{RUN}/status.json",
    log:
        f"{RUN}/outcome.log",
    wildcard_constraints:
        instance=r"\d+",
    conda:
        "../envs/wngan.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=60,
    params:
        test_images=of(experiment, "dataset.settings", "test"),
        running_images=of(experiment, "settings", "evaluation", "running", "images"),
        every=of(experiment, "settings", "samples", "every"),
        lag=of(experiment, "settings", "samples", "drift"),
        code=code("outcome.py"),
    script:
        "../scripts/outcome.py"


rule select_instance:
    """Keep the files of a model's best instance, the one with the lowest running loss (section 5.1)."""
    input:
        running=of_runs(model, "running.csv"),
        losses=of_runs(model, "running.npy"),
        optimal=large(of_runs(model, "optimal.safetensors")),
        series=of_runs(model, "outcome.csv"),
        status=of_runs(model, "status.json"),
    output:
        running=f"{RUN}/running.csv",
        losses=f"{RUN}/running.npy",
        optimal=f"{RUN}/optimal.safetensors",
        series=f"{RUN}/outcome.csv",
        status=f"{RUN}/status.json",
    log:
        f"{RUN}/select.log",
    wildcard_constraints:
        instance="best",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        code=code("select_instance.py"),
    script:
        "../scripts/select_instance.py"


rule reconstruct_shard:
    """Reconstruct a share of the test images with many steps (section 5.1, final evaluation)."""
    input:
        image_files=images(experiment),
        info=of_dataset(experiment, "images.json"),
        permutation=of_dataset(experiment, "permutation.npy"),
        generator=large(source("file")),
        changes=source("changes"),
    output:
        shard_file=temp(f"{RUN}/final/{{checkpoint}}/{{shard}}.safetensors"),
        provenance=temp(f"{RUN}/final/{{checkpoint}}/{{shard}}.provenance.json"),
    log:
        f"{RUN}/final/{{checkpoint}}/{{shard}}.log",
    wildcard_constraints:
        instance=r"\d+",
    conda:
        "../envs/wngan.yaml"
    resources:
        gpu=1,
        mem_mb=memory(8000),
        runtime=runtime(of(experiment, "final_minutes")),
    params:
        **DETERMINISTIC,
        images=of(experiment, "settings", "evaluation", "final", "images"),
        steps=of(experiment, "settings", "evaluation", "final", "steps"),
        shards=of(experiment, "settings", "evaluation", "final", "shards"),
        lr=of(experiment, "settings", "evaluation", "lr"),
        loss_batch=of(experiment, "settings", "batch_size"),
        precision=of(experiment, "settings", "evaluation", "precision"),
        attempts=recovery_folder("attempts/{checkpoint}-{shard}"),
        code=code("reconstruct.py"),
    script:
        "../scripts/reconstruct.py"


rule join_shards:
    """Join the shares of a final reconstruction."""
    input:
        shards=shards("safetensors"),
        records=shards("provenance.json"),
        split=split_again(experiment),
    output:
        reconstructions=f"{RUN}/final/{{checkpoint}}.safetensors",
        digest=f"{RUN}/final/{{checkpoint}}.sha256",
        losses=f"{RUN}/final/{{checkpoint}}.csv",
        provenance=f"{RUN}/final/{{checkpoint}}.provenance.json",
    log:
        f"{RUN}/final/{{checkpoint}}.log",
    wildcard_constraints:
        instance=r"\d+",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        code=code("join_shards.py"),
    script:
        "../scripts/join_shards.py"


rule select_final:
    """Keep the final reconstruction of a model's best instance."""
    input:
        running=of_runs(model, "running.csv"),
        reconstructions=large(finals_of_instances("safetensors")),
        digest=finals_of_instances("sha256"),
        losses=finals_of_instances("csv"),
    output:
        reconstructions=f"{RUN}/final/{{checkpoint}}.safetensors",
        digest=f"{RUN}/final/{{checkpoint}}.sha256",
        losses=f"{RUN}/final/{{checkpoint}}.csv",
    log:
        f"{RUN}/final/{{checkpoint}}.log",
    wildcard_constraints:
        instance="best",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        code=code("select_instance.py"),
    script:
        "../scripts/select_instance.py"


rule probe:
    """Reconstruct a model's own samples, training images, and test images from random codes."""
    input:
        image_files=images(experiment),
        info=of_dataset(experiment, "images.json"),
        permutation=of_dataset(experiment, "permutation.npy"),
        generator=ancient(f"{RUN}/optimal.safetensors"),
        changes=f"{RUN}/running.csv",
    output:
        probes=f"{RUN}/final/probes.safetensors",
        provenance=f"{RUN}/final/probes.provenance.json",
    log:
        f"{RUN}/final/probes.log",
    wildcard_constraints:
        experiment=any_of(PLAN.statistics),
    conda:
        "../envs/wngan.yaml"
    resources:
        gpu=1,
        mem_mb=memory(8000),
        runtime=runtime(of(statistics, "probe_minutes")),
    params:
        **DETERMINISTIC,
        images=of(statistics, "settings", "images"),
        starts=of(statistics, "settings", "random_starts"),
        test_images=of(experiment, "dataset.settings", "test"),
        steps=of(experiment, "settings", "evaluation", "final", "steps"),
        lr=of(experiment, "settings", "evaluation", "lr"),
        loss_batch=of(experiment, "settings", "batch_size"),
        precision=of(experiment, "settings", "evaluation", "precision"),
        attempts=recovery_folder("attempts/probe"),
        code=code("probe.py"),
    script:
        "../scripts/probe.py"


rule sample:
    """Draw images of fixed codes from a run's optimal checkpoint or from a snapshot."""
    input:
        source=large(source("file")),
        changes=source("changes"),
        split=split_again(experiment),
    output:
        samples=f"{RUN}/samples/{{at}}.npy",
    log:
        f"{RUN}/samples/{{at}}.log",
    conda:
        "../envs/wngan.yaml"
    resources:
        gpu=1,
        mem_mb=memory(8000),
        runtime=30,
    params:
        **DETERMINISTIC,
        images=PLAN.samples,
        code=code("sample.py"),
    script:
        "../scripts/sample.py"


rule quality:
    """Compare samples of a run's optimum, or of the snapshots of a segment, with training images."""
    input:
        image_files=images(experiment),
        info=of_dataset(experiment, "images.json"),
        permutation=of_dataset(experiment, "permutation.npy"),
        source=large(source("file")),
        changes=source("changes"),
        weights=weights,
    output:
        csv=f"{RUN}/quality/{{at}}.csv",
        provenance=f"{RUN}/quality/{{at}}.provenance.json",
    log:
        f"{RUN}/quality/{{at}}.log",
    wildcard_constraints:
        experiment=any_of(PLAN.quality),
        instance=r"\d+",
    priority: 1  # as the evaluation's, so that snapshots which are not kept can go
    conda:
        "../envs/wngan.yaml"
    resources:
        gpu=1,
        mem_mb=memory(of(quality, "megabytes")),
        runtime=runtime(of(quality, "minutes")),
    params:
        **DETERMINISTIC,
        test_images=of(experiment, "dataset.settings", "test"),
        images=of(quality, "settings", "images"),
        every=of(quality, "settings", "every"),
        iterations=snapshots_of,
        features=of(quality, "settings", "features"),
        digest=of(quality, "digest"),
        attempts=recovery_folder("attempts/quality-{at}"),
        code=code("quality.py"),
    script:
        "../scripts/quality.py"


rule join_quality:
    """Join the qualities of a run's checkpoints, beside their running losses."""
    input:
        parts=quality_parts("csv"),
        records=quality_parts("provenance.json"),
        running=f"{RUN}/running.csv",
    output:
        csv=f"{RUN}/quality.csv",
        provenance=f"{RUN}/quality.provenance.json",
    log:
        f"{RUN}/quality.log",
    wildcard_constraints:
        experiment=any_of(PLAN.quality),
        instance=r"\d+",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        iterations=of(run, "iterations"),
        code=code("join_quality.py"),
    script:
        "../scripts/join_quality.py"
