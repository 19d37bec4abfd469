"""Finding and reading the images in a folder, a zip, a tar, or a folder of zips and tars."""

import errno
import io
import os
import posixpath
import stat
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath
from tarfile import TarFile, TarInfo
from typing import IO, Any, cast
from zipfile import ZipFile, ZipInfo

from wngan.datasets.archives import reading
from wngan.decoding import suffixes
from wngan.digests import CHUNK
from wngan.errors import NOT_THE_FILE, START, InputError, all_of, is_html
from wngan.log import logger
from wngan.progress import Progress

ARCHIVES = (".tar", ".tar.bz2", ".tar.gz", ".tar.xz", ".tbz2", ".tgz", ".txz", ".zip")
"""Of names of archives in a folder."""

READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
"""Compressions of zips that Python knows."""

LINK, HIDDEN, SPECIAL = "links in archives", "hidden", "special files"
CIRCLE, NOWHERE = "links round in a circle", "links to nothing"
TWICE = "links to files that are there already"
"""What is left out, beside what is counted by suffix."""


@dataclass(frozen=True)
class Member:
    """A file that may be an image.

    Args:
        name: from the folder or archive that was searched, with / between its parts.
        file: it itself, or the archive that it is in.
        entry: where it is in that.
        offset: where it begins in an archive that is compressed as a whole, which is slow to read
            in another order.
        is_link: whether the file is a link.
    """

    name: str
    file: Path
    entry: ZipInfo | TarInfo | None = None
    offset: int | None = None
    is_link: bool = False

    def __str__(self) -> str:
        return str(self.file) if self.entry is None else f"{self.name} in {self.file}"

    @property
    def kind(self) -> str:
        """Its suffix in lower case, or another word for what log lines count it as."""
        path = PurePosixPath(self.name)
        hidden = (part.startswith(".") and part != ".." for part in path.parts)
        if any(hidden) or "__MACOSX" in path.parts:
            return HIDDEN
        return path.suffix.lower() or "without a suffix"


Found = Member | str | InputError
"""A file, what kind of thing is left out in its place, or why it can't be read."""


def find_images(source: Path) -> list[Member]:
    """The images in a folder (at any depth), a zip or a tar, sorted by name.

    Links are followed, but not round in circles, and a file is taken once, however many lead to it,
    lest an image be both for training and for testing. Of a folder without images the zips and tars
    are searched. A log line counts what is left out: by suffix what is no image, and what is hidden
    or what macOS adds to zips.

    Raises:
        InputError: `source` is none of these or has no images; or folders, archives or images in it
            can't be read, as far as that is known before they are. All are named, up to ten.
    """
    with reading(source):
        is_folder = source.is_dir()
    if is_folder:
        files = _in_folder(source, source)
        found = _once(Progress(f"files in {source.name}", iterable=files, unit="file"), source)
        if not _images(found):
            found = [inner for each in found for inner in _in_shard(each)]
    else:
        found = list(_in_archive(source))
    if problems := [str(each) for each in found if isinstance(each, InputError)]:
        raise all_of(problems, f"folders and files of {source}")
    left_out = Counter(each.kind if isinstance(each, Member) else str(each) for each in found)
    counts = ", ".join(
        f"{count} {kind}" for kind, count in sorted(left_out.items()) if kind not in suffixes()
    )
    if not (images := _images(found)):
        raise InputError(
            f"{source} has no images{counts and f', only {counts}'}; their names must end as those "
            "of Pillow's formats do, such as .jpeg, .jpg, .png, .tif, .webp."
        )
    if counts:
        logger.info("Leaving out of %s: %s.", source, counts)
    _check_zipped(images)
    return sorted(images, key=lambda image: image.name)


@contextmanager
def reader() -> Iterator[Callable[[Member], bytes]]:
    """Gives a function that reads members; the archive of the last one stays open.

    The function raises an `InputError` for a member that can't be read.
    """
    with ExitStack() as stack:
        opened: dict[Path, Any] = {}

        def archive(path: Path, open_it: Callable[[Path], Any]) -> Any:
            if path not in opened:
                stack.close()
                opened.clear()
                opened[path] = stack.enter_context(open_it(path))
            return opened[path]

        def read(member: Member) -> bytes:
            with reading(member):
                if isinstance(member.entry, ZipInfo):
                    return cast(bytes, archive(member.file, ZipFile).read(member.entry))
                if isinstance(member.entry, TarInfo):
                    tar = archive(member.file, tarfile.open)
                    return cast(IO[bytes], tar.extractfile(member.entry)).read()
                return member.file.read_bytes()

        yield read


def _images(found: list[Found]) -> list[Member]:
    return [each for each in found if isinstance(each, Member) and each.kind in suffixes()]


