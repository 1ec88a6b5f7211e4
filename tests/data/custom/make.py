"""Sets of tiny images for the tests, good and bad."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

LABELS, GROUPS = ("cat", "dog"), ("indoors", "outdoors")


def picture(level: int = 100, size: tuple[int, int] = (9, 7)) -> Image.Image:
    """A plain grey image of (width, height)."""
    return Image.new("RGB", size, (level, level, level))


def encoded(image: Image.Image | None = None, form: str = "PNG", **options: object) -> bytes:
    """The bytes of an image file."""
    buffer = io.BytesIO()
    (image or picture()).save(buffer, form, **options)
    return buffer.getvalue()


def row(file: str, i: int) -> str:
    """A line of a table: the four cells in turn."""
    return f"{file},{LABELS[i % 2]},{GROUPS[i // 2 % 2]}"


def good_files(n: int = 8) -> dict[str, bytes]:
    """A table and ``n`` images, all cells alike."""
    names = [f"images/{i}.png" for i in range(n)]
    table = "\n".join(["file,label,group", *(row(name, i) for i, name in enumerate(names))])
    return {"labels.csv": table.encode(), **{name: encoded(picture(10 * i)) for i, name in enumerate(names)}}


def written(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def tabled(folder: Path, lines: Iterable[str], header: str = "file,label,group", n: int = 8) -> Path:
    """A good set of images whose table has these lines behind the good ones."""
    files = good_files(n)
    good = files["labels.csv"].decode().splitlines()[1:]
    files["labels.csv"] = "\n".join([header, *good, *lines]).encode()
    return written(folder, files)


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    """Write a zip file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def bomb_png(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few bytes whose header promises a huge image."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def noise(side: int = 32, seed: int = 0) -> Image.Image:
    """An image that does not compress."""
    levels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Image.fromarray(levels)
