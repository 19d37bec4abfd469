"""Writes which runs each table and figure is made of, and how each run was computed."""

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas

from wngan import tables
from wngan.job import run_job

STAGES = ("train", "evaluate", "reconstruct", "measure")
# Columns that stand above the page's table where they are the same in all rows that have them.
COMMON = ("devices", "hosts", "versions", *(f"code to {stage}" for stage in STAGES))


def main(
    results: dict[str, dict[str, Any]],
    runs: list[str],
    records: list[Path],
    finals: list[str],
    final_records: list[Path],
    measured: list[str],
    quality_records: list[Path],
    provenance: Path,
    html: Path,
    devices: Path,
) -> None:
    """Writes it as JSON to `provenance`, a row per run to `html` and one per device to `devices`.

    Args:
        results: of each table, figure and claim its `runs`, and digests, `config` and `code`.
        runs: as in "digits/bn/1".
        records: of each of them, the file that scripts/run_provenance.py wrote.
        finals: final reconstructions, as in "digits/bn/1/final/optimal", and probes beside them.
        final_records: of each of them, its records: a list, or that of the probes.
        measured: runs whose samples' quality is measured.
        quality_records: of each of them, the list of its records.
    """
    known: dict[str, dict[str, Any]] = {
        name: json.loads(path.read_text()) | {"reconstruct": []}
        for name, path in zip(runs, records, strict=True)
    }
    for name, path in zip(finals, final_records, strict=True):
        run, _, checkpoint = name.partition("/final/")
        found = json.loads(path.read_text())
        jobs = found if isinstance(found, list) else [found]
        known.setdefault(run, {"reconstruct": []})["reconstruct"] += [
            {"checkpoint": checkpoint} | job for job in jobs
        ]
    for run, path in zip(measured, quality_records, strict=True):
        known[run]["measure"] = json.loads(path.read_text())
    # A model's best instance has nothing of its own but probes.
    for run in (run for result in results.values() for run in result["runs"]):
        known.setdefault(run, {"reconstruct": []})
    provenance.write_text(json.dumps({"results": results, "runs": known}, indent=2) + "\n")
    rows = []
    for run, record in sorted(known.items()):
        used = [name for name, result in results.items() if run in result["runs"]]
        rows.append(_row(run, record, used))
    page = pandas.DataFrame(rows)
    page["started"] = page["started"].str.replace("-", "\u2011")  # a date is on one line
    common = [name for name in COMMON if page[name][page[name] != ""].nunique() == 1]
    shared = "; ".join(f"{name} {page[name].max()}" for name in common)
    caption = f"Runs. The same in all: {shared}." if shared else "Runs"
    page = page.drop(columns=common)
    page["run"] = page["run"].str.replace("/", "/\u200b")  # where a line may break
    for name in page.columns:
        if str(name) == "configuration" or str(name).startswith("code to"):
            page[name] = page[name].str[:8]  # `provenance` has them whole
    formats = {"seed": "{:.0f}", "iterations": "{:,.0f}"}
    html.write_text(tables.html(page, caption, formats, [*page.columns]))
    _devices([job for record in known.values() for job in _jobs(record)]).to_csv(
        devices, index=False
    )


def _jobs(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of all jobs of a run."""
    return [job for stage in STAGES for job in record.get(stage, [])]


def _row(run: str, record: dict[str, Any], used: list[str]) -> dict[str, Any]:
    """A run for people: what is the same in all of its jobs stands there once."""
    jobs = {stage: record.get(stage, []) for stage in STAGES}
    every = _jobs(record)
    attempts = [attempt for job in every for attempt in job["attempts"]]
    return {
        "run": run,
        "seed": record.get("seed"),
        "status": record.get("status", ""),
        "iterations": record.get("iteration"),
        "started": min((_minute(attempt) for attempt in attempts), default=None),
        "jobs": len(every),
        "attempts": len(attempts),
        **{f"time to {stage}": _time(jobs[stage]) for stage in STAGES},
        "devices": _joined(attempt["device"] for attempt in attempts),
        "hosts": _joined(attempt["host"] for attempt in attempts),
        "versions": _joined(map(_versions, every)),
        "configuration": _joined(job["config"] for job in every),
        **{f"code to {stage}": _joined(job["code"] for job in jobs[stage]) for stage in STAGES},
        "shown in": _joined(used),
    }


def _devices(jobs: list[dict[str, Any]]) -> pandas.DataFrame:
    """A row per kind of device and set of versions: jobs, their time, when the first began."""
    rows = [
        {
            "device": _joined(attempt["device"] for attempt in job["attempts"]),
            "versions": _versions(job),
            "seconds": job["seconds"],
            "from": min(map(_minute, job["attempts"]), default=""),
            "to": max(map(_minute, job["attempts"]), default=""),
        }
        for job in jobs
    ]
    names = ["device", "versions", "seconds", "from", "to"]
    groups = pandas.DataFrame(rows, columns=names).groupby(["device", "versions"], as_index=False)
    table = groups.agg({"seconds": ["size", "sum"], "from": "min", "to": "max"})
    table.columns = pandas.Index(["device", "versions", "jobs", "time", "first job", "last job"])
    table["time"] = table["time"].map(lambda seconds: str(timedelta(seconds=round(seconds))))
    return table


def _minute(attempt: dict[str, Any]) -> str:
    """When an attempt began, as in 2026-01-31 12:34, in UTC."""
    return attempt["started"][:16].replace("T", " ")


def _versions(job: dict[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(job["versions"].items()))


def _time(jobs: list[dict[str, Any]]) -> str:
    """What jobs took in all their attempts, as in 1 day, 2:03:04."""
    return str(timedelta(seconds=round(sum(job["seconds"] for job in jobs)))) if jobs else ""


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(sorted(set(texts)))


if "snakemake" in globals():
    run_job(main, snakemake)