def _in_folder(folder: Path, source: Path) -> Iterator[Found]:
    """The files in a folder, at any depth, in no order."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield from _of_entry(entry, source)
    except OSError as error:
        yield _unreadable(folder, error)


def _of_entry(entry: os.DirEntry[str], source: Path) -> Iterator[Found]:
    """What a folder has in one place."""
    path = Path(entry.path)
    member = Member(path.relative_to(source).as_posix(), path)
    if member.kind == HIDDEN:
        yield HIDDEN
        return
    try:
        is_folder, is_file = entry.is_dir(), entry.is_file()
    except OSError as error:
        circle = error.errno == errno.ELOOP and member.kind not in suffixes()
        yield CIRCLE if circle else _unreadable(path, error)
        return
    if is_folder:
        circle = entry.is_symlink() and _leads_back(path, source)
        yield from [CIRCLE] if circle else _in_folder(path, source)
    elif is_file or (entry.is_symlink() and member.kind in suffixes()):
        # An image that is missing is named when it is read.
        yield replace(member, is_link=True) if entry.is_symlink() else member
    else:
        yield NOWHERE if entry.is_symlink() else SPECIAL


def _once(found: Iterable[Found], source: Path) -> list[Found]:
    """Each file once: the first by name of those that are the same, but before links one itself."""
    resolved = cache(Path.resolve)
    members, others = [], []
    for each in found:
        if isinstance(each, Member):
            file = each.file
            real = file.resolve() if each.is_link else resolved(file.parent) / file.name
            members.append((real != resolved(source) / each.name, each.name, real, each))
        else:
            others.append(each)
    once: dict[Path, Member] = {}
    for *_, real, member in sorted(members, key=lambda each: each[:2]):
        once.setdefault(real, member)
    return [*once.values(), *others, *[TWICE] * (len(members) - len(once))]


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path} can't be read: {error.strerror}. Make it readable or take it away, so that no "
        "images are left out unnoticed."
    )


def _leads_back(link: Path, source: Path) -> bool:
    """Whether a link to a folder leads to one that it is in."""
    target = link.resolve()
    above = (folder for folder in link.parents if folder.is_relative_to(source))
    return any(folder.resolve().is_relative_to(target) for folder in above)


def _in_shard(found: Found) -> Iterator[Found]:
    """What is in an archive that was found in a folder, or it itself if it is none."""
    if not isinstance(found, Member) or not found.name.lower().endswith(ARCHIVES):
        yield found
        return
    try:
        for inner in _in_archive(found.file):
            if isinstance(inner, Member) and inner.kind != HIDDEN:
                yield replace(inner, name=f"{found.name}/{inner.name}")
            else:
                yield HIDDEN if isinstance(inner, Member) else inner
    except InputError as error:
        yield error


def _in_archive(path: Path) -> Iterator[Found]:
    """The files in a zip or a tar, in its order."""
    if not path.is_file():
        raise InputError(f"{path} must be a folder, a zip or a tar with images.")
    with reading(path), open(path, "rb") as file:
        if is_html(file.read(START)):
            raise InputError(f"{path} must be a zip or a tar with images: {NOT_THE_FILE}.")
        # First tars, as one that ends in a zip passes for a zip.
        if tarfile.is_tarfile(path):
            with tarfile.open(path) as tar:
                yield from _in_tar(path, tar)
        elif zipfile.is_zipfile(path):
            with ZipFile(path) as archive:
                yield from _in_zip(path, archive)
        else:
            raise InputError(
                f"{path} must be a folder, a zip or a tar with images, and is none or damaged."
            )


def _in_zip(path: Path, archive: ZipFile) -> Iterator[Found]:
    entries = archive.infolist()
    if any(each.volume not in (0, 0xFFFF) or each.header_offset < 0 for each in entries):
        raise InputError(
            f"{path} is one of several parts that a zip was split into. Join them, as by zip -s 0, "
            "or unpack them, and name the folder."
        )
    for entry in entries:
        if stat.S_ISLNK(entry.external_attr >> 16):
            yield LINK
        elif not entry.is_dir():
            # Some programs of Windows write its own separators.
            yield Member(entry.filename.replace("\\", "/"), path, entry)


def _in_tar(path: Path, tar: TarFile) -> Iterator[Found]:
    compressed = not isinstance(tar.fileobj, io.BufferedReader)
    files: dict[str, TarInfo] = {}
    for entry in tar:
        entry.name = posixpath.normpath(entry.name)
        target = files.get(posixpath.normpath(entry.linkname)) if entry.islnk() else entry
        if target and target.isfile():
            files[entry.name] = target
            yield Member(entry.name, path, target, target.offset_data if compressed else None)
        elif not entry.isdir():
            yield LINK if entry.islnk() or entry.issym() else SPECIAL
    _check_end(path, tar)


def _check_end(path: Path, tar: TarFile) -> None:
    """Raises an `InputError` unless what follows the last member of a tar is its end.

    Reading stops without an error at a damaged member, and at the end of the first of several tars
    that were joined.
    """
    file = cast(IO[bytes], tar.fileobj)
    file.seek(tar.offset)
    rest = file.read(tarfile.BLOCKSIZE)
    ended = len(rest) == tarfile.BLOCKSIZE
    while rest and ended:
        ended = not any(rest)
        rest = file.read(CHUNK)
    if not ended:
        raise InputError(
            f"{path} is cut short or damaged at byte {tar.offset}, or several tars in one. Fetch "
            "it or make it again; several tars should be files in a folder."
        )


def _check_zipped(images: list[Member]) -> None:
    """Raises an `InputError` if images in zips are encrypted or compressed in an unknown way."""
    problems = []
    for image in images:
        if isinstance(image.entry, ZipInfo):
            if image.entry.flag_bits & (1 | 1 << 6):
                problems.append(f"{image} is encrypted; unpack the zip, and name the folder.")
            elif image.entry.compress_type not in READABLE:
                problems.append(
                    f"{image} is compressed by method {image.entry.compress_type} (9: deflate64), "
                    "which Python can't read; unpack the zip, and name the folder."
                )
    if problems:
        raise all_of(problems, "images")
