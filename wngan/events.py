"""Event files for TensorBoard, which is imported only if they are wanted."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@contextmanager
def training_events(
    folder: Path | None,
) -> Iterator[Callable[[int, NDArray[np.float32]], None] | None]:
    """Gives what `wngan.training.train` takes as `on_losses`; None if there is no folder.

    It writes the mean losses of each interval, at the interval's last iteration. TensorBoard then
    ignores what earlier files in the folder have from the first of these iterations on: an attempt
    that resumes or starts again writes them once more.

    Args:
        folder: of a run's training alone; one process at a time writes there.
    """
    if folder is None:
        yield None
        return
    writers: list[Any] = []

    def write(iteration: int, losses: NDArray[np.float32]) -> None:
        if not writers:
            writers.append(_writer(folder, purge_step=iteration))
        means = losses.mean(0, dtype=np.float64).tolist()
        for name, mean in zip(("discriminator", "generator"), means, strict=True):
            writers[0].add_scalar(f"loss/{name}", mean, iteration)

    try:
        yield write
    finally:
        for writer in writers:
            writer.close()


def write_evaluation(folder: Path, segment: str, rows: Iterable[tuple[int, float, float]]) -> None:
    """Writes the running losses of a segment as one event file, in place of an earlier one.

    Args:
        folder: of a run's evaluation alone; segments may be evaluated in any order.
        segment: its number.
        rows: of `wngan.running.FIELDS`.
    """
    for earlier in folder.glob(f"*.segment{segment}"):
        earlier.unlink()
    writer = _writer(folder, filename_suffix=f".segment{segment}")
    for iteration, loss, _ in rows:
        writer.add_scalar("running_loss", loss, iteration)
    writer.close()


def _writer(folder: Path, **options: Any) -> Any:
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(folder, flush_secs=10, **options)
