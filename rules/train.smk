# Training: a chain of segments per run, each a job that can be killed and continued.


def previous_state(wildcards):
    """The end state of the segment before, or nothing for the first."""
    number = int(wildcards.segment) - 1
    return f"{RUN}/segments/{number}/state.safetensors".format(**wildcards) if number else []


def training_settings(wildcards):
    """What a run trains, as wngan.settings.Settings takes it."""
    settings = experiment(wildcards)
    return {
        "architecture": settings["architecture"],
        "model": wildcards.model,
        "image_size": dataset_of(wildcards)["image_size"],
        "channels": settings["channels"],
        "code_length": settings["code_length"],
        "batch_size": settings["batch_size"],
        "lr": settings["lr"],
        "seed": config["seed"] + int(wildcards.instance) - 1,
        "snapshot_every": settings["evaluation"]["running"]["every"],
        "sample_every": settings["samples"]["every"],
        "sample_codes": settings["samples"]["codes"],
    }


def segment_start(wildcards):
    """The last iteration before a segment."""
    return (int(wildcards.segment) - 1) * experiment(wildcards)["segment"]


def segment_stop(wildcards):
    """The last iteration of a segment."""
    return int(wildcards.segment) * experiment(wildcards)["segment"]


def test_images(wildcards):
    """How many images at the start of the permutation are not for training."""
    return dataset_of(wildcards)["test"]


def recovery(wildcards):
    """Where an unfinished segment keeps its state; not an output, as those go when a job fails."""
    return f"{RESULTS}/recovery/{{experiment}}/{{model}}/{{instance}}/{{segment}}".format(
        **wildcards
    )


def snapshots(path):
    """The flags of the folder of snapshots, by the configuration."""
    return directory(path) if config["keep_snapshots"] else temp(directory(path))


rule train_segment:
    """Train one segment of a run."""
    input:
        images=images_of,
        about=lambda wildcards: images_of(wildcards).replace(".npy", ".json"),
        permutation=split_of,
        previous=previous_state,
    output:
        state=f"{RUN}/segments/{{segment}}/state.safetensors",
        snapshots=snapshots(f"{RUN}/segments/{{segment}}/snapshots"),
        samples=f"{RUN}/segments/{{segment}}/samples.npy",
        losses=f"{RUN}/segments/{{segment}}/losses.npy",
    log:
        f"{RUN}/segments/{{segment}}/train.log",
    wildcard_constraints:
        instance=r"\d+",
    conda:
        "../envs/wngan.yaml"
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=1440,
    params:
        settings=training_settings,
        start=segment_start,
        stop=segment_stop,
        test_images=test_images,
        recovery=recovery,
        code=code("train.py"),
    script:
        "../scripts/train.py"
