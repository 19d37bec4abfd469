"""Says of each table and figure which runs it is of, and of each run what it was computed with."""

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas

from wngan import tables
from wngan.log import logged

STAGES = ("train", "evaluate", "reconstruct")


def main(
    results: dict[str, dict[str, Any]],
    runs: dict[str, Path],
    finals: dict[str, Path],
    output: Path,
    html: Path,
) -> None:
    """Writes it as JSON to `output`, and a row per run to `html`.

    Args:
        results: of each table, figure and claim its `runs`, and digests, `config` and `code`.
        runs: the file of each run that scripts/run_provenance.py wrote.
        finals: the records of each final reconstruction, called as in "digits/bn/1/final/optimal",
            a list, or that of the probes beside it, called "probes".
    """
    known: dict[str, dict[str, Any]] = {
        name: json.loads(path.read_text()) | {"reconstruct": []} for name, path in runs.items()
    }
    for name, path in finals.items():
        run, _, checkpoint = name.partition("/final/")
        found = json.loads(path.read_text())
        jobs = found if isinstance(found, list) else [found]
        records = [{"checkpoint": checkpoint} | job for job in jobs]
        known.setdefault(run, {"reconstruct": []})["reconstruct"] += records
    output.write_text(json.dumps({"results": results, "runs": known}, indent=2) + "\n")
    rows = []
    for run, about in sorted(known.items()):
        used = [name for name, result in results.items() if run in result["runs"]]
        rows.append(_row(run, about, used))
    page = pandas.DataFrame(rows)
    html.write_text(tables.html(page, "Provenance", {"seed": "{:.0f}"}, [*page.columns]))


def _row(run: str, about: dict[str, Any], used: list[str]) -> dict[str, Any]:
    """A run for people: what is the same in all of its jobs stands there once."""
    jobs = {stage: about.get(stage, []) for stage in STAGES}
    every = [job for stage in STAGES for job in jobs[stage]]
    attempts = [attempt for job in every for attempt in job["attempts"]]
    versions = {f"{name} {version}" for job in every for name, version in job["versions"].items()}
    return {
        "run": run,
        "seed": about.get("seed"),
        "started": min((attempt["started"][:19] for attempt in attempts), default=None),
        "jobs": len(every),
        "attempts": len(attempts),
        **{f"time to {stage}": _time(jobs[stage]) for stage in STAGES},
        "devices": _joined(attempt["device"] for attempt in attempts),
        "hosts": _joined(attempt["host"] for attempt in attempts),
        "versions": _joined(versions),
        "configuration": _joined(job["config"] for job in every),
        **{f"code to {stage}": _joined(job["code"] for job in jobs[stage]) for stage in STAGES},
        "shown in": _joined(used),
    }


def _time(jobs: list[dict[str, Any]]) -> str:
    """What jobs took in all their attempts, as in 1 day, 2:03:04."""
    return str(timedelta(seconds=round(sum(job["seconds"] for job in jobs)))) if jobs else ""


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(sorted(set(texts)))


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            snakemake.params.results,
            dict(zip(snakemake.params.runs, map(Path, snakemake.input.runs), strict=True)),
            dict(zip(snakemake.params.finals, map(Path, snakemake.input.finals), strict=True)),
            Path(snakemake.output.json),
            Path(snakemake.output.html),
        )
