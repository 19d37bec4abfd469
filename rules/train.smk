# Training: a chain of segments per run, each a job that can be killed and continued.


rule train_segment:
    """Train one segment of a run."""
    input:
        image_files=images(experiment),
        info=of_dataset(experiment, "images.json"),
        permutation=of_dataset(experiment, "permutation.npy"),
        previous=large(previous("state.safetensors")),
        changes=previous("status.json"),
    output:
        state=f"{RUN}/segments/{{segment}}/state.safetensors",
        snapshots=snapshot_folder(f"{RUN}/segments/{{segment}}/snapshots"),
        samples=f"{RUN}/segments/{{segment}}/samples.npy",
        losses=f"{RUN}/segments/{{segment}}/losses.npy",
        status=f"{RUN}/segments/{{segment}}/status.json",
        provenance=f"{RUN}/segments/{{segment}}/train.provenance.json",
    log:
        f"{RUN}/segments/{{segment}}/train.log",
    wildcard_constraints:
        instance=r"\d+",
    conda:
        "../envs/wngan.yaml"
    threads: of(experiment, "training_threads")
    resources:
        gpu=1,
        mem_mb=memory(8000),
        runtime=runtime(of(experiment, "training_minutes"), more=False),
    params:
        **DETERMINISTIC,
        settings=training_settings,
        start=of_segment("start_of"),
        stop=of_segment("stop_of"),
        test_images=of(experiment, "dataset.settings", "test"),
        restarts=of(run, "restarts"),
        recovery=recovery_folder("{segment}"),
        attempts=recovery_folder("attempts/train-{segment}"),
        event_folder=event_folder,
        code=code("train.py"),
    script:
        "../scripts/train.py"
