"""Encoders of images of all depths, for tests: written out from the formats' definitions."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

COLORS = {1: 0, 2: 4, 3: 2, 4: 6}
"""PNG's color type for a number of channels."""

TURNED = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels, 1),
}
"""What a viewer shows of stored pixels, by EXIF's orientation."""


def chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def packed(values: NDArray[np.integer], depth: int) -> list[bytes]:
    """Rows (H, W, C) of `depth` bits a value, the first in the highest bits."""
    rows = values.reshape(len(values), -1)
    bits = (rows[..., None] >> np.arange(depth)[::-1]) & 1
    return [row.tobytes() for row in np.packbits(bits.astype(np.uint8).reshape(len(rows), -1), 1)]


def png(
    values: NDArray[np.integer],
    depth: int,
    key: tuple[int, ...] = (),
    palette: NDArray[np.uint8] | None = None,
    more: bytes = b"",
) -> bytes:
    """A PNG of `values` (H, W, C) of `depth` bits.

    Args:
        key: the transparent color.
        palette: (colors, 4) in RGBA, for values that are indices.
        more: chunks, before the pixels.
    """
    height, width, channels = values.shape
    color = COLORS[channels] if palette is None else 3
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    if palette is not None:
        more += chunk(b"PLTE", palette[:, :3].tobytes()) + chunk(b"tRNS", palette[:, 3].tobytes())
    if key:
        more += chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
    content = zlib.compress(b"".join(b"\0" + row for row in packed(values, depth)))
    end = chunk(b"IDAT", content) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + more + end


def exif(orientation: int) -> bytes:
    """EXIF that says nothing else."""
    return struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def tiff(
    values: NDArray[np.integer],
    depth: int,
    photometric: int,
    order: str = "<",
    sample_format: int = 1,
    orientation: int = 1,
) -> bytes:
    """An uncompressed TIFF of `values` (H, W, C) in one strip, of which C is 1 or the depth 8, 16.

    Args:
        photometric: 0 white is zero, 1 black is zero, 2 RGB, 5 CMYK.
        order: of bytes, < or >.
        sample_format: 1 unsigned, 2 signed, 3 floats.
    """
    height, width, channels = values.shape
    if depth in (8, 16, 32):
        content = values.astype(f"{order}{' uif'[sample_format]}{depth // 8}").tobytes()
    else:
        content = b"".join(packed(values, depth))
    tags = {
        256: [width],
        257: [height],
        258: [depth] * channels,
        259: [1],
        262: [photometric],
        273: [0],
        274: [orientation],
        277: [channels],
        278: [height],
        279: [len(content)],
        339: [sample_format] * channels,
    }
    at = 8 + 2 + 12 * len(tags) + 4
    lists = b""
    entries = b""
    tags[273] = [at + sum(2 * len(each) for each in tags.values() if len(each) > 2)]
    for tag, numbers in tags.items():
        if len(numbers) > 2:
            value = struct.pack(f"{order}I", at + len(lists))
            lists += struct.pack(f"{order}{len(numbers)}H", *numbers)
        else:
            value = struct.pack(f"{order}{len(numbers)}H", *numbers).ljust(4, b"\0")
        entries += struct.pack(f"{order}HHI", tag, 3, len(numbers)) + value
    head = struct.pack(f"{order}2sHIH", b"II" if order == "<" else b"MM", 42, 8, len(tags))
    return head + entries + bytes(4) + lists + content


def pnm(values: NDArray[np.integer], white: int) -> bytes:
    """A PGM or PPM of values (H, W, 1 or 3) up to `white`."""
    height, width, channels = values.shape
    head = f"P{5 if channels == 1 else 6}\n{width} {height}\n{white}\n".encode()
    return head + values.astype(">u2" if white > 255 else np.uint8).tobytes()
