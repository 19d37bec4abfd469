"""Puts the measured losses beside all of the paper's, and says in a sentence what came out."""

from base64 import b64encode
from html import escape
from pathlib import Path
from typing import Any

import pandas

from wngan.job import run_job
from wngan.model_names import NAMES
from wngan.summary import LOSSES, RUN, losses, of_results, order, undecided
from wngan.tables import html as html_table
from wngan.verdicts import COLORS, counts


def main(
    tables: list[Path],
    experiments: dict[str, str],
    others: list[Path],
    other_experiments: list[str],
    datasets: dict[str, str],
    claims: Path | None,
    posters: list[Path],
    csv: Path,
    html: Path,
) -> None:
    """Writes a row per run and checkpoint that the paper has losses of, each only once.

    Losses of different images cannot be compared. So each also stands as its ratio to that of the
    experiment's vanilla model at its optimum, beside the same ratio of the paper's losses.

    Args:
        tables: the tables of losses.
        experiments: which experiment each of them is of, by its name, as in "table2".
        others: the tables of results of other experiments, and
        other_experiments: the names of these.
        datasets: the data set of each experiment.
        claims: the table of claims, if the configuration has any.
        posters: figures that the page shows, as PNG.
    """
    parts = [
        pandas.read_csv(path).assign(table=name.removeprefix("table"), experiment=experiment)
        for path, (name, experiment) in zip(tables, experiments.items(), strict=True)
    ]
    results = [pandas.read_csv(path, dtype={"instance": str}) for path in others]
    parts += [
        of_results(table).assign(table=path.stem, experiment=experiment)
        for table, path, experiment in zip(results, others, other_experiments, strict=True)
    ]
    verdicts = pandas.read_csv(claims)["verdict"].tolist() if claims else []
    table = losses(parts)
    table.to_csv(csv, index=False)
    first = undecided(results[0]) if results and not tables else ""  # which `order` is of
    sentences = filter(None, [order(parts, datasets), first, _statements(verdicts)])
    above = [
        f'<p style="max-width: 60em; font-size: 1.15em">{escape(" ".join(sentences))}</p>',
        _bar(verdicts),
        *(_picture(poster) for poster in posters),
    ]
    html.write_text(_page(table, "\n".join(above)))


def _statements(verdicts: list[str]) -> str:
    """A sentence that counts verdicts, if there are any."""
    if not verdicts:
        return ""
    found = ", ".join(f"{count} {verdict}" for verdict, count in counts(verdicts).items())
    return f"Verdicts on the paper's statements, on some of them one for each training: {found}."


def _bar(verdicts: list[str]) -> str:
    """How often each verdict came out, as a bar, if there are any."""
    if not verdicts:
        return ""
    parts = [
        f'<div style="flex: {count} 0 auto; padding: .3em .6em; background: {background}; '
        f'color: {text}">{count} {verdict}</div>'
        for verdict, count in counts(verdicts).items()
        for background, text in [COLORS[verdict]]
    ]
    style = "display: flex; flex-wrap: wrap; max-width: 60em; margin: 1em 0; font-size: .9em"
    return f'<div class="verdicts" style="{style}">{"".join(parts)}</div>'


def _picture(png: Path) -> str:
    """A figure within the page, which needs no other file."""
    data = b64encode(png.read_bytes()).decode()
    style = "width: 100%; max-width: 62em; margin: 1em 0"
    return f'<img alt="{png.stem}" style="{style}" src="data:image/png;base64,{data}">'


def _page(table: pandas.DataFrame, above: str) -> str:
    """The table for people."""
    texts: dict[Any, Any] = {("", name): table[name] for name in ("table", *RUN, "status")}
    texts["", "model"] = table["model"].map(NAMES)
    columns: dict[Any, Any] = {}
    formats: dict[Any, str] = {}
    of_paper = table["paper_running_ratio"].notna().any()
    for title, name in LOSSES.items():
        columns[title, "here"] = table[f"{name}_loss"]
        columns[f"{title} / vanilla's", "here"] = table[f"{name}_ratio"]
        formats |= {(title, "here"): "{:.6f}", (f"{title} / vanilla's", "here"): "{:.3f}"}
        if of_paper:
            columns[f"{title} / vanilla's", "in the paper"] = table[f"paper_{name}_ratio"]
            formats[f"{title} / vanilla's", "in the paper"] = "{:.3f}"
    page = pandas.DataFrame(texts | columns)
    caption = "Losses, and their ratios to vanilla's" + (" beside the paper's" if of_paper else "")
    return html_table(page, caption, formats, [*texts], above=above)


if "snakemake" in globals():
    run_job(main, snakemake)
