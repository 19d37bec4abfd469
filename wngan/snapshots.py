"""Which snapshots of a segment there must be; others may have deleted some."""

import json
import math
from collections.abc import Iterable
from pathlib import Path

from wngan.checkpoint import snapshot
from wngan.errors import InputError


def existing(source: Path, iterations: Iterable[int], status: Path) -> list[Path]:
    """A segment's snapshots at `iterations`, without those that it diverged before.

    Args:
        source: the folder that has them; any other checkpoint is all that is returned.
        status: what training says of the segment, a JSON file with a status and an iteration.

    Raises:
        InputError: one is missing. Snakemake does not notice: to it the folder is one output.
    """
    if not source.is_dir():
        return [source]
    trained = json.loads(status.read_text())
    end = trained["iteration"] if trained["status"] == "diverged" else math.inf
    files = [snapshot(source, str(iteration)) for iteration in iterations if iteration < end]
    missing = [file.name for file in files if not file.exists()]
    if missing:
        raise InputError(
            f"{source} lacks {len(missing)} of {len(files)} snapshots, such as {missing[0]}. Only "
            "training makes them: delete the folder, and the same command trains its segment again."
        )
    return files
