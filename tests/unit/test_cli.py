"""The command line for trained models."""

import logging
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from scripts import sample
from wngan import __version__, checkpoint, cli
from wngan.cli import main
from wngan.evaluator import reconstruct
from wngan.pictures import GAP, SHOWN
from wngan.randomness import fixed_codes
from wngan.sampling import between, draw
from wngan.settings import Settings, load_generator
from wngan.tensors import to_tensor

SCALE = SHOWN // 8


@pytest.fixture(autouse=True)
def _log() -> Iterator[None]:
    """Leaves the root logger as it was."""
    handlers = list(logging.root.handlers)
    yield
    logging.root.handlers[:] = handlers


@pytest.fixture
def model(tiny: Settings, tmp_path: Path) -> Path:
    torch.manual_seed(0)
    generator = tiny.generator()
    path = tmp_path / "model.safetensors"
    tensors = checkpoint.with_prefix("generator", generator.state_dict())
    checkpoint.save(path, tensors, {"settings": asdict(tiny), "iteration": 6})
    return path


def cells(picture: Path, rows: int, columns: int, top: int = 0) -> NDArray[np.uint8]:
    """The images (rows, columns, 8, 8, 3) of a grid, each pixel of which must be a whole square."""
    pixels = np.asarray(Image.open(picture))[top:]
    step = SHOWN + GAP
    found = np.empty((rows, columns, 8, 8, 3), np.uint8)
    for row in range(rows):
        for column in range(columns):
            y, x = GAP + row * step, GAP + column * step
            cell = pixels[y : y + SHOWN, x : x + SHOWN]
            found[row, column] = cell[::SCALE, ::SCALE]
            np.testing.assert_array_equal(
                cell, found[row, column].repeat(SCALE, 0).repeat(SCALE, 1)
            )
    return found


