"""The images of each iteration, in the order that the seed gives, read before they are needed."""

import signal
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from wngan.data import Images, Subset
from wngan.randomness import rng
from wngan.read_ahead import will_need
from wngan.settings import Settings

AHEAD = 16
"""Batches whose images are asked for: of 32 of CelebA's images, 39 MB."""

SMALL = 2**26
"""Bytes of a file that is soon read, as systems read on by themselves where a page is missing."""

EACH = 2
"""Batches that each reading process is ahead."""


def batches(
    images: Images, settings: Settings, iterations: range, workers: int = 0
) -> Iterator[NDArray[np.uint8] | Tensor]:
    """The images uint8 (batch_size, H, W, 3) of each of a run's `iterations`, which count from 1.

    Each is there until the next one is asked for. Of an array that is mapped from a file, those of
    the next `AHEAD` iterations are being read.

    Args:
        workers: processes that read ahead; with 0 this process reads.
    """
    order = _read_ahead(images, _order_of_images(settings, len(images), iterations))
    if not workers:
        yield from (images[indices] for indices in order)
        return
    places = EACH * workers + 1  # one is in use
    shape = (places, settings.batch_size, settings.image_size, settings.image_size, 3)
    memory = torch.zeros(shape, dtype=torch.uint8).share_memory_()  # type: ignore[no-untyped-call]
    loader: DataLoader[int] = DataLoader(
        _Shared(images, memory),
        batch_size=None,  # of its own: the sampler gives the indices of a batch
        sampler=zip(cycle(range(places)), order),
        num_workers=workers,
        prefetch_factor=EACH,
        worker_init_fn=_ignore_signals,
        generator=torch.Generator(),
    )
    for place in loader:
        yield memory[place]


@dataclass(frozen=True)
class _Shared(Dataset[int]):
    """Puts batches into memory that processes share: new memory for each takes longer than images.

    Args:
        memory: uint8 (places, batch_size, H, W, 3).
    """

    images: Images
    memory: Tensor

    def __getitem__(self, task: tuple[int, NDArray[np.int64]]) -> int:
        place, indices = task
        self.memory[place] = torch.from_numpy(self.images[indices])
        return place


def _order_of_images(
    settings: Settings, count: int, iterations: range
) -> Iterator[NDArray[np.int64]]:
    """The indices (batch_size,) of the images of each iteration: a new permutation per epoch."""
    batches = count // settings.batch_size  # in an epoch; the rest is left out of it
    known, order = -1, np.empty(0, np.int64)
    for iteration in iterations:
        epoch, batch = divmod(iteration - 1, batches)
        if epoch != known:
            known, order = epoch, rng(settings.seed, "order of images", epoch).permutation(count)
        yield order[batch * settings.batch_size : (batch + 1) * settings.batch_size]


def _read_ahead(images: Images, order: Iterable[NDArray[np.int64]]) -> Iterator[NDArray[np.int64]]:
    """`order` itself, of which the images of `AHEAD` more are asked for before each."""
    coming: deque[NDArray[np.int64]] = deque()
    for indices in order:
        _ask_for(images, indices)
        coming.append(indices)
        if len(coming) > AHEAD:
            yield coming.popleft()
    yield from coming


def _ask_for(images: Images, indices: NDArray[np.int64]) -> None:
    if isinstance(images, Subset):
        _ask_for(images.images, images.indices[indices])
    elif isinstance(images, np.memmap) and images.nbytes > SMALL:
        plain = np.asarray(images)  # faster to index
        for index in indices:
            will_need(plain[index])


def _ignore_signals(worker: int) -> None:
    """Makes a reading process ignore signals to stop; the training process will end it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
