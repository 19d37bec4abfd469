# Evaluation: running losses of snapshots, the optimal one, final reconstructions, samples.


rule evaluate_segment:
    """Reconstruct some test images with each snapshot of a segment (section 4)."""
    input:
        images=dataset_images,
        about=dataset_file("images.json"),
        permutation=dataset_file("permutation.npy"),
        snapshots=ancient(f"{RUN}/segments/{{segment}}/snapshots"),
        changes=f"{RUN}/segments/{{segment}}/status.json",
    output:
        running=f"{RUN}/segments/{{segment}}/running.csv",
        losses=f"{RUN}/segments/{{segment}}/running.npy",
        best=f"{RUN}/segments/{{segment}}/best.safetensors",
        provenance=f"{RUN}/segments/{{segment}}/evaluate.provenance.json",
    log:
        f"{RUN}/segments/{{segment}}/evaluate.log",
    conda:
        "../envs/wngan.yaml"
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=evaluation_minutes,
    params:
        images=setting(experiment, "evaluation", "running", "images"),
        steps=setting(experiment, "evaluation", "running", "steps"),
        lr=setting(experiment, "evaluation", "lr"),
        loss_batch=setting(experiment, "batch_size"),
        precision=setting(experiment, "evaluation", "precision"),
        attempts=recovery_folder("attempts/evaluate-{segment}"),
        events=event_folder,
        code=code("evaluate.py"),
    script:
        "../scripts/evaluate.py"


rule select_optimal:
    """Join a run's running losses and keep the snapshot with the lowest."""
    input:
        running=of_segments("running.csv"),
        losses=of_segments("running.npy"),
        best=large(of_segments("best.safetensors")),
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


rule diagnose:
    """Say what became of a run, by the diversity and drift of its samples and by its losses."""
    input:
        images=dataset_images,
        about=dataset_file("images.json"),
        permutation=dataset_file("permutation.npy"),
        samples=large(of_segments("samples.npy")),
        status=of_segments("status.json"),
        running=f"{RUN}/running.csv",
    output:
        diagnosis=f"{RUN}/diagnosis.csv",
        status=f"{RUN}/status.json",
    log:
        f"{RUN}/diagnose.log",
    wildcard_constraints:
        instance=r"\d+",
    conda:
        "../envs/wngan.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        test_images=test_images,
        every=setting(experiment, "samples", "every"),
        lag=setting(experiment, "samples", "drift"),
        code=code("diagnose.py"),
    script:
        "../scripts/diagnose.py"


rule select_instance:
    """Keep the files of a model's best instance, the one with the lowest running loss (section 5.1)."""
    input:
        running=of_instances("running.csv"),
        losses=of_instances("running.npy"),
        optimal=large(of_instances("optimal.safetensors")),
        diagnosis=of_instances("diagnosis.csv"),
        status=of_instances("status.json"),
        converged=large(last_states),
    output:
        running=f"{RUN}/running.csv",
        losses=f"{RUN}/running.npy",
        optimal=f"{RUN}/optimal.safetensors",
        diagnosis=f"{RUN}/diagnosis.csv",
        status=f"{RUN}/status.json",
        converged=f"{RUN}/converged.safetensors",
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
        images=dataset_images,
        about=dataset_file("images.json"),
        permutation=dataset_file("permutation.npy"),
        checkpoint=large(final_checkpoint),
        changes=changes_of_checkpoint,
    output:
        shard=temp(f"{RUN}/final/{{checkpoint}}/{{shard}}.safetensors"),
        provenance=temp(f"{RUN}/final/{{checkpoint}}/{{shard}}.provenance.json"),
    log:
        f"{RUN}/final/{{checkpoint}}/{{shard}}.log",
    conda:
        "../envs/wngan.yaml"
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=reconstruction_minutes,
    params:
        images=setting(experiment, "evaluation", "final", "images"),
        steps=setting(experiment, "evaluation", "final", "steps"),
        shards=setting(experiment, "evaluation", "final", "shards"),
        lr=setting(experiment, "evaluation", "lr"),
        loss_batch=setting(experiment, "batch_size"),
        precision=setting(experiment, "evaluation", "precision"),
        attempts=recovery_folder("attempts/{checkpoint}-{shard}"),
        code=code("reconstruct.py"),
    script:
        "../scripts/reconstruct.py"


rule join_shards:
    """Join the shares of a final reconstruction."""
    input:
        shards=shard_files("safetensors"),
        records=shard_files("provenance.json"),
    output:
        reconstructions=f"{RUN}/final/{{checkpoint}}.safetensors",
        digest=f"{RUN}/final/{{checkpoint}}.sha256",
        losses=f"{RUN}/final/{{checkpoint}}.csv",
        provenance=f"{RUN}/final/{{checkpoint}}.provenance.json",
    log:
        f"{RUN}/final/{{checkpoint}}.log",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        code=code("join_shards.py"),
    script:
        "../scripts/join_shards.py"


rule probe:
    """Reconstruct a model's own samples, training images, and test images from random codes."""
    input:
        images=dataset_images,
        about=dataset_file("images.json"),
        permutation=dataset_file("permutation.npy"),
        optimal=ancient(f"{RUN}/optimal.safetensors"),
        changes=f"{RUN}/running.csv",
    output:
        losses=f"{RUN}/final/probes.safetensors",
        provenance=f"{RUN}/final/probes.provenance.json",
    log:
        f"{RUN}/final/probes.log",
    wildcard_constraints:
        experiment=any_of(STATISTICS),
    conda:
        "../envs/wngan.yaml"
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=probe_minutes,
    params:
        images=setting(statistics, "images"),
        starts=setting(statistics, "random_starts"),
        test_images=test_images,
        steps=setting(experiment, "evaluation", "final", "steps"),
        lr=setting(experiment, "evaluation", "lr"),
        loss_batch=setting(experiment, "batch_size"),
        precision=setting(experiment, "evaluation", "precision"),
        attempts=recovery_folder("attempts/probe"),
        code=code("probe.py"),
    script:
        "../scripts/probe.py"


rule sample:
    """Draw images of fixed codes from a run's optimal checkpoint or from a snapshot."""
    input:
        source=large(sampled_file),
        changes=changes_of_samples,
    output:
        f"{RUN}/samples/{{at}}.npy",
    log:
        f"{RUN}/samples/{{at}}.log",
    conda:
        "../envs/wngan.yaml"
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=30,
    params:
        images=SAMPLES,
        code=code("sample.py"),
    script:
        "../scripts/sample.py"
