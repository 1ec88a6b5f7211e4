"""What lets architectures for photographs take small images."""

from __future__ import annotations

from fairdd_core.errors import UserError

LEAST_SIDE = 8


def check_side(title: str, side: int) -> None:
    """Refuse images that leave an architecture nothing to convolve.

    Raises:
        UserError: naming the smallest side.
    """
    if side < LEAST_SIDE:
        expected = f"an architecture for {side}×{side} images"
        raise UserError("network.name", expected, f"{title}, for {LEAST_SIDE}×{LEAST_SIDE} and more")


def halved(side: int, last: bool = False) -> int:
    """Return the side of a feature map after its next halving, which small images skip.

    Instance norm needs more than one pixel, so a map is never halved to a single one before ``last``.
    """
    return side // 2 if side // 2 >= (1 if last else 2) else side
