"""Says where the demo's results are, and what its table 2 and its verdicts are.

python -m demo.summary demo/config.yaml
python -m demo.summary demo/config.yaml README.md  # also puts it into README
"""

import re
import sys
from pathlib import Path

import pandas
import yaml

from wngan.model_names import NAMES
from wngan.provenance import code_digest, config_digest
from wngan.verdicts import VERDICTS

ROOT = Path(__file__).parents[1]
SHOWN = re.compile(
    r"(?<=<!-- `make demo` printed this; digest )(\w+)( -->\n```\n)(.*?)(?=```)", re.S
)
"""README's block: the digest of what it was made with, and its text."""


def table2(table: pandas.DataFrame, running: int, final: int) -> str:
    """Table 2 of the demo for the terminal.

    Args:
        table: results/demo/tables/table2.csv.
        running, final: steps of the evaluations.
    """
    lines = [
        f"Table 2 on digits: the lowest running loss ({running} steps) and the final loss ({final} "
        "steps)\nof the best training; mean and standard deviation of all trainings' final losses",
        "",
        f"{'model':10}{'iteration':>10}{'running loss':>14}{'final loss':>12}"
        f"{'trainings':>11}{'mean':>10}{'± s.d.':>10}",
    ]
    lines += [
        f"{NAMES[row.model]:10}{row.iteration:>10,}{row.running_loss:>14.6f}{row.final_loss:>12.6f}"
        f"{row.trainings:>11}{row.trainings_mean:>10.6f}{row.trainings_standard_deviation:>10.6f}"
        for row in table.itertuples()
    ]
    return "\n".join(lines)


def verdicts(claims: pandas.DataFrame) -> str:
    """How often each verdict came out, and on which claims.

    Args:
        claims: results/demo/claims.csv.
    """
    parts = claims["claim"] + claims["part"].where(claims["part"].str.isalpha(), "")
    counts = claims["verdict"].value_counts()
    lines = []
    for verdict in filter(counts.__contains__, VERDICTS):
        names = dict.fromkeys(parts[claims["verdict"] == verdict])
        lines.append(f"  {counts[verdict]:2} {verdict}: {', '.join(names)}")
    return "\n".join(lines)


def summary(config: Path) -> str:
    """What the configuration in a file gave."""
    settings = yaml.safe_load(config.read_text())
    results = Path(settings["results"])
    evaluation = settings["experiments"]["digits_dcgan"]["evaluation"]
    steps = evaluation["running"]["steps"], evaluation["final"]["steps"]
    return f"""\
The report: {results}/report.html
Tables:     {results}/tables/
Figures:    {results}/figures/
Claims:     {results}/claims.html

{table2(pandas.read_csv(results / "tables/table2.csv"), *steps)}

The paper's claims, on digits:
{verdicts(pandas.read_csv(results / "claims.csv", keep_default_na=False))}
"""


def digest(config: Path) -> str:
    """A digest of the configuration and of all code that results depend on."""
    scripts = sorted((ROOT / "scripts").glob("*.py"))
    return config_digest([yaml.safe_load(config.read_text()), *map(code_digest, scripts)])


def main(config: Path, readme: Path | None = None) -> None:
    """Prints what the configuration in a file gave, and puts it into README if that is named."""
    text = summary(config)
    print(f"\n{text}", end="")
    if readme is not None:
        page = SHOWN.sub(lambda match: digest(config) + match[2] + text, readme.read_text())
        readme.write_text(page)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
