"""Data sets of the paper's layouts, small, from a server on this machine to their permutations."""

import hashlib
import io
import json
import re
import shutil
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import lmdb
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image

from tests.unit.test_datasets import BATCHES, python2_pickle, tar_of
from tests.workflow.conftest import Repository
from wngan.data import open_images


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder and the address of what is in it."""
    folder = tmp_path_factory.mktemp("served")
    handler = partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def random_images(count: int, height: int, width: int) -> NDArray[np.uint8]:
    shape = (count, height, width, 3)
    return np.random.default_rng(height).integers(0, 256, shape, dtype=np.uint8)


def encode(pixels: NDArray[np.uint8], kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def celeba(path: Path) -> NDArray[np.uint8]:
    """The crops of a zip of 5 JPEGs of 178×218."""
    files = [encode(image, "JPEG") for image in random_images(5, 218, 178)]
    with ZipFile(path, "w") as file:
        file.writestr("img_align_celeba/", "")
        for number, content in enumerate(files, 1):
            file.writestr(f"img_align_celeba/{number:06d}.jpg", content)
    decoded = [np.asarray(Image.open(io.BytesIO(content))) for content in files]
    return np.stack(decoded)[:, 29:189, 9:169]


def cifar10(path: Path) -> NDArray[np.uint8]:
    """The images of an archive of 6 batches of 2."""
    images = random_images(12, 32, 32)
    batches = images.reshape(6, 2, 32, 32, 3).transpose(0, 1, 4, 2, 3).reshape(6, 2, 3072)
    tar_of(path, dict(zip(BATCHES, map(python2_pickle, batches), strict=True)))
    return images


def lsun_folder(folder: Path, images: NDArray[np.uint8]) -> None:
    """An LMDB of WebP images under digests of 40 digits, in the order of these."""
    folder.mkdir(parents=True)
    with (
        lmdb.open(str(folder), map_size=1 << 28) as environment,
        environment.begin(write=True) as transaction,
    ):
        for number, image in enumerate(images):
            key = f"{number:02x}{hashlib.sha1(image.tobytes()).hexdigest()[2:]}"
            transaction.put(key.encode(), encode(image, "WEBP", lossless=True))


def lsun(path: Path) -> NDArray[np.uint8]:
    """The crops of a zipped LMDB of 6 images of 341×256."""
    images = random_images(6, 256, 341)
    folder = path.with_name("unzipped") / "bedroom_train_lmdb"
    lsun_folder(folder, images)
    with ZipFile(path, "w", ZIP_DEFLATED) as file:
        for name in ("data.mdb", "lock.mdb"):
            file.write(folder / name, f"bedroom_train_lmdb/{name}")
    return images[:, :, 42:298]


ARCHIVES = {
    "celeba": (celeba, "img_align_celeba.zip", 160),
    "cifar10": (cifar10, "cifar-10-python.tar.gz", 32),
    "lsun": (lsun, "bedroom_train_lmdb.zip", 256),
}


def configure(repository: Repository, **datasets: dict[str, Any]) -> None:
    """Writes a configuration of nothing but data sets."""
    config: dict[str, Any] = {"results": "results", "data": "data", "seed": 1}
    config |= {
        "keep_snapshots": True,
        "save_every": 300,
        "experiments": {},
        "tables": {},
        "figures": {},
        "claims": {},
    }
    for dataset in datasets.values():
        dataset |= {"test": 2, "split_seed": 1}
    config["datasets"] = datasets
    (repository.root / "tiny.yaml").write_text(yaml.safe_dump(config))


def archived(kind: str, folder: Path, source: str) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """The settings of a data set whose archive is made in `folder`, and its images."""
    make, name, image_size = ARCHIVES[kind]
    images = make(folder / name)
    content = (folder / name).read_bytes()
    archive = {"file": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    archive |= {"sources": [f"{source}/missing", f"{source}/{name}"]}
    return {"type": kind, "image_size": image_size, "archive": archive}, images


def test_every_type_is_fetched_prepared_and_split(
    repository: Repository, served: tuple[Path, str], tmp_path: Path
) -> None:
    folder, source = served
    datasets, expected = {}, {}
    for kind in ARCHIVES:
        datasets[f"my_{kind}"], expected[f"my_{kind}"] = archived(kind, folder, source)
    photos = random_images(4, 20, 30)
    for number, image in enumerate(photos):
        (tmp_path / "photos" / f"{number % 2}").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"photos/{number % 2}/{number}.png").write_bytes(encode(image, "PNG"))
    mine = {"type": "folder", "path": str(tmp_path / "photos"), "image_size": 16}
    datasets["mine"], expected["mine"] = mine, photos[[0, 2, 1, 3], 2:18, 7:23]
    datasets["resized"] = mine | {"resize": True}
    configure(repository, **datasets)

    targets = [f"data/{name}/permutation.npy" for name in datasets]
    repository.tiny(*targets)
    data = repository.root / "data"
    for name, images in expected.items():
        info = json.loads((data / name / "images.json").read_text())
        assert info["count"] == len(images)
        assert info["size"] == datasets[name]["image_size"]
        found = open_images(data / name / "images.json")
        order = np.load(data / name / "permutation.npy")
        np.testing.assert_array_equal(found[order], images[order])
        if "archive" in datasets[name]:
            assert datasets[name]["archive"]["sha256"] in info["source"]
            file = datasets[name]["archive"]["file"]
            assert (data / "raw" / file).read_bytes() == (folder / file).read_bytes()
    assert open_images(data / "resized/images.json")[np.arange(4)].shape == (4, 16, 16, 3)
    files = (
        path.name for path in (data / "my_lsun").rglob("*") if path.suffix not in (".log", ".lock")
    )
    assert sorted(files) == [
        "data.mdb",
        "images.json",
        "keys.npy",
        "lmdb",
        "permutation.npy",
        "source.txt",
    ]
    assert not repository.replanned(*targets)

    # Archives are known by their digests and not by their age; nor is a folder's age looked at.
    (tmp_path / "photos/notes.txt").touch()
    lsun_digest = datasets["my_lsun"]["archive"]["sha256"]
    for path in (data / "raw").iterdir():
        path.touch()
    assert not repository.replanned(*targets)

    # Another crop of LSUN's images unpacks nothing, and leaves the split as it is.
    unpacked, split = data / "my_lsun/lmdb/data.mdb", data / "my_lsun/permutation.npy"
    made, permuted = unpacked.stat().st_mtime_ns, split.read_bytes()
    datasets["my_lsun"]["image_size"] = 128
    configure(repository, **datasets)
    assert repository.replanned(*targets) == {"index_lsun": 1, "split": 1}
    repository.tiny(*targets)
    found = open_images(data / "my_lsun/images.json")[np.arange(6)]
    np.testing.assert_array_equal(found, expected["my_lsun"][:, 64:192, 64:192])
    assert unpacked.stat().st_mtime_ns == made
    assert split.read_bytes() == permuted
    assert not repository.replanned(*targets)

    datasets["my_lsun"]["archive"]["sha256"] = "0" * 64
    configure(repository, **datasets)
    assert repository.replanned(*targets) == {"unpack_lsun": 1, "index_lsun": 1, "split": 1}
    printed = repository.tiny(*targets, fails=True)
    assert f"bedroom_train_lmdb.zip has sha256 {lsun_digest}, not {'0' * 64}." in printed


def test_a_page_in_place_of_an_archive_is_named(
    repository: Repository, served: tuple[Path, str]
) -> None:
    folder, source = served
    dataset, _ = archived("celeba", folder, source)
    (folder / "img_align_celeba.zip").write_text("<html>Quota exceeded</html>")
    configure(repository, faces=dataset)
    printed = repository.tiny("data/faces/images.json", fails=True)
    assert "img_align_celeba.zip: It offers something else: it is an HTML page" in printed
    (repository.root / "data/raw/img_align_celeba.zip").write_text("<html>Quota exceeded</html>")
    printed = repository.tiny("data/faces/images.json", fails=True)
    assert "img_align_celeba.zip has 27 bytes, not " in printed
    assert "it is an HTML page" in printed
    assert "Traceback" not in printed
    assert not (repository.root / "data/faces/images.json").exists()


def test_an_unpacked_lmdb_is_used_where_it_lies(repository: Repository, tmp_path: Path) -> None:
    """By training, evaluation and figures; they give the same as for the images in a folder."""
    images = random_images(30, 12, 10)
    lsun_folder(tmp_path / "lsun/bedroom_train_lmdb", images)
    (tmp_path / "lsun/bedroom_train_lmdb/lock.mdb").unlink()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "lsun").rglob("*")}
    (tmp_path / "photos").mkdir()
    for number, image in enumerate(images):
        (tmp_path / f"photos/{number:02d}.png").write_bytes(encode(image, "PNG"))

    text = (repository.root / "tiny.yaml").read_text()
    archive = {"file": str(tmp_path / "lsun/bedroom_train_lmdb"), "bytes": 1, "sha256": "0" * 64}
    figure = {"experiment": "tiny", "runs": ["wn"], "choose": "random", "rows": 2, "groups": 2}
    found = []
    for results, settings in (
        ("lsun", {"type": "lsun", "archive": archive | {"sources": []}}),
        ("photos", {"type": "folder", "path": str(tmp_path / "photos")}),
    ):
        config = yaml.safe_load(text) | {"results": f"results/{results}", "data": f"data/{results}"}
        config["experiments"]["tiny"]["models"] = {"wn": {"iterations": 20, "instances": 1}}
        config |= {"tables": {}, "statistics": {}, "quality": {}, "claims": {}}
        config["figures"] = {"reconstructions": {"figure02": figure}}
        config["datasets"]["digits"] = settings | {"image_size": 8, "test": 12, "split_seed": 2}
        (repository.root / "tiny.yaml").write_text(yaml.safe_dump(config))
        made = [
            f"results/{results}/{name}"
            for name in ("figures/figure02.png", "runs/tiny/wn/1/running.csv")
        ]
        repository.tiny(*made)
        assert not repository.replanned(*made)
        found += [(repository.root / name).read_bytes() for name in made]
    assert found[:2] == found[2:]

    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "lsun").rglob("*")} == before
    prepared = repository.root / "data/lsun/digits"
    assert not (prepared / "lmdb").exists()
    info = json.loads((prepared / "images.json").read_text())
    assert info["lmdb"] == archive["file"]
    assert info["source"] == "LSUN, the folder bedroom_train_lmdb, whose digest is not known"


def test_an_unpacked_archive_is_read_or_named(repository: Repository, tmp_path: Path) -> None:
    """CIFAR-10's folder is as good as its archive; CelebA's is a data set of another type."""
    images = cifar10(tmp_path / "cifar.tar.gz")
    with tarfile.open(tmp_path / "cifar.tar.gz") as tar:
        tar.extractall(tmp_path)
    (tmp_path / "img_align_celeba").mkdir()
    datasets = {}
    for name, folder in (("cifar10", "cifar-10-batches-py"), ("celeba", "img_align_celeba")):
        archive = {"file": f"{tmp_path}/{folder}", "bytes": 1, "sha256": "0" * 64, "sources": []}
        datasets[name] = {"type": name, "image_size": 32, "archive": archive}
    configure(repository, **datasets)
    printed = repository.tiny("data/celeba/images.json", "data/cifar10/images.json", fails=True)
    sentence = (
        "datasets.celeba.archive.file must be an archive; for the folder "
        f"{tmp_path}/img_align_celeba say `type: folder` and `path`"
    )
    assert sentence in printed
    assert "Traceback" not in printed
    assert not (repository.root / "data").exists()
    repository.tiny("data/cifar10/images.json")
    info = json.loads((repository.root / "data/cifar10/images.json").read_text())
    assert info["source"] == "CIFAR-10, the folder cifar-10-batches-py, whose digest is not known"
    np.testing.assert_array_equal(np.load(repository.root / "data/cifar10/images.npy"), images)


def test_damaged_images_are_the_last_lines_of_the_log(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    for number, image in enumerate(random_images(3, 8, 8)):
        (tmp_path / f"photos/{number}.png").write_bytes(encode(image, "PNG"))
        (tmp_path / f"photos/x{number}.jpg").write_bytes(b"<html>404</html>")
    configure(repository, mine={"type": "folder", "path": f"{tmp_path}/photos", "image_size": 8})
    printed = repository.tiny("data/mine/images.json", fails=True)
    named = [
        f"{tmp_path}/photos/x{number}.jpg must be an image that can be decoded "
        "(it is an HTML page)."
        for number in range(3)
    ]
    log = (repository.root / "data/mine/prepare.log").read_text()
    assert log.splitlines()[-3:] == named
    assert "\n".join(named) in "\n".join(printed.splitlines()[-10:])
    assert "Traceback" not in printed + log
    assert "object at 0x" not in printed + log


def test_what_the_user_has_must_be_there_if_it_is_needed(
    repository: Repository, tmp_path: Path
) -> None:
    """One sentence names the key and the path before anything starts."""
    (tmp_path / "lmdb").mkdir()
    digest = {"bytes": 1, "sha256": "0" * 64, "sources": []}
    datasets: dict[str, dict[str, Any]] = {
        "mine": {"type": "folder", "path": f"{tmp_path}/photos", "image_size": 8},
        "digits": {"type": "digits", "image_size": 8},
    }
    for name, kind, file in (
        ("faces", "celeba", "faces.zip"),
        ("rooms", "lsun", "rooms"),
        ("empty", "lsun", "lmdb"),
    ):
        archive = digest | {"file": f"{tmp_path}/{file}"}
        datasets[name] = {"type": kind, "image_size": 8, "archive": archive}
    configure(repository, **datasets)
    copy = "must be a copy that you have, or a relative path to fetch it to; there is no"
    for name, sentence in (
        (
            "mine",
            f"path must be a folder, a zip or a tar with images; there is no {tmp_path}/photos",
        ),
        ("faces", f"archive.file {copy} {tmp_path}/faces.zip"),
        ("rooms", f"archive.file {copy} {tmp_path}/rooms"),
        (
            "empty",
            "archive.file must be an archive, or a folder with an LMDB; "
            f"there is no {tmp_path}/lmdb/data.mdb",
        ),
    ):
        targets = ("data/digits/images.json", f"data/{name}/permutation.npy")
        printed = repository.tiny(*targets, fails=True)
        assert f" datasets.{name}.{sentence}\n" in printed
        assert "Traceback" not in printed
    assert not (repository.root / "data").exists()
    assert repository.replanned("data/digits/permutation.npy") == {"prepare_digits": 1, "split": 1}

    # What was prepared of it is used without it.
    (tmp_path / "photos").mkdir()
    for number, image in enumerate(random_images(3, 8, 8)):
        (tmp_path / f"photos/{number}.png").write_bytes(encode(image, "PNG"))
    repository.tiny("data/mine/images.json")
    shutil.rmtree(tmp_path / "photos")
    assert repository.replanned("data/mine/permutation.npy") == {"split": 1}


def test_purged_images_are_prepared_again_and_train_nothing(
    repository: Repository, served: tuple[Path, str], tmp_path: Path
) -> None:
    """Of every type, archives included, before a changed evaluation, also without snapshots."""
    folder, source = served
    tiny = yaml.safe_load((repository.root / "tiny.yaml").read_text())
    experiment = tiny["experiments"]["tiny"]
    experiment |= {"batch_size": 2, "models": {"wn": {"iterations": 20, "instances": 1}}}
    experiment["evaluation"]["running"]["images"] = 2
    experiment["evaluation"]["final"] = {"images": 2, "steps": 4, "shards": 1}
    (tmp_path / "photos").mkdir()
    for number, image in enumerate(random_images(5, 20, 30)):
        (tmp_path / f"photos/{number}.png").write_bytes(encode(image, "PNG"))
    datasets = {name: archived(name, folder, source)[0] for name in ARCHIVES}
    datasets |= {"folder": {"type": "folder", "path": str(tmp_path / "photos")}}
    datasets |= {"digits": {"type": "digits"}}
    for name, dataset in datasets.items():
        dataset |= {"image_size": 32 if name == "cifar10" else 8}
    configure(repository, **datasets)
    config = yaml.safe_load((repository.root / "tiny.yaml").read_text())
    config["keep_snapshots"] = False
    for name in datasets:
        channels = [4] * 3 if name == "cifar10" else [4]
        config["experiments"][name] = experiment | {"dataset": name, "channels": channels}
    (repository.root / "tiny.yaml").write_text(yaml.safe_dump(config))
    targets = [f"results/runs/{name}/wn/1/final/optimal.csv" for name in datasets]
    repository.tiny(*targets)
    assert not list((repository.root / "results").rglob("snapshots"))
    prepared = [repository.root / f"data/{name}/images.json" for name in datasets]
    before = [path.read_bytes() for path in prepared]

    shutil.rmtree(repository.root / "data")
    experiment["evaluation"]["final"]["steps"] = 5
    (repository.root / "tiny.yaml").write_text(yaml.safe_dump(config))
    ran = re.findall(r"^\w*(?:rule|checkpoint) (\w+):$", repository.tiny(*targets), re.MULTILINE)
    assert not {"train_segment", "evaluate_segment"} & set(ran)
    assert ran.count("split") == ran.count("reconstruct_shard") == len(datasets)
    assert [path.read_bytes() for path in prepared] == before
    assert not repository.replanned(*targets)