def fails(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        main(list(map(str, arguments)))
    assert isinstance(exit_.value.code, int)
    return exit_.value.code


def test_samples_are_the_workflows(model: Path, tmp_path: Path) -> None:
    output = tmp_path / "samples.png"
    main(["sample", str(model), str(output), "--rows", "5", "--columns", "8"])
    sample.main(model, tmp_path, "optimal", tmp_path / "samples.npy", 40, torch.device("cpu"))
    expected = np.load(tmp_path / "samples.npy")
    np.testing.assert_array_equal(cells(output, 5, 8).reshape(40, 8, 8, 3), expected)
    step = SHOWN + GAP
    assert Image.open(output).size == (8 * step + GAP, 5 * step + GAP)
    frame = np.asarray(Image.open(output))
    assert {*frame[:GAP].ravel(), *frame[:, :GAP].ravel(), *frame[-GAP:].ravel()} == {255}


def test_other_seeds_are_other_samples_and_equal_ones_the_same_bytes(
    model: Path, tmp_path: Path
) -> None:
    pictures = []
    for number, seed in enumerate((0, 1, 1)):
        output = tmp_path / f"{number}.png"
        main(["sample", str(model), str(output), "--rows", "2", "--seed", str(seed)])
        pictures.append(output.read_bytes())
    assert pictures[0] != pictures[1] == pictures[2]


def test_interpolation_goes_from_sample_to_sample(model: Path, tmp_path: Path) -> None:
    output = tmp_path / "path.png"
    main(["interpolate", str(model), str(output), "--rows", "3", "--columns", "6"])
    found = cells(output, 3, 6)
    generator, _ = load_generator(model)
    samples = draw(generator, fixed_codes(4, 6))
    np.testing.assert_array_equal(found[:, 0], samples[:-1])
    np.testing.assert_array_equal(found[:, -1], samples[1:])
    steps = np.abs(np.diff(found.astype(int), axis=1)).mean((2, 3, 4))
    whole = np.abs(found[:, -1].astype(int) - found[:, 0]).mean((1, 2, 3))
    assert (steps.max(1) < whole).all()


def test_codes_between_codes_are_as_long_as_those_of_training() -> None:
    codes = fixed_codes(400, 64)
    path = between(codes, 5)
    assert path.shape == (399, 5, 64)
    assert path.dtype == np.float32
    np.testing.assert_allclose(path[:, 0], codes[:-1], atol=1e-6)
    np.testing.assert_allclose(path[:, -1], codes[1:], atol=1e-6)
    np.testing.assert_allclose(np.square(path).mean((0, 2)), 1, atol=0.05)
    (one,) = between(codes[:2], 1)
    np.testing.assert_array_equal(one, codes[:1])


def test_reconstructions_are_the_evaluators(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    files = [tmp_path / "fits.png", tmp_path / "wide.jpg"]
    Image.fromarray(pixels).save(files[0])
    Image.new("RGB", (50, 20), (200, 10, 30)).save(files[1], quality=100)
    output = tmp_path / "out.png"
    main(["reconstruct", str(model), *map(str, files), "--output", str(output), "--steps", "30"])

    picture = Image.open(output)
    found = cells(output, 2, 3, top=picture.height - 2 * SHOWN - 3 * GAP).astype(int)
    np.testing.assert_array_equal(found[0, 0], pixels)
    assert np.abs(found[1, 0] - (200, 10, 30)).max() <= 3  # JPEG
    generator, _ = load_generator(model)
    given = to_tensor(found[:, 0].astype(np.uint8))
    losses = reconstruct(generator, given, steps=30, loss_batch=4).losses.tolist()
    printed = re.findall(r"^(.*): (0\.\d{6})$", capsys.readouterr().out, re.MULTILINE)
    assert [path for path, _ in printed] == list(map(str, files))
    np.testing.assert_allclose([float(loss) for _, loss in printed], losses, atol=2e-6)
    made = np.square((found[:, 1] - found[:, 0]) / 255).mean((1, 2, 3))
    np.testing.assert_allclose(made, losses, rtol=0.02)
    errors = np.abs(found[:, 1] - found[:, 0])
    assert found[:, 2].max() == 255
    np.testing.assert_allclose(found[:, 2], errors * (255 / errors.max()), atol=0.51)
    labels = np.asarray(picture)[:, 3 * (SHOWN + GAP) + GAP :]
    assert labels.min() < 128  # some text


def test_nothing_that_exists_is_lost(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "mine.png"
    output.write_text("precious")
    assert fails("sample", model, output) == 2
    assert "mine.png exists; with --force it is replaced." in capsys.readouterr().err
    assert output.read_text() == "precious"
    main(["sample", str(model), str(output), "--force", "--rows", "1"])
    assert output.read_bytes().startswith(b"\x89PNG")


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert fails("--version") == 0
    assert capsys.readouterr().out == f"wngan {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["sample", "MODEL", "a.txt"], 2, "a.txt must end in .png, .jpg"),
        (["sample", "MODEL", "no/a.png"], 2, ".pdf, in a folder that exists."),
        (["sample", "MODEL", "a.png", "--rows", "0"], 2, "a whole number from 1, not '0'"),
        (["interpolate", "MODEL", "a.png", "--seed", "-1"], 2, "a whole number from 0, not '-1'"),
        (["sample", "none.safetensors", "a.png"], 1, "none.safetensors is not a readable"),
        (["sample", "empty", "a.png"], 2, "empty is a folder; name a checkpoint, such as empty/"),
        (["sample", "DAMAGED", "a.png"], 1, "do not match their digest."),
        (["sample", "OTHER", "a.png"], 1, "other.safetensors has no generator."),
        (["reconstruct", "MODEL", "MODEL", "--output", "a.png"], 1, "must be an image"),
        (["reconstruct", "MODEL", "no.png", "--output", "a.png"], 1, "No such file"),
        (["reconstruct", "MODEL", "--output", "a.png"], 2, "required: IMAGES"),
        (["evaluate", "MODEL", "no-folder"], 1, "No such file"),
        (["evaluate", "MODEL", "empty"], 1, "empty has no images"),
        (["evaluate", "MODEL", "x.png", "--output", "a.txt"], 2, "a.txt must end in .csv, .png"),
        (["evaluate", "MODEL", "x.png", "--threads", "0"], 2, "a whole number from 1, not '0'"),
        (["evaluate", "MODEL", "x.png", "--device", "meta"], 2, "must be cpu, cuda or cuda:1"),
        (
            ["sample", "MODEL", "a.png", "--rows", "10001", "--columns", "1"],
            2,
            "at most 10000 images",
        ),
        (["evaluate", "MODEL", "x.png", "--device", "cuda:99"], 2, "finds no GPU cuda:99 here"),
        (["evaluate", "MODEL", "x.png", "--device", "tpu!"], 2, "must be cpu, cuda or cuda:1"),
        (["compare", "MODEL", "OTHER", "empty"], 1, "other.safetensors has no generator."),
        (["compare", "MODEL", "LARGE", "empty"], 1, "of 8 pixels, large.safetensors of 16."),
        (
            ["evaluate", "MODEL", "empty", "--output", "a.png", "--output", "a.png"],
            2,
            "a.png is named twice.",
        ),
        ([], 2, "COMMAND"),
    ],
)
def test_mistakes_are_one_sentence(
    arguments: list[str],
    status: int,
    message: str,
    model: Path,
    tiny: Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    large = replace(tiny, image_size=16, channels=(4, 4))
    tensors = checkpoint.with_prefix("generator", large.generator().state_dict())
    checkpoint.save(Path("large.safetensors"), tensors, {"settings": asdict(large)})
    damaged = bytearray(model.read_bytes())
    damaged[-1] ^= 1
    Path("damaged.safetensors").write_bytes(damaged)
    checkpoint.save(Path("other.safetensors"), {"codes": torch.zeros(2)}, {"iteration": 6})
    files = {name: f"{name.lower()}.safetensors" for name in ("MODEL", "DAMAGED", "OTHER", "LARGE")}
    assert fails(*(files.get(argument, argument) for argument in arguments)) == status
    last = capsys.readouterr().err.splitlines()[-1]
    assert message in last
    assert not Path("a.png").exists()


def test_large_images_are_shown_as_they_are(tiny: Settings, tmp_path: Path) -> None:
    settings = replace(tiny, image_size=160, channels=(2, 2, 2, 2, 2), model="vanilla")
    tensors = checkpoint.with_prefix("generator", settings.generator().state_dict())
    path, output = tmp_path / "model.safetensors", tmp_path / "a.png"
    checkpoint.save(path, tensors, {"settings": asdict(settings)})
    main(["sample", str(path), str(output), "--rows", "1", "--columns", "2"])
    assert Image.open(output).size == (2 * 160 + 3 * GAP, 160 + 2 * GAP)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five images, in a folder with a folder."""
    folder = tmp_path / "images"
    (folder / "more").mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(folder / ("more" if number > 2 else "") / f"{number}.png")
    return folder


def losses_of(path: Path, folder: Path) -> list[float]:
    files = sorted(folder.rglob("*.png"), key=lambda file: file.relative_to(folder).as_posix())
    given = to_tensor(np.stack([np.asarray(Image.open(file)) for file in files]))
    generator, _ = load_generator(path)
    return reconstruct(generator, given, steps=20, loss_batch=4).losses.tolist()


def test_evaluation_of_a_folder(
    model: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, picture = tmp_path / "losses.csv", tmp_path / "shown.jpg"
    outputs = ["--output", str(table), "--output", str(picture)]
    main(["evaluate", str(model), str(folder), "--steps", "20", "--threads", "1", *outputs])
    losses = losses_of(model, folder)
    header, *rows = [line.split(",") for line in table.read_text().splitlines()]
    assert header == ["image", "loss"]
    assert [name for name, _ in rows] == [
        f"{folder}/{name}.png" for name in ("0", "1", "2", "more/3", "more/4")
    ]
    np.testing.assert_allclose([float(loss) for _, loss in rows], losses, rtol=1e-5)
    printed = capsys.readouterr().out
    (numbers,) = re.findall(r"^mean loss (\S+) \[(\S+), (\S+)\] over 5 images$", printed, re.M)
    mean, low, high = map(float, numbers)
    assert low < mean < high
    np.testing.assert_allclose(mean, np.mean(losses), atol=1e-6)
    with Image.open(picture) as shown:
        assert shown.format == "JPEG"
        assert shown.height > 3 * SHOWN


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_archives_are_as_their_folder(
    kind: str, model: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = shutil.make_archive(str(tmp_path / "packed"), kind, folder)
    printed = []
    for source in (str(folder), archive):
        main(["evaluate", str(model), source, "--steps", "2"])
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "over 5 images" in printed[0]


def test_comparison_is_of_pairs(
    model: Path, tiny: Settings, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other, table = tmp_path / "other.safetensors", tmp_path / "pairs.csv"
    torch.manual_seed(1)
    tensors = checkpoint.with_prefix("generator", tiny.generator().state_dict())
    checkpoint.save(other, tensors, {"settings": asdict(tiny)})
    picture = tmp_path / "pairs.png"
    outputs = ["--output", str(table), "--output", str(picture)]
    main(["compare", str(model), str(other), str(folder), "--steps", "20", *outputs])
    a, b = losses_of(model, folder), losses_of(other, folder)
    header, *rows = [line.split(",") for line in table.read_text().splitlines()]
    assert header == ["image", "loss_a", "loss_b", "difference"]
    found = np.array([[float(cell) for cell in row[1:]] for row in rows])
    np.testing.assert_allclose(found[:, :2], np.transpose([a, b]), rtol=1e-5)
    np.testing.assert_allclose(found[:, 2], found[:, 0] - found[:, 1], atol=1e-7)
    printed = capsys.readouterr().out
    (last,) = re.findall(r"^A - B: (\S+) \[(\S+), (\S+)\] over 5 images; A .* (\d)", printed, re.M)
    value, low, high = map(float, last[:3])
    assert low <= value <= high
    np.testing.assert_allclose(value, found[:, 2].mean(), atol=1e-6)
    assert int(last[3]) == (found[:, 2] < 0).sum()
    assert Image.open(picture).height > 3 * SHOWN
    main(["compare", str(model), str(model), str(folder), "--steps", "2"])
    assert "A - B: +0.000000 [+0.000000, +0.000000]" in capsys.readouterr().out


def test_one_image_has_no_interval(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = next(path for path in folder.iterdir() if path.suffix == ".png")
    main(["evaluate", str(model), str(image), "--steps", "2"])
    main(["compare", str(model), str(model), str(image), "--steps", "2"])
    printed = capsys.readouterr().out
    assert "[" not in printed
    assert re.search(r"^mean loss 0\.\d{6} over one image$", printed, re.MULTILINE)
    assert "A - B: +0.000000 over one image;" in printed


def test_threads_are_at_most_what_the_process_may_use(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    monkeypatch.setattr(cli, "usable_cores", lambda: 3)
    main(["sample", str(model), str(tmp_path / "a.png"), "--rows", "1"])
    for threads in ("2", "5"):
        output = str(tmp_path / f"{threads}.png")
        main(["sample", str(model), output, "--rows", "1", "--threads", threads])
    assert asked == [3, 2, 3]


def test_a_picture_that_cannot_be_encoded_replaces_none(model: Path, tmp_path: Path) -> None:
    """A WebP has at most 16,383 pixels a side."""
    (tmp_path / "a.webp").write_bytes(b"before")
    size = ["--rows", str(17000 // SHOWN), "--columns", "1"]
    assert fails("sample", model, tmp_path / "a.webp", *size, "--force") == 1
    assert (tmp_path / "a.webp").read_bytes() == b"before"
    assert fails("sample", model, tmp_path / "b.webp", *size) == 1
    assert not (tmp_path / "b.webp").exists()


def test_names_in_no_encoding(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
    Image.new("RGB", (8, 8)).save(image)
    output = tmp_path / "losses.csv"
    main(["reconstruct", str(model), str(image), "--steps", "1", "--output", str(output)])
    assert capsys.readouterr().out.startswith(f"{tmp_path}/\\xff.png: ")
    assert f"{tmp_path}/\\xff.png," in output.read_text()


def test_ctrl_c_is_a_sentence(
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "draw", interrupt)
    assert fails("sample", model, tmp_path / "a.png") == 130
    assert capsys.readouterr().err == "wngan: interrupted; nothing was written.\n"


def test_an_image_that_a_zip_hangs_on_is_an_image(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with ZipFile(tmp_path / "a.png", "a") as archive:
        archive.writestr("b.txt", "")
    main(["evaluate", str(model), str(tmp_path / "a.png"), "--steps", "1"])
    assert "over one image" in capsys.readouterr().out
