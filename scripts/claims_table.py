"""Joins the verdicts on all claims to one table."""

from pathlib import Path
from typing import Any

import pandas

from wngan import tables
from wngan.claims import CLAIMS
from wngan.claims.record import PaperValues
from wngan.claims.table import FIELDS, not_run
from wngan.job import run_job
from wngan.verdicts import COLORS, number

BACKGROUNDS = {verdict: f"{back}; color: {text}" for verdict, (back, text) in COLORS.items()}
"""Styles of cells by their verdict."""


def text(value: Any) -> str:
    """A cell as the tables of single claims have it."""
    return "" if pandas.isna(value) else value if isinstance(value, str) else f"{value:.6g}"


def main(
    claims: list[str], judged: list[Path], paper: list[dict[str, str]], csv: Path, html: Path
) -> None:
    """Writes `csv` and `html` with every claim, also those that the configuration leaves out.

    Args:
        claims: those that the configuration has.
        judged: the table of each of them.
        paper: rows of report/paper_values.csv.
    """
    files = dict(zip(claims, judged, strict=True))
    values = PaperValues(paper)
    parts = [
        pandas.read_csv(files[name], dtype=str, keep_default_na=False)
        if name in files
        else pandas.DataFrame(not_run(claim, values)).map(text)
        for name, claim in CLAIMS.items()
    ]
    table = pandas.concat(parts, ignore_index=True)[list(FIELDS)]
    table.to_csv(csv, index=False)
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
            "basis": table["basis"],
            "criterion": table["criterion"],
            "verdict": table["verdict"],
            "note": table["note"] + table["command"],
        }
    )
    left = [
        "claim",
        "statement",
        "experiment",
        "quantity",
        "basis",
        "criterion",
        "verdict",
        "note",
    ]
    return tables.html(page, "Claims", {}, left, {"verdict": BACKGROUNDS})


if "snakemake" in globals():
    run_job(main, snakemake)
