"""Taking an LMDB out of LSUN's archive."""

from pathlib import Path
from zipfile import ZipFile

from wngan.datasets.archives import reading
from wngan.errors import InputError
from wngan.files import check_space
from wngan.progress import Progress

CHUNK = 1 << 20
"""Bytes that are unpacked at a time."""


def unpack_lmdb(archive: Path, output: Path) -> None:
    """Writes the data.mdb of the LMDB in a zip to `output`; nothing else of the zip is unpacked.

    Raises:
        InputError: the zip has none, or several, or can't be read.
        OSError: the disk has no room for it.
    """
    with reading(archive):
        file = ZipFile(archive)
    with file:
        members = [each for each in file.infolist() if each.filename.split("/")[-1] == "data.mdb"]
        if len(members) != 1:
            raise InputError(f"{archive} must have one data.mdb, not {len(members)}.")
        (member,) = members
        check_space(output.parent, member.file_size)
        with reading(f"{member.filename} in {archive}"):
            source = file.open(member)
        with (
            source,
            open(output, "wb") as target,
            Progress(archive.name, total=member.file_size, unit="B", unit_scale=True) as progress,
        ):
            left = member.file_size
            while left:
                # What is written is not in it: a full disk is not a damaged archive.
                with reading(f"{member.filename} in {archive}"):
                    chunk = source.read(CHUNK)
                if not chunk:
                    raise InputError(f"{archive}: {member.filename} is cut short.")
                target.write(chunk)
                progress.update(len(chunk))
                left -= len(chunk)
