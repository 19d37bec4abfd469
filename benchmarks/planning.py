"""How long Snakemake takes to plan many jobs, by dry runs of this workflow.

    python -m benchmarks.planning

What grows is the number of seeds (instances) of the CIFAR-10 models, or the number of experiments
like theirs. Seconds are CPU time, that of starting included; ms per job is what a plan takes more
than the first one, by the jobs that it has more.
"""

import re
import resource
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
SIZES = {"seeds": (1, 9, 19, 38, 76, 152), "experiments": (1, 8, 16, 32, 64, 127)}


def sweep(seeds: int = 1, experiments: int = 1) -> dict[str, Any]:
    """A configuration of copies of the CIFAR-10 experiment, each with a figure of all its runs."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    experiment = config["experiments"]["cifar10_dcgan"]
    for run in experiment["models"].values():
        run["instances"] = seeds
    names = [f"sweep_{number}" for number in range(1, experiments + 1)]
    figure = config["figures"]["steps"]["steps_cifar10_dcgan"]
    figures = {f"steps_{name}": figure | {"experiment": name} for name in names}
    config |= {"experiments": dict.fromkeys(names, experiment), "figures": {"steps": figures}}
    return config | {"tables": {}, "statistics": {}, "quality": {}, "claims": {}}


def plan(config: dict[str, Any]) -> tuple[Counter[str], float]:
    """How many jobs of each rule a dry run plans, and its CPU time in seconds."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "config.yaml")
        path.write_text(yaml.safe_dump(config))
        command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules", "host"]
        command += ["--directory", folder, "--configfile", str(path)]
        start = _waited_for()
        done = subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE)
    jobs = re.findall(r"^(\w+) +(\d+)$", done.stdout.split("Job stats:")[-1], re.MULTILINE)
    counts = Counter({rule: int(count) for rule, count in jobs if rule not in ("total", "all")})
    return counts, _waited_for() - start


def _waited_for() -> float:
    """The CPU time of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Prints the table."""
    print("| what grows | to | jobs | seconds | ms per job |\n| --- | ---: | ---: | ---: | ---: |")
    for what, sizes in SIZES.items():
        plans = [plan(sweep(**{what: size})) for size in sizes]
        (first, start), *_ = plans
        for size, (counts, seconds) in zip(sizes, plans, strict=True):
            more = counts.total() - first.total()
            cost = f"{(seconds - start) / more * 1000:.1f}" if more else "–"
            print(f"| {what} | {size} | {counts.total():,} | {seconds:.1f} | {cost} |")


if __name__ == "__main__":
    main()
