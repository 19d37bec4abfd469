"""How a step of reconstruction depends on the images that are optimized at once, on a CPU.

    python -m benchmarks.at_once benchmarks/measured/at_once.csv

Milliseconds per image, of the WN model folded, with as many at once as `images_at_once` says, and
with a quarter, half and twice as many; the least of some calls each, in turns.
"""

import sys
import time

import pandas

from benchmarks.speed import SIZES, images_like, markdown, settings
from wngan.evaluator import images_at_once, reconstruct
from wngan.folding import fold
from wngan.memory import freed_memory_kept
from wngan.settings import Settings
from wngan.tensors import to_tensor

SHARES = {"a quarter": 0.25, "half": 0.5, "as many": 1.0, "twice": 2.0}
TURNS, STEPS = 3, 4


def measured(size: str, settings: Settings) -> dict[str, object]:
    """The row of a size."""
    generator = fold(settings.generator())
    chosen = images_at_once(generator, settings.code_length)
    numbers = {share: max(1, round(part * chosen)) for share, part in SHARES.items()}
    images = {share: to_tensor(images_like(settings, number)) for share, number in numbers.items()}

    def seconds(share: str, steps: int) -> float:
        start = time.perf_counter()
        reconstruct(generator, images[share], steps=steps, compute_batch=numbers[share])
        return time.perf_counter() - start

    least = dict.fromkeys(SHARES, float("inf"))
    for turn in range(TURNS + 1):
        for share in SHARES:
            step = (seconds(share, STEPS + 1) - seconds(share, 1)) / STEPS / numbers[share]
            if turn and step > 0:  # what comes first is slow
                least[share] = min(least[share], 1e3 * step)
    return {"size": size, "images at once": str(chosen)} | least


if __name__ == "__main__":
    with freed_memory_kept():
        rows = [measured(size, settings(*where, "wn")) for size, where in SIZES.items()]
    table = pandas.DataFrame(rows)
    print(markdown(table))
    table.to_csv(sys.argv[1], index=False, float_format="%.4g")
