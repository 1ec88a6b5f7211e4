"""From an image file, which may be damaged or hostile, to a small square of pixels."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import IO

import numpy as np

MAX_PIXELS = 64_000_000
"""Larger images are refused before they are unpacked; 8 000 × 8 000 is far beyond any face or digit."""
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
"""PIL's other formats need helper programs or are not used for data sets."""


class UnreadableImage(ValueError):  # noqa: N818 - names the state
    """A file that is not an image, is truncated, or would decode to too many pixels."""


def decode_image(source: Path | IO[bytes], side: int, *, ground: int = 0) -> np.ndarray:
    """Return the image as RGB, upright, cut to its central square and resized: uint8 (3, side, side).

    Grey, palette and CMYK images become RGB; transparent pixels show the ground; the rotation in the
    metadata is applied. Of an animation the first frame is taken.

    Args:
        source: a path, or an open file.
        side: height and width of the result in pixels.
        ground: level of the grey behind transparent pixels: 0 is black, 255 white.

    Raises:
        UnreadableImage: with the reason.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PIL warns of bombs and odd metadata; size is checked here
            with Image.open(source, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise UnreadableImage(
                        f"{image.width}×{image.height} pixels, more than {MAX_PIXELS // 10**6} million"
                    )
                # JPEG can be decoded at a half, a quarter or an eighth, which is far faster.
                image.draft("RGB", (2 * side, 2 * side))
                upright = ImageOps.exif_transpose(image)
                square = ImageOps.fit(_opaque(upright, ground), (side, side), Image.Resampling.BICUBIC)
    except UnreadableImage:
        raise
    except Image.DecompressionBombError as error:
        raise UnreadableImage(f"more than {MAX_PIXELS // 10**6} million pixels") from error
    except Exception as error:  # PIL's readers raise nearly anything on a damaged file
        raise UnreadableImage(_plain(error)) from error
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def _opaque(image, ground: int):  # type: ignore[no-untyped-def]  # PIL must not be imported at module level
    from PIL import Image

    if image.mode in {"I;16", "I;16B", "I;16L", "I", "F"}:  # 16-bit grey: keep the eight highest bits
        levels = np.asarray(image, np.float64)
        top = 65535.0 if levels.max(initial=0) > 255 else 255.0
        return Image.fromarray(np.clip(levels * (255.0 / top), 0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        behind = Image.new("RGBA", layer.size, (ground, ground, ground, 255))
        return Image.alpha_composite(behind, layer).convert("RGB")
    return image.convert("RGB")


def _plain(error: Exception) -> str:
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "not an image that can be read"
    return str(error) or type(error).__name__
