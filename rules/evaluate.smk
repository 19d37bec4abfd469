# Evaluation: running losses of snapshots, the optimal one, final reconstructions, samples.


def evaluation(wildcards):
    """The evaluation settings of a job's experiment."""
    return experiment(wildcards)["evaluation"]


def of_segments(name):
    """An input function: a file of each segment of a run."""
    path = f"{RUN}/segments/{{segment}}/{name}"
    return lambda wildcards: expand(path, segment=segments(wildcards), **wildcards)


def of_instances(name):
    """An input function: a file of each instance of a model."""

    def files(wildcards):
        instances = range(1, model_settings(wildcards)["instances"] + 1)
        named = {"experiment": wildcards.experiment, "model": wildcards.model}
        return expand(f"{RUN}/{name}", instance=instances, **named)

    return files


def last_states(wildcards):
    """The end state of each instance of a model."""
    last = max(segments(wildcards))
    return of_instances(f"segments/{last}/state.safetensors")(wildcards)


def final_checkpoint(wildcards):
    """The checkpoint of a final reconstruction: of a run's last iteration, or of its optimum."""
    if wildcards.checkpoint == "converged" and wildcards.instance != "best":
        return of_segments("state.safetensors")(wildcards)[-1]
    return f"{RUN}/{{checkpoint}}.safetensors".format(**wildcards)


def sampled_file(wildcards):
    """The optimal checkpoint, or the folder of snapshots that holds an iteration's."""
    if wildcards.at == "optimal":
        return f"{RUN}/optimal.safetensors".format(**wildcards)
    number = segment_of(wildcards, wildcards.at)
    return f"{RUN}/segments/{number}/snapshots".format(**wildcards)


rule evaluate_segment:
    """Reconstruct some test images with each snapshot of a segment (section 4)."""
    input:
        images=images_of,
        permutation=split_of,
        snapshots=f"{RUN}/segments/{{segment}}/snapshots",
    output:
        running=f"{RUN}/segments/{{segment}}/running.csv",
        best=f"{RUN}/segments/{{segment}}/best.safetensors",
    log:
        f"{RUN}/segments/{{segment}}/evaluate.log",
    conda:
        "../envs/wngan.yaml"
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=720,
    params:
        images=lambda wildcards: evaluation(wildcards)["running"]["images"],
        steps=lambda wildcards: evaluation(wildcards)["running"]["steps"],
        lr=lambda wildcards: evaluation(wildcards)["lr"],
        loss_batch=lambda wildcards: experiment(wildcards)["batch_size"],
        compute_batch=lambda wildcards: evaluation(wildcards)["compute_batch"],
        code=code("evaluate.py"),
    script:
        "../scripts/evaluate.py"


rule select_optimal:
    """Join a run's running losses and keep the snapshot with the lowest."""
    input:
        running=of_segments("running.csv"),
        best=of_segments("best.safetensors"),
    output:
        running=f"{RUN}/running.csv",
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


rule select_instance:
    """Keep the files of a model's best instance, the one with the lowest running loss (section 5.1)."""
    input:
        running=of_instances("running.csv"),
        optimal=of_instances("optimal.safetensors"),
        converged=last_states,
    output:
        running=f"{RUN}/running.csv",
        optimal=f"{RUN}/optimal.safetensors",
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
        images=images_of,
        permutation=split_of,
        checkpoint=final_checkpoint,
    output:
        temp(f"{RUN}/final/{{checkpoint}}/{{shard}}.safetensors"),
    log:
        f"{RUN}/final/{{checkpoint}}/{{shard}}.log",
    conda:
        "../envs/wngan.yaml"
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=720,
    params:
        images=lambda wildcards: evaluation(wildcards)["final"]["images"],
        steps=lambda wildcards: evaluation(wildcards)["final"]["steps"],
        shards=lambda wildcards: evaluation(wildcards)["final"]["shards"],
        lr=lambda wildcards: evaluation(wildcards)["lr"],
        loss_batch=lambda wildcards: experiment(wildcards)["batch_size"],
        compute_batch=lambda wildcards: evaluation(wildcards)["compute_batch"],
        code=code("reconstruct.py"),
    script:
        "../scripts/reconstruct.py"


rule join_shards:
    """Join the shares of a final reconstruction."""
    input:
        lambda wildcards: expand(
            f"{RUN}/final/{{checkpoint}}/{{shard}}.safetensors",
            shard=shards(wildcards),
            **wildcards,
        ),
    output:
        reconstructions=f"{RUN}/final/{{checkpoint}}.safetensors",
        losses=f"{RUN}/final/{{checkpoint}}.csv",
    log:
        f"{RUN}/final/{{checkpoint}}.log",
    localrule: True
    conda:
        "../envs/wngan.yaml"
    params:
        code=code("join_shards.py"),
    script:
        "../scripts/join_shards.py"


rule sample:
    """Draw images of fixed codes from a run's optimal checkpoint or from a snapshot."""
    input:
        sampled_file,
    output:
        f"{RUN}/samples/{{at}}.npy",
    log:
        f"{RUN}/samples/{{at}}.log",
    conda:
        "../envs/wngan.yaml"
    resources:
        mem_mb=8000,
        runtime=30,
    params:
        images=256,
        code=code("sample.py"),
    script:
        "../scripts/sample.py"
