# Training: a chain of segments per run, each a job that can be killed and continued.


rule train_segment:
    """Train one segment of a run."""
    input:
        images=dataset_images,
        about=dataset_file("images.json"),
        permutation=dataset_file("permutation.npy"),
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
    threads: training_threads
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=training_minutes,
    params:
        settings=training_settings,
        start=segment_start,
        stop=segment_stop,
        test_images=test_images,
        restarts=restarts,
        recovery=recovery_folder("{segment}"),
        attempts=recovery_folder("attempts/train-{segment}"),
        events=event_folder,
        code=code("train.py"),
    script:
        "../scripts/train.py"
