"""Cuts photographs into small square images, in a zip with a folder for each photograph.

python -m study.patches PHOTOGRAPHS data/patches.zip
python -m study.patches /usr/share data/patches.zip --listed study/photographs.csv

With `split_by: folder` in a configuration all patches of a photograph are on one side of the split.
"""

import argparse
import csv
import io
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from PIL import Image

from wngan.datasets.containers import Member, find_images, reader
from wngan.decoding import decode
from wngan.digests import file_sha256
from wngan.files import replacing
from wngan.progress import Progress
from wngan.resizing import covering

SCALES = (96, 128, 192, 256, 384)
"""The shorter sides that each photograph is brought to, from whole objects to textures."""


def patches(photograph: Image.Image, size: int) -> dict[str, Image.Image]:
    """All patches of a photograph, by name, side by side around its center at each of `SCALES`.

    Args:
        size: of their sides, in pixels.
    """
    found = {}
    for scale in SCALES:
        if min(photograph.size) < scale:
            continue  # nothing is enlarged
        image = covering(photograph, scale)
        (columns, left), (rows, top) = (divmod(side, size) for side in image.size)
        for row in range(rows):
            for column in range(columns):
                x, y = left // 2 + column * size, top // 2 + row * size
                name = f"{scale}-{row:02}-{column:02}.png"
                found[name] = image.crop((x, y, x + size, y + size))
    return found


def listed_names(photographs: Path, listed: Path) -> list[str]:
    """The names of the photographs that a CSV file lists.

    Args:
        listed: a CSV file with the columns file and sha256.

    Raises:
        ValueError: one is missing, or is another than the one listed.
    """
    with open(listed, newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        path = photographs / row["file"]
        if not path.is_file():
            raise ValueError(f"{path} is missing; it is in Debian's package {row['package']}.")
        if file_sha256(path) != row["sha256"]:
            raise ValueError(f"{path} is not the photograph that {listed} lists.")
    return [row["file"] for row in rows]


def main(photographs: Path, output: Path, listed: Path | None, size: int) -> None:
    """Writes the patches of all photographs, or of those listed, to the zip `output`.

    Raises:
        ValueError: `output` exists, or there are no photographs.
    """
    if output.exists():
        raise ValueError(f"{output} exists already; remove it, or name another file.")
    if listed is None:
        members = find_images(photographs)
    else:
        members = [Member(name, photographs / name) for name in listed_names(photographs, listed)]
    with replacing(output) as (new,), ZipFile(new, "w") as archive, reader() as read:
        for member in Progress("photographs", iterable=members, unit="photograph"):
            image = decode(read(member), str(member))
            folder = member.name.removesuffix(Path(member.name).suffix).replace("/", "_")
            for patch_name, patch in patches(image, size).items():
                content = io.BytesIO()
                patch.save(content, "png")
                archive.writestr(ZipInfo(f"{folder}/{patch_name}"), content.getvalue())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photographs", type=Path, help="a folder, searched through")
    parser.add_argument("output", type=Path, help="a new zip")
    parser.add_argument("--listed", type=Path, help="only those of a CSV file (file, sha256)")
    parser.add_argument("--size", type=int, default=32, help="of patches' sides, in pixels")
    options = parser.parse_args()
    try:
        main(options.photographs, options.output, options.listed, options.size)
    except ValueError as error:
        parser.error(str(error))
