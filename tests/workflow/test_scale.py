"""How planning scales, by dry runs; benchmarks/planning.py has 10,000 jobs and more."""

import pytest

from benchmarks.planning import plan, sweep
from tests.workflow.conftest import job_counts
from wngan.plan import Plan


@pytest.mark.parametrize(
    ("what", "sizes", "least"),
    [("seeds", (1, 6, 24), 1_500), ("experiments", (1, 4, 16), 1_000)],
)
def test_each_job_of_many_is_planned_as_fast_as_one_of_few(
    what: str, sizes: tuple[int, ...], least: int
) -> None:
    jobs, seconds = [], []
    for size in sizes:
        config = sweep(**{what: size})
        counts, used = plan(config)
        assert counts == job_counts(Plan(config, []))
        jobs.append(counts.total())
        seconds.append(used)
    assert jobs[-1] >= least
    among_few, among_many = (
        (seconds[i + 1] - seconds[i]) / (jobs[i + 1] - jobs[i]) for i in range(2)
    )
    assert among_many < 2.5 * among_few  # about 4 if time grew as the square of jobs
