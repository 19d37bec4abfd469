"""Puts what the study gave into docs/results, and writes the page about it, docs/results.md.

python -m study.publish         # from results/study, and then the page
python -m study.publish --page  # the page alone, from the files in docs/results

Every number of the page is read from these files; study/results.md.jinja says which. README has
what `headline` says of them.
"""

import argparse
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from wngan.model_names import NAMES
from wngan.provenance import config_digest
from wngan.verdicts import counts, number

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "docs/results"
PAGE = ROOT / "docs/results.md"
PARTS = {"photographs": "study", "digits": "digits"}
"""The parts of the study, and the experiment of each that is not of a sweep."""


def files(part: str) -> list[str]:
    """The files of a part's results that are published."""
    experiment = PARTS[part]
    tables = ["table2", "equal", "sweep"]
    tables += [f"{kind}_{experiment}" for kind in ("pairs", "spread", "evaluator", "quality")]
    return [
        "claims.csv",
        "devices.csv",
        "rates.csv",
        *(f"tables/{name}.csv" for name in tables),
        "figures/poster.png",
        f"figures/quality_{experiment}.png",
    ]


def configuration(part: str) -> dict[str, Any]:
    """The configuration of a part."""
    return yaml.safe_load((ROOT / f"study/{part}.yaml").read_text())


def publish() -> None:
    """Copies the results of each part, and says of which configuration they are."""
    shutil.rmtree(PUBLISHED, ignore_errors=True)
    for part in PARTS:
        config = configuration(part)
        results, folder = ROOT / config["results"], PUBLISHED / part
        folder.mkdir(parents=True)
        for name in files(part):
            shutil.copyfile(results / name, folder / Path(name).name)
        known = json.loads((results / "provenance.json").read_text())
        facts = {"configuration": config_digest(config), "results": known["results"]}
        facts["jobs"] = _jobs([*known["runs"].values()])
        facts["bytes"] = sum(path.stat().st_size for path in results.rglob("*") if path.is_file())
        facts["folders"] = _folders(part, ROOT / config["data"] / part)
        (folder / "provenance.json").write_text(json.dumps(facts, indent=1) + "\n")


