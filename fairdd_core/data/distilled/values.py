"""What the numbers of images mean: bytes, shares of one, or normalised by a mean and standard deviation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from fairdd_core.data.distilled.contents import refusal
from fairdd_core.data.grouped import Normalisation
from fairdd_core.errors import UserError, lookup

Range = Literal["", "bytes", "unit", "normalised"]
RANGES = ("bytes", "unit", "normalised")
NO_NORMALISATION = "none"


def _grey(mean: float, std: float) -> Normalisation:
    return Normalisation((mean,) * 3, (std,) * 3)


NORMALISATIONS: dict[str, Normalisation] = {
    "half": _grey(0.5, 0.5),
    "mnist": _grey(0.1307, 0.3081),
    "fashion-mnist": _grey(0.2861, 0.3530),
    "cifar10": Normalisation((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
    "cifar10-exact": Normalisation((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "svhn": Normalisation((0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970)),
    "imagenet": Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    NO_NORMALISATION: _grey(0.0, 1.0),
}
"""As published code uses them: `half` by FairDD and COBRA on Colored MNIST and FashionMNIST, the others by
the public loop of DC, DSA and DM on the data set of the name; `cifar10-exact` has the exact deviations."""
CLOSE = 0.12
"""Difference of misfits below which two normalisations fit about as well."""


@dataclass(frozen=True)
class Understood:
    """How numbers are read: level = number · std + mean, where levels are in [0, 1].

    Attributes:
        normalisation: mean and standard deviation.
        statement: in a sentence, for people.
    """

    normalisation: Normalisation
    statement: str


def understand(
    x_NCHW: np.ndarray,
    *,
    stated: Normalisation | None = None,
    value_range: Range = "",
    normalisation: str = "",
    usual: str = "",
) -> Understood:
    """Return how to read the numbers of images.

    Args:
        x_NCHW: the images as stored.
        stated: the normalisation that the file states itself.
        value_range: what somebody says they are; empty to guess.
        normalisation: a name of ``NORMALISATIONS``, or ``mean/std``, as in ``0.5/0.5`` or
            ``0.49,0.48,0.45/0.20,0.20,0.20``; empty to guess.
        usual: of the data set; preferred where several fit.

    Raises:
        UserError: for numbers that are not finite, or do not lie in the range that is given.
    """
    low, high = _extent(x_NCHW)
    span = f"The numbers run from {low:.3g} to {high:.3g}"
    if normalisation and value_range in {"", "normalised"}:
        given = parse_normalisation(normalisation)
        return Understood(given, f"{span}; as given, they are normalised by {_text(normalisation, given)}.")
    if value_range in {"bytes", "unit"}:
        return _plain(value_range, span, low, high, "as given")
    if stated is not None and not value_range:
        return Understood(stated, f"{span}; the file states that they are normalised by {_numbers(stated)}.")
    if value_range == "" and low >= 0:
        whole = np.issubdtype(x_NCHW.dtype, np.integer)
        if high <= 255 and (high > 16 or whole):
            return _plain("bytes", span, low, high, "taken as bytes")
        if high <= 1:
            return _plain("unit", span, low, high, "taken as shares of one")
    return _guess(x_NCHW, span, usual)


def parse_normalisation(text: str) -> Normalisation:
    """Return the normalisation of a name or of numbers.

    Raises:
        UserError: for neither.
    """
    if "/" not in text:
        return lookup(NORMALISATIONS, text, "normalisation")
    try:
        mean, std = (tuple(float(part) for part in side.split(",")) for side in text.split("/"))
    except ValueError:
        mean = std = ()
    mean, std = mean * (3 if len(mean) == 1 else 1), std * (3 if len(std) == 1 else 1)
    if len(mean) != 3 or len(std) != 3 or not all(0 < value < 1e3 for value in std):
        expected = f"one of {', '.join(NORMALISATIONS)}, or MEAN/STD of the channels, as in 0.5/0.5"
        raise UserError("normalisation", expected, repr(text[:60]))
    if not all(abs(value) < 1e3 for value in mean):
        raise UserError("normalisation", "a mean in units of [0, 1]", repr(text[:60]))
    return Normalisation(mean, std)


def _extent(x_NCHW: np.ndarray) -> tuple[float, float]:
    low, high = float(x_NCHW.min()), float(x_NCHW.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        hint = "The distillation has diverged; judge an earlier state of it."
        raise refusal("finite numbers", "images with infinite or undefined pixels", hint)
    if low == high:
        raise refusal("images that differ", f"pixels that are all {low:.3g}")
    return low, high


def _plain(kind: str, span: str, low: float, high: float, why: str) -> Understood:
    top = 255 if kind == "bytes" else 1
    if low < -0.5 * top or high > 1.5 * top:
        expected = f"numbers from 0 to {top}, for the range {kind}"
        raise UserError(
            "range", expected, f"{low:.3g} to {high:.3g}", "Leave the range out to have it guessed."
        )
    return Understood(_grey(0.0, 1.0 / top), f"{span}; {why}, from 0 to {top}.")


def _guess(x_NCHW: np.ndarray, span: str, usual: str) -> Understood:
    misfits = {name: misfit(x_NCHW, norm) for name, norm in NORMALISATIONS.items()}
    best = min(misfits, key=misfits.__getitem__)
    if usual in misfits and misfits[usual] - misfits[best] < CLOSE:
        best = usual
    near = [name for name in misfits if name != best and misfits[name] - misfits[best] < CLOSE]
    also = f" About as likely: {', '.join(near)}." if near else ""
    norm = NORMALISATIONS[best]
    if best == NO_NORMALISATION:
        return Understood(norm, f"{span}; taken as shares of one, some of them beyond.{also}")
    return Understood(norm, f"{span}; taken as normalised by {_text(best, norm)}.{also}")


def misfit(x_NCHW: np.ndarray, norm: Normalisation) -> float:
    """Return how far the levels that a normalisation makes of images are from filling [0, 1].

    The ends are the quantiles of one in 200, because distilled pixels are not confined.
    """
    low, high = np.quantile(norm.to_levels(x_NCHW[:2000]), (0.005, 0.995))
    return float(abs(low) + abs(high - 1))


def _text(name: str, norm: Normalisation) -> str:
    return _numbers(norm) if "/" in name else f"{name} ({_numbers(norm)})"


def _numbers(norm: Normalisation) -> str:
    mean, std = (", ".join(f"{value:.4g}" for value in dict.fromkeys(v)) for v in (norm.mean_C, norm.std_C))
    return f"mean {mean}, standard deviation {std}"
