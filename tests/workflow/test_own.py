"""`snakemake --profile own`: images of one's own, from a folder to a report."""

import json
import re
from pathlib import Path

import numpy as np
import pandas
import yaml
from PIL import Image

from tests.workflow.conftest import Repository
from tests.workflow.test_report import parts
from wngan.own import JOBS


def test_from_a_folder_of_images_to_a_report_about_them(repository: Repository) -> None:
    images = repository.root / "My Flowers"
    images.mkdir()
    for number in range(60):
        pixels = np.random.default_rng(number).integers(0, 256, (36, 40, 3), np.uint8)
        Image.fromarray(pixels).save(images / f"{number}.png")
    call = ("--profile", "own", "--config", "images=My Flowers", "hours=0.01")

    printed = repository.snakemake(*call, "--dry-run")
    assert "60 images, the shorter side 36 pixels in the middle: they become 32×32" in printed
    assert re.search(r"^train_segment +9$", printed, re.MULTILINE)
    assert re.search(rf"^total +{JOBS}$", printed, re.MULTILINE)
    file = repository.root / "results/own/my_flowers/config.yaml"
    assert {path.name for path in file.parent.iterdir()} <= {"config.yaml", ".config.yaml.lock"}

    small = yaml.safe_load(file.read_text())
    experiment = small["experiments"]["my_flowers"]
    experiment |= {"channels": [2, 2, 2], "segment": 20}
    experiment["samples"] = {"every": 10, "codes": 2, "drift": 10}
    experiment["evaluation"]["running"] |= {"every": 10, "steps": 2}
    experiment["evaluation"]["final"] |= {"steps": 2}
    for name in experiment["models"]:
        experiment["models"][name] = {"iterations": 20, "instances": 2 if name == "wn" else 1}
    small["quality"]["my_flowers"] |= {"every": 20}
    figures = small["figures"]
    small["figures"] = {kind: figures[kind] for kind in ("reconstructions", "poster")}
    small["figures"]["poster"]["poster_my_flowers"]["until"] = 20
    file.write_text(yaml.safe_dump(small))

    printed = repository.snakemake(*call)
    assert "What is run was chosen earlier; it is in results/own/my_flowers/config.yaml" in printed
    table = pandas.read_csv(file.parent / "tables/results_my_flowers.csv")
    assert table["instance"].fillna("").tolist() == ["1", "1", "1", "2", "mean", "s.d.", "", "", ""]
    assert np.isfinite(table[["running_loss", "final_loss"]]).all(axis=None)
    front, items = parts(file.with_name("report.html"))
    assert "On my_flowers, " in front
    assert "This report is of GANs that were trained on my_flowers" in " ".join(front.split())
    for absent in ("statements", "not run", "celeba"):
        assert absent not in front
    found = {Path(path).name for path in items}
    assert {"results_my_flowers.html", "curves_my_flowers.png", "samples_my_flowers.png"} <= found
    assert "claims.html" not in found
    assert "celeba" not in json.dumps(items)
