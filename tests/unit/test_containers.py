"""Finding and reading images in folders, zips and tars: none is lost silently."""

import io
import logging
import os
import tarfile
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from wngan.datasets import crops
from wngan.datasets.containers import Member, find_images, reader
from wngan.datasets.crops import crop_images
from wngan.errors import InputError


def encoded(number: int, kind: str = "PNG", **options: Any) -> bytes:
    """An image that no other number has."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (number, 0, 255 - number)).save(buffer, kind, **options)
    return buffer.getvalue()


def numbers(source: Path, tmp_path: Path) -> list[int]:
    """Of the images that are prepared, in order."""
    crop_images(source, tmp_path / "images.npy", 8, workers=1)
    images: NDArray[np.uint8] = np.load(tmp_path / "images.npy")
    return images[:, 0, 0, 0].tolist()


def fill(folder: Path, *images: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in images:
        (folder / f"{number}.png").write_bytes(encoded(number))
    return folder


def zip_of(path: Path, count: int = 3) -> Path:
    with ZipFile(path, "w") as archive:
        for number in range(count):
            archive.writestr(f"a/{number}.png", encoded(number))
    return path


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def tar_of(path: Path, *images: int, mode: Any = "w") -> Path:
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, mode) as tar:
        for number in images:
            add(tar, f"./{number}.png", encoded(number))
            add(tar, f"./{number}.json", b"{}")
    return path


def refusal(source: Path, tmp_path: Path) -> str:
    """The sentence with which a source is refused."""
    with pytest.raises(InputError) as raised:
        numbers(source, tmp_path)
    assert "object at 0x" not in str(raised.value)
    return str(raised.value)


class TestFolder:
    def test_links_are_followed_but_not_round_in_circles(self, tmp_path: Path) -> None:
        elsewhere = fill(tmp_path / "elsewhere", 1, 2)
        source = fill(tmp_path / "source/a", 0).parent
        links = {"b": elsewhere, "c": elsewhere, "a/up": source, "a/to": "../d"}
        for name, target in links.items():
            (source / name).symlink_to(target)
        fill(source / "d", 3)
        (source / "d/to").symlink_to("../a")
        names = [image.name for image in find_images(source)]
        assert sorted(name for name in names if name[0] in "abc" and name.count("/") == 1) == [
            "a/0.png",
            "b/1.png",
            "b/2.png",
        ]
        assert "d/3.png" in names
        assert not any("up" in name or "/to" in name for name in names)

    def test_a_file_is_taken_once_whatever_leads_to_it(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """As in packages of wallpapers, where a link stands for each desktop's default."""
        source = fill(tmp_path / "source/z", 1, 2).parent
        (source / "default.png").symlink_to("z/1.png")
        elsewhere = fill(tmp_path / "elsewhere", 3)
        for name in ("y.png", "x.png"):
            (source / name).symlink_to(elsewhere / "3.png")
        caplog.set_level(logging.INFO)
        assert [image.name for image in find_images(source)] == ["x.png", "z/1.png", "z/2.png"]
        assert caplog.messages[-1].endswith(": 2 links to files that are there already.")
        (tmp_path / "link").symlink_to(source)
        assert [image.name for image in find_images(tmp_path / "link")] == [
            "x.png",
            "z/1.png",
            "z/2.png",
        ]

    def test_one_that_cannot_be_read_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        closed = fill(fill(tmp_path / "source", 0) / "closed", 1)
        scandir = os.scandir

        def refusing(path: Path) -> Any:  # as for a user who may not; tests may run as root
            if Path(path) == closed:
                raise PermissionError(13, "Permission denied", str(path))
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refusing)
        message = refusal(tmp_path / "source", tmp_path)
        assert message.startswith(f"{closed} can't be read: Permission denied. Make it readable")

    def test_what_is_left_out_is_counted_in_one_line(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        source = fill(tmp_path / "source", 0)
        for name in ("a.TXT", "b.txt", "c.zip", "README", ".hidden.png", "d.heic"):
            (source / name).write_bytes(b"")
        os.mkfifo(source / "pipe.png")
        (source / "unmounted").symlink_to("/nowhere")
        caplog.set_level(logging.INFO)
        assert numbers(source, tmp_path) == [0]
        lines = [line for line in caplog.messages if "Leaving out" in line]
        assert lines == [
            f"Leaving out of {source}: 1 .heic, 2 .txt, 1 .zip, 1 hidden, 1 links to nothing, "
            "1 special files, 1 without a suffix."
        ]

    def test_an_image_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        source = fill(tmp_path / "source", 0)
        (source / "1.png").symlink_to("/nowhere/1.png")
        assert refusal(source, tmp_path).startswith(f"{source}/1.png can't be read: No such file")

    def test_every_still_format_is_taken(self, tmp_path: Path) -> None:
        source = fill(tmp_path / "source", 0)
        kinds = {
            "b.bmp": "BMP",
            "c.GIF": "GIF",
            "d.tif": "TIFF",
            "e.jfif": "JPEG",
            "f.avif": "AVIF",
        }
        for number, (name, kind) in enumerate(kinds.items()):
            (source / name).write_bytes(encoded(number, kind))
        assert [image.name for image in find_images(source)] == ["0.png", *kinds]
        assert len(numbers(source, tmp_path)) == 6

    def test_the_first_of_several_frames_is_taken_and_it_is_said(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        source = fill(tmp_path / "source", 0)
        more = [Image.new("RGB", (8, 8), (each, 0, 0)) for each in (200, 201)]
        for kind in ("GIF", "PNG", "TIFF", "WEBP"):
            content = encoded(9, kind, save_all=True, append_images=more)
            (source / f"x.{kind.lower()}").write_bytes(content)
        caplog.set_level(logging.INFO)
        found = numbers(source, tmp_path)
        assert found[0] == 0
        assert all(abs(number - 9) <= 3 for number in found[1:])
        assert "Taking the first of several frames or pages of 4 images." in caplog.messages

    def test_all_damaged_images_are_named_the_first_ten_and_their_number(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(crops, "BLOCK", 3)
        source = fill(tmp_path / "source", *range(20, 30))
        for number in range(12):
            (source / f"x{number:02}.jpg").write_bytes(b"<html>404" if number else b"")
        lines = refusal(source, tmp_path).splitlines()
        assert lines[0] == f"12 images of {source} can't be used:"
        decoded = "must be an image that can be decoded"
        assert lines[1] == f"{source}/x00.jpg {decoded} (it is empty)."
        assert lines[10] == f"{source}/x09.jpg {decoded} (it is an HTML page)."
        assert lines[11:] == ["… and 2 more."]

    def test_a_decoder_that_crashes_is_an_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(crops, "decode", lambda content, name: os._exit(1))
        message = refusal(fill(tmp_path / "source", 0), tmp_path)
        assert message.startswith(f"{tmp_path}/source: a process that reads its images died")

    def test_copies_are_counted(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """The same pixels, whatever the files are called and however they are encoded."""
        source = fill(tmp_path / "source", 1, 2, 3)
        caplog.set_level(logging.WARNING)
        assert numbers(source, tmp_path) == [1, 2, 3]
        assert caplog.messages == []
        (source / "4.bmp").write_bytes(encoded(2, "BMP"))
        (source / "5.png").write_bytes(encoded(2))
        assert numbers(source, tmp_path) == [1, 2, 3, 2, 2]
        (message,) = caplog.messages
        assert message.startswith(f"2 of 5 images of {source} are copies of others, to the pixel")

    @pytest.mark.parametrize(("count", "size"), [(3, 1), (320, 8), (1_000_000, crops.BLOCK)])
    def test_each_process_reads_many_parts(self, count: int, size: int) -> None:
        """A few large photographs as well as a million small ones."""
        images = [Member(f"{number}.png", Path(f"{number}.png")) for number in range(count)]
        blocks = list(crops._blocks(images, workers=2))
        assert [len(block) for block in blocks[:-1]] == [size] * (len(blocks) - 1)
        assert [row for block in blocks for row, _ in block] == list(range(count))


class TestFoldersAndFilesThatCannotBeRead:
    def test_all_of_them_are_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        source = fill(tmp_path / "source", 0)
        closed = {fill(source / name, 1) for name in "ab"}
        (source / "round.png").symlink_to("round.png")
        scandir = os.scandir

        def refusing(path: Path) -> Any:
            if Path(path) in closed:
                raise PermissionError(13, "Permission denied", str(path))
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refusing)
        lines = refusal(source, tmp_path).splitlines()
        assert lines[0] == f"3 folders and files of {source} can't be used:"
        assert sorted(line.split(" can't")[0] for line in lines[1:]) == [
            f"{source}/a",
            f"{source}/b",
            f"{source}/round.png",
        ]

    def test_all_archives_that_are_cut_are_named(self, tmp_path: Path) -> None:
        folder = tmp_path / "shards"
        for name in "abc":
            content = tar_of(folder / f"{name}.tar", 1, 2).read_bytes()
            (folder / f"{name}.tar").write_bytes(content if name == "b" else content[:1500])
        message = refusal(folder, tmp_path)
        assert message.startswith(f"2 folders and files of {folder} can't be used:\n")
        assert all(
            (f"{folder}/{name}.tar is cut short" in message) == (name != "b") for name in "abc"
        )

    def test_the_source_itself(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(path: Path) -> bool:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "is_dir", refuse)
        assert refusal(tmp_path / "x", tmp_path).startswith(
            f"{tmp_path}/x can't be read: Permission"
        )

    def test_links_that_lead_to_themselves_are_circles(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        source = fill(tmp_path / "source", 0)
        (source / "a").symlink_to("b")
        (source / "b").symlink_to("a")
        caplog.set_level(logging.INFO)
        assert numbers(source, tmp_path) == [0]
        assert f"Leaving out of {source}: 2 links round in a circle." in caplog.messages


def test_names_that_lead_out_of_an_archive_are_only_names(tmp_path: Path) -> None:
    names = ["../1.png", "../../etc/2.png", "/3.png", "C:\\4.png"]
    with ZipFile(tmp_path / "x.zip", "w") as archive, tarfile.open(tmp_path / "x.tar", "w") as tar:
        for number, name in enumerate(names):
            archive.writestr(name, encoded(number))
            add(tar, name, encoded(number))
    for suffix in ("zip", "tar"):
        assert sorted(numbers(tmp_path / f"x.{suffix}", tmp_path)) == [0, 1, 2, 3]


class TestZip:
    @pytest.mark.parametrize("split", ["by zip", "by bytes"])
    def test_one_that_was_split_is_named(self, tmp_path: Path, split: str) -> None:
        content = zip_of(tmp_path / "x.zip").read_bytes()
        if split == "by zip":
            last = content.rindex(b"PK\1\2") + 34  # the disk that the member is on
            content = content[:last] + b"\1" + content[last + 1 :]
        else:
            content = content[100:]
        (tmp_path / "x.zip").write_bytes(content)
        message = f"{tmp_path}/x.zip is one of several parts that a zip was split into. Join them"
        assert refusal(tmp_path / "x.zip", tmp_path).startswith(message)

    def test_images_of_one_name_are_different_images(self, tmp_path: Path) -> None:
        with ZipFile(tmp_path / "same.zip", "w") as archive:
            for number in (3, 1, 2):
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr("warnings.warn", lambda *args, **more: None)
                    archive.writestr("image.png", encoded(number))
        assert numbers(tmp_path / "same.zip", tmp_path) == [3, 1, 2]

    @pytest.mark.parametrize(
        ("central", "local", "value", "message"),
        [
            (10, 8, 9, r"is compressed by method 9 \(9: deflate64\), which Python can't read"),
            (8, 6, 1, "is encrypted; unpack the zip, and name the folder"),
        ],
    )
    def test_what_python_cannot_read_is_named_at_once(
        self, tmp_path: Path, central: int, local: int, value: int, message: str
    ) -> None:
        content = bytearray(zip_of(tmp_path / "x.zip").read_bytes())
        for signature, offset in ((b"PK\1\2", central), (b"PK\3\4", local)):
            at = content.find(signature)
            while at >= 0:
                content[at + offset] = value
                at = content.find(signature, at + 4)
        (tmp_path / "x.zip").write_bytes(content)
        with pytest.raises(InputError, match=rf"a/0\.png in {tmp_path}/x\.zip {message}"):
            find_images(tmp_path / "x.zip")

    def test_a_damaged_one_is_named(self, tmp_path: Path) -> None:
        content = zip_of(tmp_path / "x.zip").read_bytes()
        directory = content.index(b"PK\1\2")
        flipped = bytearray(content)
        flipped[content.index(b"IDAT") + 6] ^= 255
        for damaged, sentence in (
            (content[:-30], "x.zip must be a folder, a zip or a tar with images, and is none"),
            (content[: directory + 9] + bytes(20) + content[directory + 29 :], "x.zip"),
            (bytes(flipped), "a/0.png in "),
            (b"<html>Quota exceeded", "x.zip must be a zip or a tar with images: it is an HTML"),
            (b"", "x.zip must be a folder, a zip or a tar with images, and is none or damaged"),
        ):
            (tmp_path / "x.zip").write_bytes(damaged)
            assert sentence in refusal(tmp_path / "x.zip", tmp_path)

    def test_folders_of_windows_and_links_are_known(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr("a\\b.png", encoded(1))
            archive.writestr("more.zip", b"")
            archive.writestr("link.png", "b.png")
            archive.getinfo("link.png").external_attr = 0o120777 << 16
        caplog.set_level(logging.INFO)
        assert [image.name for image in find_images(tmp_path / "x.zip")] == ["a/b.png"]
        assert caplog.messages[-1].endswith("x.zip: 1 .zip, 1 links in archives.")


class TestTar:
    @pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tar.bz2", "tar.xz"])
    def test_it_is_read_as_a_zip_is(
        self, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(crops, "BLOCK", 2)
        mode = f"w:{suffix[4:]}"
        source = tar_of(tmp_path / f"x.{suffix}", 5, 3, 4, 1, mode=mode)
        assert numbers(source, tmp_path) == [1, 3, 4, 5]

    def test_shards_are_a_folder_of_tars(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        folder = tmp_path / "shards"
        tar_of(folder / "train-001.tar", 3, 2)
        tar_of(folder / "train-000.tar.gz", 5, 4, mode="w:gz")
        zip_of(folder / "train-002.zip", 1)
        caplog.set_level(logging.INFO)
        assert numbers(folder, tmp_path) == [4, 5, 2, 3, 0]
        assert f"Leaving out of {folder}: 4 .json." in caplog.messages
        fill(folder, 9)
        assert numbers(folder, tmp_path) == [9]
        assert caplog.messages[-3].endswith(": 1 .gz, 1 .tar, 1 .zip.")

    def test_links_in_it(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """GNU tar writes a file that it has by another name as a hard link."""
        with tarfile.open(tmp_path / "x.tar", "w") as tar:
            add(tar, "a/1.png", encoded(1))
            for name, kind in (("a/2.png", tarfile.LNKTYPE), ("a/3.png", tarfile.SYMTYPE)):
                info = tarfile.TarInfo(name)
                info.type, info.linkname = kind, "a/1.png"
                tar.addfile(info)
        caplog.set_level(logging.INFO)
        assert numbers(tmp_path / "x.tar", tmp_path) == [1, 1]
        assert f"Leaving out of {tmp_path}/x.tar: 1 links in archives." in caplog.messages

    @pytest.mark.parametrize("mode", ["w", "w:gz"])
    @pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
    def test_one_that_is_cut_is_named(self, tmp_path: Path, mode: str, part: float) -> None:
        source = tar_of(tmp_path / "x.tar", *range(9), mode=mode)
        content = source.read_bytes()
        content = content if mode != "w" else content[: 9 * 4 * 512]
        source.write_bytes(content[: int(len(content) * part)])
        assert refusal(source, tmp_path).startswith(f"{source} ")

    def test_no_image_after_the_end_or_damage_is_lost(self, tmp_path: Path) -> None:
        source = tar_of(tmp_path / "x.tar", 1, 2)
        content = source.read_bytes()
        damaged = bytearray(content)
        damaged[2048 + 148] ^= 1  # the checksum of the third member
        for other in (content * 2, bytes(damaged), content[: 8 * 512]):
            source.write_bytes(other)
            assert "or several tars in one" in refusal(source, tmp_path)

    def test_one_that_ends_in_a_zip_is_a_tar(self, tmp_path: Path) -> None:
        inner = zip_of(tmp_path / "inner.zip").read_bytes()
        with tarfile.open(tmp_path / "x.tar", "w") as tar:
            add(tar, "7.png", encoded(7))
            add(tar, "inner.zip", inner)
        assert numbers(tmp_path / "x.tar", tmp_path) == [7]


def test_a_member_says_where_it_is(tmp_path: Path) -> None:
    (image, *_) = find_images(zip_of(tmp_path / "x.zip"))
    assert str(image) == f"a/0.png in {tmp_path}/x.zip"
    with reader() as read:
        assert read(image) == encoded(0)


def test_one_archive_is_open_at_a_time(tmp_path: Path) -> None:
    """Of thousands, as data sets are sharded, a process may not have all open."""
    for index in range(40):
        with ZipFile(tmp_path / f"{index:02d}.zip", "w") as file:
            file.writestr("image.png", bytes([index]))
    members = find_images(tmp_path)
    opened = len(list(Path("/proc/self/fd").iterdir()))
    with reader() as read:
        assert [read(member) for member in members] == [bytes([index]) for index in range(40)]
        assert len(list(Path("/proc/self/fd").iterdir())) <= opened + 1
