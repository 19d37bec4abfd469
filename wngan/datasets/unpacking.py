"""Taking an LMDB out of LSUN's archive."""

from pathlib import Path
from zipfile import ZipFile

from wngan.files import check_space
from wngan.progress import Progress

CHUNK = 1 << 20
"""Bytes that are unpacked at a time."""


def unpack_lmdb(archive: Path, output: Path) -> None:
    """Writes the data.mdb of the LMDB in a zip to `output`; nothing else of the zip is unpacked.

    Raises:
        ValueError: the zip has none, or several.
        OSError: the disk has no room for it.
    """
    with ZipFile(archive) as file:
        members = [each for each in file.infolist() if each.filename.split("/")[-1] == "data.mdb"]
        if len(members) != 1:
            raise ValueError(f"{archive} must have one data.mdb, not {len(members)}.")
        (member,) = members
        check_space(output.parent, member.file_size)
        with (
            file.open(member) as source,
            open(output, "wb") as target,
            Progress(archive.name, total=member.file_size, unit="B", unit_scale=True) as progress,
        ):
            while chunk := source.read(CHUNK):
                target.write(chunk)
                progress.update(len(chunk))
    if output.stat().st_size != member.file_size:
        raise ValueError(f"{archive}: {member.filename} is cut short.")
