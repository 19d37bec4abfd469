"""Puts the measured losses beside all of the paper's, and counts the verdicts on its claims."""

from pathlib import Path
from typing import Any

import pandas

from wngan.job import run_job
from wngan.model_names import NAMES
from wngan.tables import html as html_table
from wngan.verdicts import VERDICTS

RUN = ["experiment", "model", "instance", "checkpoint"]
LOSSES = {"running loss": "running", "final loss": "final"}


def main(
    tables: list[Path], experiments: dict[str, str], claims: Path, csv: Path, html: Path
) -> None:
    """Writes a row per run and checkpoint that the paper has losses of, each only once.

    A difference is that of the measured loss from the paper's, in percent of it.

    Args:
        tables: the tables of losses.
        experiments: which experiment each of them is of, by its name, as in "table2".
        claims: the table of claims.
    """
    columns = ["table", *RUN, "status"]
    for name in LOSSES.values():
        columns += [f"{name}_loss", f"paper_{name}_loss", f"{name}_difference"]
    parts = [
        pandas.read_csv(path).assign(table=name.removeprefix("table"), experiment=experiment)
        for path, (name, experiment) in zip(tables, experiments.items(), strict=True)
    ]
    table = pandas.concat([pandas.DataFrame(columns=columns), *parts])
    for name in LOSSES.values():
        loss, paper = f"{name}_loss", f"paper_{name}_loss"
        table[loss] = table[loss].astype(float).round(6)
        table[f"{name}_difference"] = (
            (100 * table[loss] / table[paper] - 100).astype(float).round(1)
        )
    # A loss that several tables have is listed once, from a table with its final loss.
    table = table.sort_values("final_loss", kind="stable", key=pandas.isna)
    table = table.drop_duplicates([*RUN, "paper_running_loss"]).sort_values("table", kind="stable")
    table[columns].to_csv(csv, index=False)
    verdicts = pandas.read_csv(claims)["verdict"]
    counts = ", ".join(f"{(verdicts == verdict).sum()} {verdict}" for verdict in VERDICTS)
    html.write_text(_page(table, f"Losses beside the paper's. Its claims: {counts}."))


def _page(table: pandas.DataFrame, caption: str) -> str:
    """The table for people."""
    texts: dict[Any, Any] = {("", name): table[name] for name in ("table", *RUN, "status")}
    texts["", "model"] = table["model"].map(NAMES)
    losses: dict[Any, Any] = {}
    formats: dict[Any, str] = {}
    for title, name in LOSSES.items():
        losses[title, "measured"] = table[f"{name}_loss"]
        losses[title, "paper"] = table[f"paper_{name}_loss"]
        losses[title, "difference"] = table[f"{name}_difference"]
        formats |= {(title, "measured"): "{:.6f}", (title, "paper"): "{:.6f}"}
        formats[title, "difference"] = "{:+.1f}\u00a0%"
    return html_table(pandas.DataFrame(texts | losses), caption, formats, [*texts])


if "snakemake" in globals():
    run_job(main, snakemake)
