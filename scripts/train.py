"""Trains one segment of a run, continuing where an earlier attempt was stopped."""

import hashlib
import json
import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wngan import checkpoint
from wngan.data import Subset, open_images
from wngan.device import pick_device
from wngan.encoded import EncodedImages
from wngan.log import logged, logger
from wngan.settings import Settings
from wngan.training import Interrupted, discard, train


def main(
    about: Path,
    permutation: Path,
    previous: Path | None,
    outputs: dict[str, Path],
    settings: dict[str, Any],
    start: int,
    stop: int,
    test_images: int,
    restarts: int,
    recovery: Path,
    code: str,
    label: str,
    threads: int,
) -> None:
    """Trains iterations `start` + 1 to `stop` in the folder `recovery`, then fills `outputs`.

    A run that diverges in its first segment starts again with another seed, up to `restarts` times.
    The segment's status.json says with which seeds it did.

    Args:
        about, permutation: of the prepared data set; the first `test_images` of the permutation
            are not for training.
        previous: the end state of the segment before.
        outputs: the files of a segment (see `wngan.training.train`), by their names without suffix.
        settings: of the run, for `wngan.settings.Settings`.
        restarts: at most; a run's later segments have the seed of its first and start only once.
        code: digest of the code that trains.
        label: names the run in log lines.
        threads: for computing; where images are encoded, processes that decode them.
    """
    device = pick_device()
    images = open_images(about)
    workers = threads if isinstance(images, EncodedImages) else 0
    torch.set_num_threads(1 if workers else threads)  # results depend on it, but not on workers
    determined_by = {
        "test_images": test_images,
        "code": code,
        "versions": [torch.__version__, np.__version__],
        "computed by": [device.type, torch.get_num_threads()],
        "inputs": [_digest(file) for file in (about, permutation, previous) if file is not None],
    }
    identity = hashlib.sha256(json.dumps(determined_by, sort_keys=True).encode()).hexdigest()

    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    run = Settings(**settings | {"channels": tuple(settings["channels"])})
    if previous is not None:
        run = replace(run, seed=checkpoint.load(previous)[1]["settings"]["seed"])
    training_images = Subset(images, np.load(permutation)[test_images:])
    diverged: list[dict[str, Any]] = []
    for restart in range(1 if previous else restarts + 1):
        attempt = run.restarted(restart)
        folder = recovery / str(restart)
        try:
            train(
                attempt,
                training_images,
                folder,
                start=start,
                stop=stop,
                previous=previous,
                identity=identity,
                label=label,
                device=device,
                workers=workers,
                should_stop=told_to_stop.is_set,
            )
        except Interrupted as interrupted:
            logger.info("%s: %s", label, interrupted)
            raise SystemExit(1) from None
        status = json.loads((folder / "status.json").read_text())
        status |= {"seed": attempt.seed, "restarts": list(diverged)}
        if status["status"] != "diverged":
            break
        diverged.append({key: status[key] for key in ("seed", "iteration", "reason")})

    # Copied, not moved: an attempt that dies here must find the folder whole.
    for name, path in outputs.items():
        made = next(folder.glob(f"{name}*"))
        if made.is_dir():
            shutil.copytree(made, path, dirs_exist_ok=True)
        else:
            shutil.copyfile(made, path)
    outputs["status"].write_text(json.dumps(status) + "\n")
    discard(recovery)
    logger.info("%s finished iterations %d to %d.", label, start + 1, stop)


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            about=Path(snakemake.input.about),
            permutation=Path(snakemake.input.permutation),
            previous=Path(snakemake.input.previous) if snakemake.input.previous else None,
            outputs={name: Path(path) for name, path in snakemake.output.items()},
            settings=snakemake.params.settings,
            start=snakemake.params.start,
            stop=snakemake.params.stop,
            test_images=snakemake.params.test_images,
            restarts=snakemake.params.restarts,
            recovery=Path(snakemake.params.recovery),
            code=snakemake.params.code,
            label="{experiment} {model}/{instance}".format(**snakemake.wildcards),
            threads=snakemake.threads,
        )
