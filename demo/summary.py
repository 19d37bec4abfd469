"""Says where the demo's results are and what its table 2 found.

python -m demo.summary demo/config.yaml
"""

import sys
from pathlib import Path

import pandas
import yaml

from wngan.model_names import NAMES


def table2(table: pandas.DataFrame, running: int, final: int) -> str:
    """Table 2 of the demo for the terminal.

    Args:
        table: results/demo/tables/table2.csv.
        running, final: steps of the evaluations.
    """
    lines = [
        f"Table 2 on digits: lowest running loss ({running} steps) and final loss ({final} steps)",
        "",
        f"{'model':10}{'iteration':>10}{'running loss':>15}{'final loss':>13}{'± s.e.':>11}",
    ]
    lines += [
        f"{NAMES[row.model]:10}{row.iteration:>10,}{row.running_loss:>15.6f}"
        f"{row.final_loss:>13.6f}{row.final_standard_error:>11.6f}"
        for row in table.itertuples()
    ]
    return "\n".join(lines)


def main(config: Path) -> None:
    """Prints to the terminal what the configuration in a file gave."""
    settings = yaml.safe_load(config.read_text())
    results = Path(settings["results"])
    evaluation = settings["experiments"]["digits_dcgan"]["evaluation"]
    steps = evaluation["running"]["steps"], evaluation["final"]["steps"]
    print(f"\nThe report: {results}/report.html")
    print(f"Tables:     {results}/tables/")
    print(f"Figures:    {results}/figures/")
    print(f"Claims:     {results}/claims.html")
    print(f"\n{table2(pandas.read_csv(results / 'tables/table2.csv'), *steps)}")
    verdicts = pandas.read_csv(results / "claims.csv")["verdict"].value_counts(sort=False)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    print(f"\nThe paper's claims, on digits: {counts}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