def _jobs(runs: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Of each stage's jobs the digests of their code, when they began, and how attempts ended."""
    found: dict[str, dict[str, Any]] = {}
    for stage in ("train", "evaluate", "reconstruct", "measure"):
        jobs = [job for run in runs for job in run.get(stage, [])]
        attempts = [attempt for job in jobs for attempt in job["attempts"]]
        found[stage] = {
            "code": dict(sorted(Counter(job["code"] for job in jobs).items())),
            "first": min(attempt["started"] for attempt in attempts),
            "last": max(attempt["started"] for attempt in attempts),
            "ends": dict(sorted(Counter(attempt["end"] for attempt in attempts).items())),
        }
    return found


def _folders(part: str, dataset: Path) -> dict[str, int] | None:
    """How many folders images for testing and for training are in; None if they are in none."""
    folders = json.loads((dataset / "images.json").read_text()).get("folders")
    if folders is None:
        return None
    of_image = np.repeat(np.arange(len(folders)), [count for _, count in folders])
    of_image = of_image[np.load(dataset / "permutation.npy")]
    test = configuration(part)["datasets"][part]["test"]
    sides = {"test": of_image[:test], "training": of_image[test:]}
    return {name: len(np.unique(of)) for name, of in sides.items()} | {"images": len(of_image)}


def pick(rows: list[dict[str, Any]], **where: Any) -> dict[str, Any]:
    """The only row of a table that has these values."""
    (row,) = (row for row in rows if where.items() <= row.items())
    return row


def attempts(part: dict[str, Any], end: str | None = None) -> int:
    """How many attempts at jobs there were in a part, or how many ended so."""
    ends = [stage["ends"] for stage in part["facts"]["jobs"].values()]
    return sum(of.get(end, 0) if end else sum(of.values()) for of in ends)


def folds(rows: list[dict[str, Any]], by: str, along: str) -> list[float]:
    """For each `by` of a sweep, how many times the lowest mean along the other the highest is."""
    means = pandas.DataFrame(rows).pivot(index=along, columns=by, values="mean")
    return (means.max() / means.min()).tolist()


def course(quality: pandas.DataFrame) -> list[dict[Any, Any]]:
    """What happens in each training between its optimum and its end.

    Returns:
        model, rise (of the running loss, in %), better (whether the Fréchet distance is lower).
    """
    ends = quality.pivot(index=["model", "instance"], columns="checkpoint")
    loss, distance = ends["running_loss"], ends["fid"]
    found = {
        "rise": 100 * (loss["last"] / loss["optimal"] - 1),
        "better": distance["last"] < distance["optimal"],
    }
    return pandas.DataFrame(found).reset_index().to_dict("records")


def page() -> str:
    """The page, from the published files."""
    loader = FileSystemLoader(ROOT / "study")
    environment = Environment(
        loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["number"] = number
    environment.globals |= {"pick": pick, "attempts": attempts, "folds": folds}
    environment.tests["number_known"] = lambda value: not np.isnan(value)
    parts = {part: _facts(part) for part in PARTS}
    photographs = pandas.read_csv(ROOT / "study/photographs.csv").to_dict("records")
    text = environment.get_template("results.md.jinja").render(
        **parts, photographs_used=photographs, names=NAMES
    )
    return text + "\n"


def headline() -> str:
    """What came out, for README; a difference is settled if its interval does not include zero."""
    found: list[str] = []
    for part, experiment in PARTS.items():
        table = pandas.read_csv(PUBLISHED / part / "table2.csv")
        optimal = table[table["checkpoint"] == "optimal"].sort_values("trainings_mean")
        lowest, *others = optimal.to_dict("records")
        pairs = pandas.read_csv(PUBLISHED / part / f"pairs_{experiment}.csv")
        of_lowest = pairs[(pairs[["model", "against"]] == lowest["model"]).any(axis=1)]
        settled = ((of_lowest["low"] > 0) | (of_lowest["high"] < 0)).sum()
        has = "has the lowest mean final loss" if not found else "has"
        found.append(
            f"on {part} ({lowest['trainings']:.0f} trainings each) {NAMES[lowest['model']]} {has} "
            f"({_higher(others, lowest)}, {('neither', 'one', 'both')[settled]} settled)"
        )
    sweep = pandas.read_csv(PUBLISHED / "photographs/sweep.csv")
    lowest, *others = sweep[sweep["best_of_model"] == "yes"].sort_values("mean").to_dict("records")
    found.append(
        f"and on photographs at each model's best of {sweep['lr'].nunique()} learning rates, found "
        f"on the same test images, {NAMES[lowest['model']]} has ({_higher(others)})"
    )
    sentence = ", ".join(found)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _higher(others: list[dict[Any, Any]], lowest: dict[Any, Any] | None = None) -> str:
    """How much higher other models' losses are: than the lowest, or as a sweep says."""
    texts = [
        f"{row['trainings_mean'] / lowest['trainings_mean'] - 1:.0%}"
        if lowest
        else f"{row['above']:.0f}% [{row['low']:.0f}, {row['high']:.0f}]"
        for row in others
    ]
    names = [NAMES[row["model"]] for row in others]
    first, *rest = zip(names, texts, strict=True)
    return ", ".join([f"{first[0]}'s is {first[1]} higher", *(f"{a}'s {b}" for a, b in rest)])


def _facts(part: str) -> dict[str, Any]:
    """What the page may read of a part: its configuration, and its tables as rows."""
    experiment, folder = PARTS[part], PUBLISHED / part
    config = configuration(part)
    tables = {
        Path(name).stem.removesuffix(f"_{experiment}"): pandas.read_csv(folder / Path(name).name)
        for name in files(part)
        if name.endswith(".csv")
    }
    rows = {name: table.to_dict("records") for name, table in tables.items()}
    return {
        "config": config,
        "main": config["experiments"][experiment],
        "facts": json.loads((folder / "provenance.json").read_text()),
        "verdicts": listed(tables["claims"]),
        "course": course(tables["quality"]),
    } | rows


def listed(claims: pandas.DataFrame) -> dict[str, list[str]]:
    """The claims with each verdict; of one whose trainings differ, how many of them have it."""
    parts = claims["part"].where(claims["part"].str.isalpha().eq(True), "")
    found = list(zip(claims["claim"] + parts, claims["verdict"], strict=True))
    of_each, with_it = Counter(name for name, _ in found), Counter(found)
    return {
        verdict: [
            name if count == of_each[name] else f"{name} ({count} of {of_each[name]} trainings)"
            for (name, its), count in with_it.items()
            if its == verdict
        ]
        for verdict in counts(claims["verdict"])
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--page", action="store_true", help="from the files in docs/results alone")
    if not parser.parse_args().page:
        publish()
    PAGE.write_text(page())
