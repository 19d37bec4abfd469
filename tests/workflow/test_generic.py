"""The workflow by another executor, whose jobs a script runs in the background of this machine."""

from tests.workflow.conftest import Repository, results

TARGET = "results/runs/tiny/wn/1/final/optimal.csv"

SUBMIT = """\
#!/bin/sh
# Runs a job script at once, and says the job's number, as the commands of batch systems do.
echo "$@" >> submitted.log
nohup "$@" > /dev/null 2>&1 &
echo $!
"""


def test_a_run_is_that_of_a_local_one(finished: Repository, repository: Repository) -> None:
    """From images to final losses: rules ask for nothing that only one executor knows."""
    submit = repository.root / "submit.sh"
    submit.write_text(SUBMIT)
    submit.chmod(0o755)
    repository.snakemake(
        TARGET,
        *("--configfile", "tiny.yaml", "--jobs", "2", "--latency-wait", "5"),
        *("--executor", "cluster-generic", "--cluster-generic-submit-cmd"),
        f"{submit} env MEGABYTES={{resources.mem_mb}} MINUTES={{resources.runtime}}",
    )
    made, expected = results(repository.root), results(finished.root)
    assert TARGET in made
    assert made == {name: expected[name] for name in made}
    submitted = (repository.root / "submitted.log").read_text()
    assert "MEGABYTES=8000 MINUTES=31" in submitted
