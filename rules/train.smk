# Training: a chain of segments per run, each a job that can be killed and continued.


def previous(name):
    """A file of the segment before, or nothing for the first."""

    def file(wildcards):
        number = int(wildcards.segment) - 1
        return f"{RUN}/segments/{number}/{name}".format(**wildcards) if number else []

    return file


def training_settings(wildcards):
    """What a run trains."""
    return experiment(wildcards).training(run(wildcards))


def segment_start(wildcards):
    """The last iteration before a segment."""
    return (int(wildcards.segment) - 1) * run(wildcards).segment


def segment_stop(wildcards):
    """The last iteration of a segment."""
    return int(wildcards.segment) * run(wildcards).segment


def snapshot_folder(path):
    """The folder of a segment's snapshots, flagged as the configuration wants it."""
    return directory(path) if config["keep_snapshots"] else temp(directory(path))


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
        mem_mb=8000,
        runtime=runtime(of(experiment, "training_minutes"), more=False),
    params:
        settings=training_settings,
        start=segment_start,
        stop=segment_stop,
        test_images=of(experiment, "dataset.settings", "test"),
        restarts=of(run, "restarts"),
        recovery=recovery_folder("{segment}"),
        attempts=recovery_folder("attempts/train-{segment}"),
        event_folder=event_folder,
        code=code("train.py"),
    script:
        "../scripts/train.py"
