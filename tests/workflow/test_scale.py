"""How planning scales: 10,000 jobs and more, by dry run."""

from typing import Any

import pytest

from benchmarks.planning import plan, sweep

LIMIT = 0.01  # seconds of CPU time per job; of 10,000 jobs, each took a third of that


def implied(config: dict[str, Any]) -> dict[str, int]:
    """The jobs of a sweep's configuration."""
    experiments = config["experiments"].values()
    pairs = [(each, run) for each in experiments for run in each["models"].values()]
    runs = sum(run["instances"] for _, run in pairs)
    segments = sum(run["instances"] * run["iterations"] // each["segment"] for each, run in pairs)
    counts = {
        "claims": 1,
        "outcome": runs,
        "download": 1,
        "evaluate_segment": segments,
        "join_shards": 2 * len(pairs),  # at the optimum and at the end
        "prepare_cifar10": 1,
        "provenance": 1,
        "rates": 1,
        "reconstruct_shard": sum(2 * each["evaluation"]["final"]["shards"] for each, _ in pairs),
        "run_provenance": runs,
        "select_instance": sum(run["instances"] > 1 for _, run in pairs),
        "select_optimal": runs,
        "split": 1,
        "steps_figure": len(experiments),
        "summary": 1,
        "train_segment": segments,
    }
    return {rule: count for rule, count in counts.items() if count}


@pytest.mark.parametrize(
    ("what", "sizes", "least"),
    [("seeds", (1, 38, 152), 10_000), ("experiments", (1, 16, 64), 5_000)],
)
def test_each_job_of_many_is_planned_as_fast_as_one_of_few(
    what: str, sizes: tuple[int, ...], least: int
) -> None:
    jobs, seconds = [], []
    for size in sizes:
        config = sweep(**{what: size})
        counts, used = plan(config)
        assert counts == implied(config)
        jobs.append(counts.total())
        seconds.append(used)
    assert jobs[-1] >= least
    assert seconds[-1] < LIMIT * jobs[-1]
    among_few, among_many = (
        (seconds[i + 1] - seconds[i]) / (jobs[i + 1] - jobs[i]) for i in range(2)
    )
    assert among_many < 2.5 * among_few  # about 5 if time grew as the square of jobs
