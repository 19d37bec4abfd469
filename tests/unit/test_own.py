"""What is chosen for images of one's own."""

import csv
import tarfile
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from wngan import own, speed
from wngan.config import ConfigError, configured
from wngan.config_file import read
from wngan.errors import InputError
from wngan.log import logger, shown
from wngan.own import Found, Machine

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "own/config.yaml.template"
SCHEMA = read(ROOT / "schemas/config.schema.yaml")
with open(ROOT / "report/paper_values.csv", newline="") as file:
    VALUES = list(csv.DictReader(file))
NETWORK = own.network(64, own.SLOW, 64)
LAPTOP = Machine("laptop", gpu=False, cores=2, jobs=2, iteration=0.1, step=0.001, start=2.0)
SERVER = Machine("server", gpu=True, cores=16, jobs=1, iteration=0.005, step=0.00001, start=2.0)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop, whatever this is."""
    monkeypatch.setattr(own, "measured", lambda networks: LAPTOP)


def folder(path: Path, count: int = 50, size: tuple[int, int] = (40, 70)) -> Path:
    path.mkdir(parents=True)
    for number in range(count):
        Image.new("RGB", size, (number, 0, 0)).save(path / f"{number}.png")
    return path


def asked(images: Path | str | None, **more: Any) -> dict[str, Any]:
    return {"images": images, "image_size": None, "hours": 2, "results": None} | more


@settings(deadline=None)  # the first example compiles the schema
@given(
    st.integers(50, 500_000),
    st.sampled_from([LAPTOP, SERVER, Machine("wall", False, 64, 64, 3.0, 0.1, 2.0)]),
    st.floats(0.01, 1000),
)
def test_all_that_is_chosen_is_a_configuration(images: int, machine: Machine, hours: float) -> None:
    values = own.choice(Found(images, 90, 0.1), NETWORK, machine, hours)
    values |= {"chosen_for": {}, "name": "on", "path": "/a: #b", "results": "r", "data": "d"}
    config = yaml.safe_load(own.filled(TEMPLATE, values))
    configured(config, SCHEMA, {}, VALUES)
    (experiment,) = config["experiments"].values()
    assert config["datasets"]["on"]["path"] == "/a: #b"
    assert images - values["test"] >= experiment["batch_size"]
    iterations = experiment["models"]["wn"]["iterations"]
    assert 250 <= iterations <= own.LONGEST
    assert values["seconds"] <= 3600 * hours * 1.001 or iterations == 250
    if iterations < own.LONGEST and values["seconds"] > 3600:
        assert values["seconds"] >= 0.85 * 3600 * hours  # else it could have trained for longer


def test_it_says_how_jobs_share_a_gpu() -> None:
    for machine in (SERVER, LAPTOP):
        values = own.choice(Found(1000, 90, 0.1), NETWORK, machine, 2)
        said = own._sentences(Path("a"), Found(1000, 90, 0.1), machine, values)
        assert ("--resources gpu=1" in said) == machine.gpu


def test_evaluations_take_a_third_of_the_time_at_most() -> None:
    quick = own.choice(Found(10_000, 90, 0.1), NETWORK, SERVER, 100)
    assert (quick["running_images"], quick["final_images"], quick["final_steps"]) == (
        200,
        1000,
        2000,
    )
    slow = own.choice(Found(10_000, 90, 0.1), NETWORK, LAPTOP, 1)
    assert (slow["running_images"], slow["final_images"], slow["final_steps"]) == (100, 200, 500)


@pytest.mark.parametrize(
    ("shorter", "largest", "size"), [(500, 128, 128), (500, 64, 64), (127, 128, 64), (20, 128, 32)]
)
def test_the_size_is_the_largest_that_images_fill(shorter: int, largest: int, size: int) -> None:
    assert own.fitting(Found(100, shorter, 0.1), largest) == size


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/64", "64"),
        ("My Photos", "my_photos"),
        ("x.tar.gz", "x"),
        ("v1.2.zip", "v1_2"),
        ("花", "images"),
        ("Häuser", "hauser"),
    ],
)
def test_what_is_made_has_the_images_name(path: str, name: str, tmp_path: Path) -> None:
    assert own.name_of(tmp_path / path) == name


def test_images_of_any_container_are_looked_at(tmp_path: Path) -> None:
    images = folder(tmp_path / "images")
    (images / "1.png").write_bytes(b"damaged")
    with tarfile.open(tmp_path / "images.tar.gz", "w:gz") as tar:
        tar.add(images, "images")
    for source in (images, tmp_path / "images.tar.gz"):
        found = own.survey(source)
        assert found[:2] == (50, 40)
        assert 0 < found.seconds < 1


@pytest.mark.usefixtures("machine")
def test_it_is_chosen_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    images = folder(tmp_path / "Flowers")
    first = own.chosen(asked("Flowers"), TEMPLATE)
    assert "50 images, the shorter side 40 pixels in the middle: they become 32×32, and 5 are" in (
        first.sentences
    )
    assert "2 at once on laptop, 0.1 s an iteration: with evaluations about 2 h 0 min, after" in (
        first.sentences
    )
    assert "after about 1 min in which images are prepared" in first.sentences
    assert not first.file.exists()
    first.write()
    file = Path("results/own/flowers/config.yaml")
    assert read(file) == first.config
    assert first.config["datasets"]["flowers"]["path"] == str(images)
    file.write_text(file.read_text().replace("lr: 0.0003", "lr: 0.5"))
    again = own.chosen(asked(str(images)), TEMPLATE)
    again.write()
    assert again.config["experiments"]["flowers"]["lr"] == 0.5
    assert again.sentences == f"What is run was chosen earlier; it is in {file}."


@pytest.mark.usefixtures("machine")
def test_of_two_calls_at_once_one_chooses(tmp_path: Path) -> None:
    """Else what the first one's jobs read would not be what it runs."""
    images = folder(tmp_path / "flowers")
    first, second = (own.chosen(asked(images, results=tmp_path / "r"), TEMPLATE) for _ in range(2))
    first.write()
    before = first.file.read_bytes()
    with pytest.raises(ConfigError, match=r"Another call has chosen and written .*/r/config\.yaml"):
        second.write()
    assert first.file.read_bytes() == before


