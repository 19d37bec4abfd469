"""Tables as HTML pages that stand alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas

FONT = "font: 12px/1.5 sans-serif"

STYLES: list[Any] = [
    {"selector": "", "props": f"border-collapse: collapse; {FONT}"},
    {"selector": "caption", "props": "text-align: left; font-weight: bold; padding: .5em 0"},
    {"selector": "th, td", "props": "padding: .25em .28em; text-align: right"},
    {
        "selector": "th[colspan]:not(:empty)",
        "props": "text-align: center; border-bottom: 1px solid #bbb",
    },
    {"selector": "td", "props": "vertical-align: top"},
    {"selector": "thead tr:last-child", "props": "border-bottom: 1.5px solid"},
    {"selector": "tbody tr", "props": "border-bottom: 1px solid #ddd"},
]


def html(
    table: pandas.DataFrame,
    caption: str,
    formats: dict[Any, Any],
    texts: Sequence[Any] = (),
    backgrounds: Mapping[str, Mapping[str, str]] | None = None,
    above: str = "",
) -> str:
    """A page with the table.

    Args:
        table: its columns may have several levels.
        caption: what stands above it.
        formats: a format string for each column that needs one.
        texts: columns that are aligned to the left.
        backgrounds: for columns that have them, the CSS background of a cell by its text.
        above: HTML that stands before the table.
    """
    left: list[Any] = [
        {
            "selector": f"td.col{table.columns.get_loc(name)}, .level{table.columns.nlevels - 1}"
            f".col{table.columns.get_loc(name)}",
            "props": "text-align: left",
        }
        for name in texts
    ]
    style = table.style.hide(axis="index").set_caption(caption).set_table_styles(STYLES + left)
    for name, colors in (backgrounds or {}).items():
        style.map(lambda text, of=colors: f"background: {of[text]}", subset=[name])
    body = style.format(formats, na_rep="–").to_html(table_uuid="table")
    head = f'<meta charset="utf-8"><title>{caption}</title>'
    page = f'{above}\n<div style="overflow-x: auto">{body}</div>'
    return f'<!doctype html><html lang="en">{head}<body style="{FONT}">{page}</body></html>\n'


def titled(
    table: pandas.DataFrame,
    columns: Mapping[str, tuple[str, str, str]],
    caption: str,
    texts: Sequence[str] = (),
) -> str:
    """A page with some columns of a table, each under a heading and a title.

    Args:
        columns: heading, title and format string by the column's name.
        caption, texts: as of `html`.
    """
    page = table[list(columns)]
    page.columns = pandas.MultiIndex.from_tuples([of[:2] for of in columns.values()])
    formats = {of[:2]: of[2] for of in columns.values()}
    return html(page, caption, formats, [columns[name][:2] for name in texts])
