"""The frame of a job that computes with torch: its log, its device, its record."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch

from wngan.deterministic import deterministic, reserve_workspace
from wngan.device import describe, free_device
from wngan.job import arguments
from wngan.log import logged, logger
from wngan.provenance import experiment_digest, recorded


def compute(
    main: Callable[..., dict[str, Any] | None],
    job: Any,
    before: AbstractContextManager[Callable[[], bool]] | None = None,
    within: AbstractContextManager[dict[str, Any]] | None = None,
) -> None:
    """Calls a script's `main` on a free device, with as many threads as its job has.

    The device is a GPU if the job asks for one (`asks_for_gpu`) and there is one; a log line names
    it. With a parameter `deterministic` that is true, results are the same on GPUs of one kind.

    `main` may take what `wngan.job.arguments` finds, and `device`, `label` (the run, for log
    lines), `events` (the folder for event files, or None) and `save_every`. What it returns is
    added to the job's record, which its output `provenance` is.

    Args:
        job: the `snakemake` of a script, of one run.
        before: entered before the device is taken; it says when earlier attempts must stay.
        within: entered once the device is taken; it gives other arguments that `main` may take.
    """
    torch.set_num_threads(job.threads)
    same = job.params.get("deterministic", False)
    if same:
        reserve_workspace()  # before anything uses a GPU
    with (
        logged(job.log[0]),
        before or nullcontext(bool) as keep,
        free_device(asks_for_gpu(job.resources), job.config.get("gpu_jobs", 1)) as device,
        deterministic(device) if same else nullcontext(),
        within or nullcontext({}) as found,
    ):
        logger.info("Computing on %s.", describe(device))
        more = {
            "device": device,
            "label": "{experiment} {model}/{instance}".format(**job.wildcards),
            "events": Path(job.params.event_folder) if job.config.get("tensorboard") else None,
            "save_every": job.config["save_every"],
            **found,
        }
        given = arguments(main, job, **more)
        if not hasattr(job.output, "provenance"):
            main(**given)
            return
        with recorded(
            Path(job.params.attempts),
            Path(job.output.provenance),
            describe(device),
            keep=keep,
            config=experiment_digest(job.config, job.wildcards.experiment),
            code=job.params.code,
            threads=job.threads,
        ) as record:
            record |= main(**given) or {}


def asks_for_gpu(resources: Mapping[str, Any]) -> bool:
    """Whether a job asks for a GPU, by `gpu`, or for one or a part of it by `gres`."""
    kind = str(resources.get("gres", "")).partition(":")[0]
    return bool(resources.get("gpu", 0)) or kind in ("gpu", "shard", "mps")
