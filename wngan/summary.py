"""What came out: losses and their ratios to vanilla's, and a sentence on which model is best."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas

from wngan.bootstrap import Estimate, ratio_of_models
from wngan.model_names import NAMES
from wngan.outcome import FAILURES
from wngan.runs import BEST

RUN = ["experiment", "model", "instance", "checkpoint"]
"""Columns that name a run and its checkpoint."""

LOSSES = {"running loss": "running", "final loss": "final"}
"""Kinds of losses, as pages call them, and how their columns begin."""


def losses(parts: list[pandas.DataFrame]) -> pandas.DataFrame:
    """The rows of tables of losses, each once, with ratios to the vanilla model of the experiment.

    Args:
        parts: tables of scripts/loss_table.py with the columns table and experiment.
    """
    columns = ["table", *RUN, "status"]
    for name in LOSSES.values():
        columns += [f"{name}_loss", f"paper_{name}_loss", f"{name}_ratio", f"paper_{name}_ratio"]
    table = pandas.concat([pandas.DataFrame(columns=columns), *parts])
    # A loss that several tables have is listed once, from a table with its final loss.
    table = table.sort_values("final_loss", kind="stable", key=pandas.isna)
    table = table.drop_duplicates([*RUN, "paper_running_loss"]).sort_values("table", kind="stable")
    vanilla = table[(table["model"] == "vanilla") & (table["checkpoint"] == "optimal")]
    for name in LOSSES.values():
        for column in (f"{name}_loss", f"paper_{name}_loss"):
            values = table[column].astype(float)
            reference = vanilla.groupby("experiment")[column].first()
            ratios = values / table["experiment"].map(reference).astype(float)
            table[column] = values.round(6)
            table[column.replace("loss", "ratio")] = ratios.round(4)
    return table[columns]


def of_results(table: pandas.DataFrame) -> pandas.DataFrame:
    """A table of scripts/results_table.py like one of scripts/loss_table.py: a row per model.

    Args:
        table: its rows of instances count.
    """
    rows = []
    trainings = table[table["instance"].str.isdecimal().fillna(False)]
    for model, of_model in trainings.groupby("model", sort=False):
        best = of_model.sort_values("running_loss", kind="stable").iloc[0]
        row = {"model": model, "instance": BEST if len(of_model) > 1 else "1"}
        row |= {"checkpoint": "optimal", "trainings": len(of_model)}
        row |= dict(best[["status", "running_loss", "final_loss"]])
        row["trainings_mean"] = of_model["final_loss"].mean(skipna=False)
        row["trainings_standard_deviation"] = of_model["final_loss"].std(skipna=False)
        rows.append(row)
    empty = {"paper_running_loss": np.nan, "paper_final_loss": np.nan}
    return pandas.DataFrame(rows).assign(**empty)


def order(parts: list[pandas.DataFrame], datasets: dict[str, str]) -> str:
    """A sentence on the final losses of the first table that compares two models or more, or none.

    Args:
        parts: as `losses` takes them.
        datasets: the data set of each experiment.
    """
    for part in parts:
        if "trainings_mean" not in part:
            continue
        optimal = part[part["checkpoint"] == "optimal"].dropna(subset="trainings_mean")
        models = optimal.drop_duplicates("model").sort_values("trainings_mean")
        if len(models) < 2:
            continue
        best, *others = models.to_dict("records")
        spread = best["trainings_standard_deviation"]
        loss = f"{best['trainings_mean']:.2g}" + (f" ± {spread:.1g}" if spread > 0 else "")
        more = [
            f"{NAMES[row['model']]}'s is {row['trainings_mean'] / best['trainings_mean'] - 1:.0%} "
            f"higher ({_trainings(row)})"
            for row in others
        ]
        return (
            f"On {datasets[best['experiment']]}, {NAMES[best['model']]} has the lowest mean final "
            f"loss: {loss} ({_trainings(best)}); {', '.join(more)}."
        )
    return ""


def undecided(results: pandas.DataFrame) -> str:
    """A sentence on the models that may be no worse than the one of the lowest mean final loss.

    Args:
        results: a table of scripts/results_table.py. Models with one training or a loss that is not
            finite say nothing.
    """
    trainings = results[results["instance"].str.isdecimal().fillna(False)]
    losses = {
        str(model): of_model["final_loss"].to_list()
        for model, of_model in trainings.groupby("model", sort=False)
        if len(of_model) > 1 and np.isfinite(of_model["final_loss"]).all()
    }
    if not losses:
        return ""
    best = min(losses, key=lambda model: float(np.mean(losses[model])))
    alike = [
        f"{NAMES[model]}'s"
        for model, found in losses.items()
        if model != best and _ratio(found, losses[best]).low <= 1
    ]
    if not alike:
        return ""
    return (
        f"By so few trainings {' and '.join(alike)} can't be told from {NAMES[best]}'s: the 95 % "
        "interval of their ratio includes 1."
    )


def _ratio(losses: list[float], others: list[float]) -> Estimate:
    """Of mean losses over trainings, as if each were of one image, so that these alone vary."""
    return ratio_of_models([[loss] for loss in losses], [[loss] for loss in others])


def _trainings(row: Mapping[Any, Any]) -> str:
    number = int(row["trainings"])
    text = "one training" if number == 1 else f"{number} trainings"
    failed = row["status"] in FAILURES
    return f"{text}, the best {row['status'].replace('_', ' ')}" if failed else text
