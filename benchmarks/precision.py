r"""What reduced precision does to final losses, and how much time it saves.

    make demo
    python -m benchmarks.precision data/digits \
        results/demo/runs/digits_dcgan/{vanilla/best,bn/best,wn/1}/optimal.safetensors

Reconstructs test images with each checkpoint in each precision, with the paper's 2,000 steps.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from wngan.data import open_images
from wngan.device import free_device
from wngan.evaluator import reconstruct
from wngan.precision import PRECISIONS
from wngan.settings import load_generator
from wngan.tensors import to_tensor


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path, help="the folder of a prepared data set")
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--steps", type=int, default=2000)
    options = parser.parse_args()
    chosen = np.load(options.dataset / "permutation.npy")[: options.images]
    targets = to_tensor(open_images(options.dataset / "images.json")[chosen])
    print(
        "| model | precision | mean loss | change | seconds |\n| --- | --- | ---: | ---: | ---: |"
    )
    with free_device() as device:
        for path in options.checkpoints:
            generator, metadata = load_generator(path, device)
            exact = 0.0
            for precision in PRECISIONS:
                if precision == "tf32" and device.type == "cpu":
                    continue  # there it is float32
                start = time.perf_counter()
                losses = reconstruct(
                    generator,
                    targets,
                    steps=options.steps,
                    precision=precision,
                ).losses
                loss, seconds = losses.double().mean().item(), time.perf_counter() - start
                exact = loss if precision == "float32" else exact
                change = f"{loss / exact - 1:+.2%}"
                row = (
                    metadata["settings"]["model"],
                    precision,
                    f"{loss:.6f}",
                    change,
                    f"{seconds:.1f}",
                )
                print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
