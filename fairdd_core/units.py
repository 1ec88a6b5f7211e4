"""Sizes and times as people read them."""

from __future__ import annotations

import time


def counted(n: int, what: str) -> str:
    """Return ``1 image`` or ``7 images``."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def bytes_text(size: float) -> str:
    """Return a number of bytes."""
    if size < 1e6:
        return f"{max(1, round(size / 1e3))} kB" if size else "0 kB"
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.2f} GB"


def age_text(then: float, now: float | None = None) -> str:
    """Return how long before ``now`` (in seconds since 1970) ``then`` was; after a month, its date."""
    seconds = max(0.0, (time.time() if now is None else now) - then)
    if seconds < 60:
        return "just now"
    for unit, length, limit in (("min", 60, 60), ("h", 3600, 24), ("days", 86400, 30)):
        if seconds < length * limit:
            n = int(seconds // length)
            return f"{n} {'day' if unit == 'days' and n == 1 else unit} ago"
    return time.strftime("%-d %b %Y", time.localtime(then))


def seconds_text(seconds: float) -> str:
    """Return a measured duration."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def estimate_text(seconds: float) -> str:
    """Return an estimated duration, rounded."""
    if seconds < 8:
        return "a few seconds"
    if seconds < 55:
        return f"about {5 * round(seconds / 5)} s"
    if seconds < 100:
        return "about a minute" if seconds < 75 else "about 1½ minutes"
    if seconds < 3600:
        return f"about {round(seconds / 60)} minutes"
    return f"about {seconds / 3600:.1f} hours"
