"""Joins the verdicts on all claims to one table."""

from pathlib import Path
from typing import Any

import pandas

from wngan import tables
from wngan.claims import FIELDS, PARTS, VERDICTS, not_run, printed
from wngan.judging import number
from wngan.log import logged

COLORS = dict(
    zip(
        VERDICTS,
        ("#d9f0e6; color: #00553d", "#fbe3d6; color: #8a2f00", "#fdf3c9; color: #5a4800", "#eee"),
        strict=True,
    )
)
"""Backgrounds and texts; the contrast of each pair is above 6:1."""


def text(value: Any) -> str:
    """A cell as the tables of single claims have it."""
    return "" if pandas.isna(value) else value if isinstance(value, str) else f"{value:.6g}"


def main(judged: dict[str, Path], values: list[dict[str, str]], output: Path, html: Path) -> None:
    """Writes `output` and `html` with every claim, also those that the configuration leaves out.

    Args:
        judged: the table of each claim that has one.
        values: the paper's, rows of report/paper_values.csv.
    """
    paper = printed(values)
    parts = [
        pandas.read_csv(judged[claim], dtype=str, keep_default_na=False)
        if claim in judged
        else pandas.DataFrame(not_run(claim, paper)).map(text)
        for claim in PARTS
    ]
    table = pandas.concat(parts, ignore_index=True)[list(FIELDS)]
    table.to_csv(output, index=False)
    html.write_text(_page(table))


def _page(table: pandas.DataFrame) -> str:
    """The table for people."""
    numbers = table[["paper", "measured", "low", "high"]].apply(pandas.to_numeric).map(number)
    intervals = numbers["low"] + "\u00a0to\u00a0" + numbers["high"]
    page = pandas.DataFrame(
        {
            "claim": table["claim"] + table["part"].str.replace(r"^(?=\d)", "/", regex=True),
            "statement": table["statement"],
            "experiment": table["experiment"],
            "quantity": table["quantity"],
            "paper": numbers["paper"],
            "measured": numbers["measured"],
            "95 % interval": intervals.where(table["low"] != "", "–"),
            "verdict": table["verdict"],
            "note": table["note"] + table["command"],
        }
    )
    left = ["claim", "statement", "experiment", "quantity", "verdict", "note"]
    return tables.html(page, "Claims", {}, left, {"verdict": COLORS})


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            dict(zip(snakemake.params.claims, map(Path, snakemake.input), strict=True)),
            snakemake.params.paper,
            Path(snakemake.output.csv),
            Path(snakemake.output.html),
        )