@pytest.mark.usefixtures("machine")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    choice = own.chosen(asked(folder(tmp_path / "a"), results=tmp_path / "file/r"), TEMPLATE)
    with pytest.raises(ConfigError, match=r"file/r/config.yaml can't be written \(Not a directory"):
        choice.write()


def test_results_are_not_among_the_images(tmp_path: Path) -> None:
    images = folder(tmp_path / "a", 1)
    with pytest.raises(ConfigError, match=f"results must not be in {images}, where they would"):
        own.chosen(asked(images, results=images / "results"), TEMPLATE)


@pytest.mark.usefixtures("machine")
def test_it_says_what_takes_a_while_and_what_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = folder(tmp_path / "a")
    (images / "README").touch()
    with shown():
        own.chosen(asked(images, results=tmp_path / "r"), TEMPLATE)
    printed = capsys.readouterr().err
    assert f"Looking at the images in {images} …\n" in printed
    assert f"Leaving out of {images}: 1 without a suffix.\n" in printed
    assert "Measuring for about 20 seconds how fast this machine trains …\n" in printed
    logger.info("Not shown")
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("machine")
def test_another_choice_does_not_replace_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    images, others = folder(tmp_path / "a/flowers"), folder(tmp_path / "b/flowers")
    own.chosen(asked(images), TEMPLATE).write()
    for other in (asked(others), asked(images, image_size=64), asked(images, hours=3)):
        with pytest.raises(ConfigError, match=rf"was chosen for images={images} hours=2, not for"):
            own.chosen(other, TEMPLATE)
    elsewhere = own.chosen(asked(others, results="mine"), TEMPLATE)
    assert (elsewhere.file, elsewhere.config["data"]) == (Path("mine/config.yaml"), "mine/data")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"images": None}, "images must be given, as in --config images=/path/to/images."),
        ({"images": "/nowhere"}, "images must be a folder, a zip or a tar; there is no /nowhere."),
        ({"results": "a{b}"}, "results must be a path without {, } and $, not a{b}; rename it, or"),
        ({"image_size": 48}, "image_size must be one of 32, 64, 128, not 48; for another, edit"),
        ({"image_size": "64"}, "image_size must be one of 32, 64, 128, not '64'"),
        ({"hours": None}, "a profile of their own, as in snakemake --profile own --config images="),
        ({"hours": 0}, "hours must be a number above 0, not 0."),
        ({"hours": float("nan")}, "hours must be a number above 0, not nan."),
        ({"hours": True}, "hours must be a number above 0, not True."),
        ({"hours": "all"}, "hours must be a number above 0, not 'all'."),
        ({"lr": 0.1, "seed": 2}, "lr, seed can't be given beside images, only image_size"),
    ],
)
def test_what_is_asked_for_must_make_sense(
    more: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as error:
        own.chosen(asked(folder(tmp_path / "a", 1)) | more, TEMPLATE)
    assert message in str(error.value)


def test_there_must_be_enough_images_that_can_be_decoded(tmp_path: Path) -> None:
    few, damaged = folder(tmp_path / "few", 49), folder(tmp_path / "damaged", 50)
    with pytest.raises(InputError, match="has 49 images; there must be at least 50"):
        own.survey(few)
    for path in damaged.iterdir():
        path.write_bytes(b"nothing")
    with pytest.raises(InputError, match="must be an image that can be decoded"):
        own.survey(damaged)


def test_speeds_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "PATIENCE", 0.01)
    network = own.Network(8, [4], 6, 4)
    name, iteration, step = speed.speed(network._asdict(), gpu=False)
    assert name.startswith("CPU")
    assert 0 < step < iteration < 1


def test_on_a_gpu_what_is_measured_is_what_trainings_replay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changed: list[set[int]] = []

    def replayed(function: Any, inputs: Any, changes: Any) -> Any:
        changed.append({tensor.data_ptr() for tensor in changes})
        before = [tensor.clone() for tensor in changes]
        function(*inputs)
        assert any(not torch.equal(*pair) for pair in zip(before, changes, strict=True))
        return function

    monkeypatch.setattr(speed, "PATIENCE", 0.01)
    monkeypatch.setattr(speed, "replayed", replayed)
    speed.speed(own.Network(8, [4], 6, 4)._asdict(), gpu=False)
    assert len(changed) == len(own.MODELS)


def test_a_measurement_that_fails_says_why() -> None:
    with pytest.raises(ConfigError, match=r"(?s)could not be measured: .*KeyError: 'cpu'"):
        own.measured({})
