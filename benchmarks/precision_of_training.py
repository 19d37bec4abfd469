"""What training in bfloat16 does to final losses, over trainings.

    snakemake --profile demo --configfile benchmarks/precision.yaml
    python -m benchmarks.precision_of_training benchmarks/measured/precision.csv

A model's loss is the geometric mean of its trainings', at each one's lowest running loss; all are
evaluated in float32. The interval is of other trainings and other images.
"""

import sys
from pathlib import Path

import numpy as np
import pandas
import yaml

from wngan.bootstrap import above, ratio_of_models

CONFIG = Path(__file__).with_name("precision.yaml")


def table(config: Path = CONFIG) -> pandas.DataFrame:
    """A row per model: both losses, and by how many percent that of bfloat16 is above the other."""
    settings = yaml.safe_load(config.read_text())
    runs = Path(settings["results"]) / "runs"
    rows = []
    for model, of_model in settings["experiments"]["float32"]["models"].items():
        losses = {
            precision: [
                pandas.read_csv(runs / f"{precision}/{model}/{instance}/final/optimal.csv")["loss"]
                for instance in range(1, of_model["instances"] + 1)
            ]
            for precision in ("float32", "bfloat16")
        }
        change, low, high = above(
            np.array(ratio_of_models(losses["bfloat16"], losses["float32"])), 1
        )
        means = {
            precision: float(np.exp(np.mean([np.log(each.mean()) for each in of])))
            for precision, of in losses.items()
        }
        rows.append(
            {"model": model, "trainings": of_model["instances"]}
            | means
            | {"change": change, "from": low, "to": high}
        )
    return pandas.DataFrame(rows)


def markdown(rows: pandas.DataFrame) -> str:
    """The table for people."""
    lines = ["| model | trainings of each | float32 | bfloat16 | change, % | 95 % interval |"]
    lines.append("| --- | ---: | ---: | ---: | ---: | --- |")
    for row in rows.to_dict("records"):
        lines.append(
            "| {model} | {trainings} | {float32:.6f} | {bfloat16:.6f} | {change:+.1f} "
            "| {from:+.1f} to {to:+.1f} |".format(**row)
        )
    return "\n".join(lines)


if __name__ == "__main__":
    found = table()
    print(markdown(found))
    found.to_csv(sys.argv[1], index=False, float_format="%.6g")
