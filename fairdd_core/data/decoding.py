"""From an image file, which may be damaged or hostile, to a small square of pixels."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path
from typing import IO, Any

import numpy as np

from fairdd_core.data.levels import DEEP_MODES, FULL, Ranges, kind_of

MAX_PIXELS = 64_000_000
"""Larger images are refused before they are unpacked; 8 000 × 8 000 is far beyond any face or digit."""
HEAD = 32
"""Bytes of a file that tell whether it may have more than eight bits."""
MAX_SIDE = 65_535
"""Of either side, that of JPEG: one row of millions of pixels takes seconds to read, and shows nothing."""
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
"""PIL's other formats need helper programs or are not used for data sets."""


class UnreadableImage(ValueError):  # noqa: N818 - names the state
    """A file that is not an image, is truncated, or would decode to too many pixels."""


def decode_image(
    source: Path | IO[bytes], side: int, *, ground: int = 0, ranges: Ranges = FULL
) -> np.ndarray:
    """Return the image as RGB, upright, cut to its central square and resized: uint8 (3, side, side).

    Grey, palette and CMYK images become RGB; transparent pixels show the ground; the rotation in the
    metadata is applied. Of an animation the first frame is taken.

    Args:
        source: a path, or an open file.
        side: height and width of the result in pixels.
        ground: level of the grey behind transparent pixels: 0 is black, 255 white.
        ranges: of grey images with more than eight bits. By default that of 16-bit whole numbers; fractions
            have none and are refused.

    Raises:
        UnreadableImage: with the reason.
    """
    try:
        return _decode(source, side, ground, ranges)
    except _TextTooLong as error:
        content = source.read_bytes() if isinstance(source, Path) else _from_the_start(source)
        try:
            return _decode(io.BytesIO(_without_text(content)), side, ground, ranges)
        except _TextTooLong:
            raise UnreadableImage(str(error)) from error


def measure_levels(source: IO[bytes]) -> tuple[str, float, float] | None:
    """Return kind, lowest and highest level of a grey image with more than eight bits, else None.

    Images that cannot be read give None: ``decode_image`` tells why.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(source, formats=FORMATS) as image:
                if image.mode not in DEEP_MODES or image.width * image.height > MAX_PIXELS:
                    return None
                levels = np.asarray(image)
    except Exception:  # PIL's readers raise nearly anything on a damaged file
        return None
    if not levels.size or not np.isfinite(levels).all():
        return None
    if image.format == "PPM" and image.mode != "F":  # it states its range, which PIL has applied
        return kind_of(image.mode), 0.0, 65535.0
    return kind_of(image.mode), float(levels.min()), float(levels.max())


def may_be_deep(start: bytes) -> bool:
    """Return whether a file may hold more than eight bits per grey pixel, from its first ``HEAD`` bytes."""
    if start.startswith(b"\x89PNG"):
        return start[24:26] == b"\x10\x00"  # 16 bits, grey
    return start[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"} or start[:2] in {b"P5", b"P2", b"Pf"}


class _TextTooLong(ValueError):  # noqa: N818 - names the state
    """A PNG whose text PIL refuses to unpack."""


def _decode(source: Path | IO[bytes], side: int, ground: int, ranges: Ranges) -> np.ndarray:
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PIL warns of bombs and odd metadata; size is checked here
            with Image.open(source, formats=FORMATS) as image:
                if max(image.size) > MAX_SIDE:
                    raise UnreadableImage(
                        f"{image.width}×{image.height} pixels, more than {MAX_SIDE} on a side"
                    )
                if image.width * image.height > MAX_PIXELS:
                    raise UnreadableImage(
                        f"{image.width}×{image.height} pixels, more than {MAX_PIXELS // 10**6} million"
                    )
                # JPEG can be decoded at a half, a quarter or an eighth, which is far faster.
                image.draft("RGB", (2 * side, 2 * side))
                upright = ImageOps.exif_transpose(image)
                square = ImageOps.fit(
                    _opaque(upright, ground, ranges), (side, side), Image.Resampling.BICUBIC
                )
    except UnreadableImage:
        raise
    except Image.DecompressionBombError as error:
        raise UnreadableImage(f"more than {MAX_PIXELS // 10**6} million pixels") from error
    except Exception as error:  # PIL's readers raise nearly anything on a damaged file
        if "MAX_TEXT" in str(error) or "Too much memory used for text chunks" in str(error):
            raise _TextTooLong("its text is too long") from error
        raise UnreadableImage(_plain(error)) from error
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def _opaque(image: Any, ground: int, ranges: Ranges) -> Any:
    from PIL import Image

    if image.mode in DEEP_MODES:
        pixels = np.asarray(image, np.float64)
        levels = ranges.get(kind_of(image.mode))
        if levels is None:
            raise UnreadableImage("its grey levels have no usual range; save it with 8 or 16 bits")
        if not levels.hold(pixels):
            raise UnreadableImage(f"its grey levels go beyond {levels}; save it with 8 or 16 bits")
        return Image.fromarray(levels.to_bytes(pixels)).convert("RGB")
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        behind = Image.new("RGBA", layer.size, (ground, ground, ground, 255))
        return Image.alpha_composite(behind, layer).convert("RGB")
    return image.convert("RGB")


def _from_the_start(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _without_text(png: bytes) -> bytes:
    """Return a PNG without its text chunks, which have no part in the picture."""
    kept, place = [png[:8]], 8
    while place + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, place)
        if png[place + 4 : place + 8] not in {b"tEXt", b"zTXt", b"iTXt"}:
            kept.append(png[place : place + length + 12])
        place += length + 12
    return b"".join(kept)


def _plain(error: Exception) -> str:
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "not an image that can be read"
    return str(error) or type(error).__name__
