"""The workflow as a module of another one."""

from pathlib import Path

import pytest
import yaml

from tests.workflow.conftest import ROOT, Repository
from tests.workflow.test_report import parts

SNAKEFILE = """
configfile: "mine.yaml"


module gans:
    snakefile: "{snakefile}"
    config: config["gans"]


use rule * from gans as gans_*


rule mine:
    default_target: True
    input:
        "mine/figures/figure31.png",
        "mine/tables/table7.csv",
    output:
        "mine.txt",
    shell:
        "cp {{input[1]}} {{output}}"
"""


@pytest.fixture
def importing(tmp_path: Path) -> Repository:
    """A workflow in another folder that imports this one."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE.format(snakefile=ROOT / "Snakefile"))
    return Repository(tmp_path)


def configure(importing: Repository, settings: dict[str, object]) -> None:
    """Writes what the importing workflow gives to the imported one."""
    (importing.root / "mine.yaml").write_text(yaml.safe_dump({"gans": settings}))


def test_single_settings_of_a_module_can_be_changed(importing: Repository) -> None:
    """The rest is config.yaml's."""
    figure = {"runs": ["wn"], "until": 100_000}
    configure(
        importing,
        {
            "results": "mine",
            "experiments": {"cifar10_dcgan": {"segment": 100_000}},
            "figures": {"curves": {"figure31": figure | {"experiment": "cifar10_dcgan"}}},
        },
    )
    jobs = importing.planned()
    assert jobs["mine"] == jobs["gans_curves_figure"] == jobs["gans_loss_table"] == 1
    assert jobs["gans_train_segment"] == 15  # at 50,000 iterations each there were 30


def test_the_example_in_the_docs_is_planned(importing: Repository) -> None:
    howto = (ROOT / "docs/howto.md").read_text()
    example = howto[howto.index("module wngan:") :].split("```")[0]
    snakefile = example.replace('"wngan/Snakefile"', f'"{ROOT}/Snakefile"')
    (importing.root / "Snakefile").write_text(snakefile)
    assert importing.planned("mine")["wngan_loss_table"] == 1


def test_a_module_runs_with_its_own_configuration(importing: Repository) -> None:
    """Also where no profile of this workflow is used."""
    settings = yaml.safe_load(Path(__file__).with_name("tiny.yaml").read_text())
    experiment = settings["experiments"]["tiny"]
    experiment["models"] = {"wn": {"iterations": 40, "instances": 1}}
    configure(
        importing,
        settings
        | {
            "results": "mine",
            "data": "images",
            "experiments": {"tiny": experiment},
            "tables": {"loss": {"table7": {"experiment": "tiny"}}},
            "figures": {
                "curves": {"figure31": {"experiment": "tiny", "runs": ["wn"], "until": 40}}
            },
            "statistics": {},
            "quality": {},
            "claims": {},
        },
    )
    importing.snakemake("--cores", "2")
    assert (importing.root / "mine/figures/figure31.png").stat().st_size > 0
    assert "wn,best,optimal" in (importing.root / "mine.txt").read_text()
    made = {path.name for path in importing.root.iterdir() if not path.name.startswith(".")}
    assert made == {"Snakefile", "mine.yaml", "mine.txt", "mine", "images"}
    assert not importing.planned()
    importing.snakemake("--report", "report.html")
    front, items = parts(importing.root / "report.html")
    assert "system-message" not in front
    assert "mine/provenance.json" in items["mine/figures/figure31.png"]["caption"]
