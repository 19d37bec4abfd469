"""How long each script takes from the start of its job to its first line of work.

    python -m benchmarks.starts

Each time is the least of several processes' that do what Snakemake puts before a script, import all
that the script imports, and end. Nothing else should run meanwhile. The first row is `import torch`
alone, below which no script that computes with it can go.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PREAMBLE = "from snakemake.logging import logger; from snakemake.iocontainers import Snakemake"


def least_seconds(code: str, repeats: int) -> float:
    """The least time of several processes that run `code`."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
        times.append(time.perf_counter() - start)
    return min(times)


def imports_torch(script: str) -> bool:
    """Whether a script imports torch, directly or not."""
    code = f"import sys, scripts.{script}; sys.exit('torch' in sys.modules)"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode != 0


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    print("| script | torch | seconds |\n| --- | --- | ---: |")
    print(f"| `import torch` | yes | {least_seconds('import torch', repeats):.2f} |")
    for path in sorted((ROOT / "scripts").glob("*.py")):
        seconds = least_seconds(f"{PREAMBLE}; import scripts.{path.stem}", repeats)
        print(f"| {path.stem} | {'yes' if imports_torch(path.stem) else 'no'} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
