"""Recipes by how long a run may take."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from fairdd_core.config.cost import DataSize, DeviceSpeed, run_seconds
from fairdd_core.config.recipes import PUBLISHED
from fairdd_core.config.settings import changed, get
from fairdd_core.config.spec.distill import DistillSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from fairdd_core.units import estimate_text, seconds_text

SHORTEST, LONGEST = 10.0, 7 * 86400.0
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600}


@dataclass(frozen=True)
class Rung:
    """A recipe, with what it may be stretched by; the same for all arms.

    Attributes:
        width: of the matching and the test networks.
        start: starting images.
        lr: step size of the images; it falls over the second half of the updates.
        pairs, samples: target bank, and its real images per cell.
        updates: fewest and most iterations.
        networks: test networks.
        epochs: fewest and most training epochs of each.
        full: fewest and most updates of the full-data baseline.
        umap: whether the UMAP map is made.
    """

    width: int
    start: Literal["real", "noise"]
    lr: float
    pairs: int
    samples: int
    updates: tuple[int, int]
    networks: int
    epochs: tuple[int, int]
    full: tuple[int, int]
    umap: bool = True


MAX_DEPTH = 5
"""Blocks of a network."""
SMALL_SIDE = 16
SMALL = (
    # As the preset quick, whose own numbers lie on the second rung: from noise, step size 30.
    Rung(32, "noise", 30.0, 25, 64, (100, 600), 1, (60, 300), (150, 1000), umap=False),
    Rung(32, "noise", 30.0, 50, 64, (300, 1500), 3, (200, 300), (400, 1000)),
    Rung(32, "noise", 30.0, 100, 64, (1500, 4000), 5, (300, 600), (1000, 1500)),
    Rung(32, "noise", 30.0, 200, 64, (4000, 10_000), 10, (600, 1000), (1000, 2000)),
)
"""For images of up to ``SMALL_SIDE`` pixels, from short to long."""
LARGE = (
    # From pilots on CIFAR10-S and UTKFace (64×64): from real images, step sizes of 30 to 100 at width 32 and
    # of about 100 at width 64 gave gaps and accuracies near those of much longer runs; noise stayed noise.
    # Colored MNIST at width 128: 40 to 60 instead of 20 cut the gap by a third.
    Rung(32, "real", 50.0, 15, 32, (60, 300), 1, (60, 300), (60, 200), umap=False),
    Rung(32, "real", 50.0, 30, 64, (150, 400), 2, (120, 300), (100, 250)),
    Rung(32, "real", 50.0, 40, 64, (300, 1000), 3, (300, 300), (200, 400)),
    Rung(64, "real", 100.0, 30, 64, (300, 800), 2, (200, 300), (200, 400)),
    Rung(64, "real", 100.0, 60, 64, (600, 1500), 3, (300, 500), (300, 800)),
    Rung(128, "real", 50.0, 50, 64, (500, 1200), 3, (300, 500), (300, 800)),
    Rung(128, "real", 50.0, 100, 64, (1000, 2600), 5, (500, 1000), (600, 3000)),
)
"""For larger images, from short to long."""
OTHER: tuple[tuple[float, float, Rung], ...] = (
    (0.5, 1.0, Rung(32, "noise", 0.0, 0, 0, (0, 0), 1, (60, 300), (100, 300), umap=False)),
    (1.0, 3.0, Rung(32, "noise", 0.0, 0, 0, (0, 0), 3, (200, 300), (300, 1000))),
    (3.0, 10.0, Rung(32, "noise", 0.0, 0, 0, (0, 0), 5, (300, 600), (1000, 2000))),
)
"""For other backbones than Distribution Matching: fewest and most updates as multiples of their own recipe,
from which step size and bank come, too; and how long they are tested."""
LONG_EPOCHS, SHORT_LR, LONG_LR = 600, 0.03, 0.01
"""Trainings of more epochs take the published step size; shorter ones three times that."""
STEPS = 64
"""Between a rung's fewest and most."""
BUSY = "The machine was busy when its speed was measured, so this may take less."
BUDGETED = (
    "distill.iterations",
    "distill.lr",
    "distill.lr_decay",
    "distill.lr_halvings",
    "distill.init",
    "distill.network.width",
    "distill.network.depth",
    "distill.schedule.kind",
    "distill.schedule.pairs",
    "distill.schedule.sampling",
    "distill.schedule.samples",
    "evaluation.networks",
    "evaluation.epochs",
    "evaluation.lr",
    "evaluation.network.width",
    "evaluation.network.depth",
    "evaluation.baseline_networks",
    "evaluation.full_data_steps",
    "embedding.umap",
)
"""Paths of the settings that a budget decides; some stay as they are for other backbones."""


@dataclass(frozen=True)
class Fitted:
    """A run that fits a budget.

    Attributes:
        spec: with ordinary settings; nothing in it says that there was a budget.
        seconds: that it is expected to take.
        fits: whether that is within the budget.
        sentence: what was chosen, and why.
    """

    spec: RunSpec
    seconds: float
    fits: bool
    sentence: str


def parse_budget(text: str) -> float:
    """Return the seconds of a duration such as ``90s``, ``5m``, ``5min`` or ``1.5h``.

    Raises:
        UserError: for other text, or an unreasonable duration.
    """
    match = re.fullmatch(r"(\d{1,7}(?:\.\d+)?)\s*(s|min|m|h)", text.strip().lower())
    if match is None:
        raise UserError("budget", "a time with its unit, as in 90s, 5m or 1h", repr(text))
    seconds = float(match[1]) * _UNITS[match[2]]
    if not SHORTEST <= seconds <= LONGEST:
        raise UserError("budget", "10s to 168h", repr(text))
    return seconds


def check_start(start: RunSpec) -> None:
    """Refuse a published recipe, which takes as long as it takes.

    Raises:
        UserError: for a run that starts from one.
    """
    if start.preset == PUBLISHED:
        hint = "A published recipe takes as long as it takes; start from quick or standard."
        raise UserError("budget", "a preset whose recipe may change", repr(PUBLISHED), hint)


def fit(
    start: RunSpec,
    size: DataSize,
    speed: DeviceSpeed,
    seconds: float,
    given: Mapping[str, Any] | None = None,
) -> Fitted:
    """Return the best recipe for a run that may take some time: a pure function of its arguments.

    The last rung that fits with its fewest updates and epochs is taken, and stretched as far as time allows.
    If not even the first one fits, it is taken all the same.

    Args:
        start: data, methods and images per class; its recipe is replaced.
        size: of its data.
        speed: of its device.
        seconds: that it may take, in all.
        given: dotted path -> value of settings that stay as they are, whatever the budget.

    Raises:
        UserError: for a published recipe, which takes as long as it takes, or values that do not fit.
    """
    check_start(start)
    known = dict(given or {})

    def at(rung: Rung, stretch: int) -> RunSpec:
        return changed(start, recipe(start, size, rung, stretch) | known)

    def takes(rung: Rung, stretch: int = 0) -> float:
        return run_seconds(at(rung, stretch), size, speed)

    rungs = rungs_for(start, size)
    fitting = [place for place, rung in enumerate(rungs) if takes(rung) <= seconds]
    place = fitting[-1] if fitting else 0
    low, high = 0, STEPS + 1 if fitting else 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if takes(rungs[place], middle) <= seconds else (low, middle)
    spec, needed = at(rungs[place], low), takes(rungs[place], low)
    if not fitting:
        why = f"the shortest recipe, which takes longer than {seconds_text(seconds)}"
    elif place + 1 == len(rungs):
        why = "the longest recipe" + (", which needs no more time" if low == STEPS else "")
    else:
        why = f"because {_more(spec, at(rungs[place + 1], 0))} would take {_least(takes(rungs[place + 1]))}"
    return Fitted(
        spec, needed, bool(fitting), f"{_what(spec, needed, speed)}; {why}.{' ' + BUSY if speed.busy else ''}"
    )


def rungs_for(start: RunSpec, size: DataSize) -> tuple[Rung, ...]:
    """Return the recipes for a backbone and a size of images, from short to long."""
    if start.distill.backbone == "dm":
        return SMALL if size.side <= SMALL_SIDE else LARGE
    return tuple(_own_rung(start.distill, size, low, high, rung) for low, high, rung in OTHER)


def _own_rung(own: DistillSpec, size: DataSize, fewest: float, most: float, rung: Rung) -> Rung:
    """Return a recipe of another backbone, made from its own short one."""
    return replace(
        rung,
        start=own.init if size.side <= SMALL_SIDE else "real",
        lr=own.lr,
        pairs=own.schedule.pairs,
        samples=own.schedule.samples,
        updates=(max(1, round(fewest * own.iterations)), max(1, round(most * own.iterations))),
    )


def recipe(start: RunSpec, size: DataSize, rung: Rung, stretch: int) -> dict[str, Any]:
    """Return the settings of a rung, dotted path -> value.

    Args:
        start: of the run.
        size: of its data.
        rung: the recipe.
        stretch: 0 for its fewest updates and epochs, ``STEPS`` for its most.
    """
    updates, epochs, full = (_between(span, stretch) for span in (rung.updates, rung.epochs, rung.full))
    width, depth = rung.width, depth_for(size.side)
    values: dict[str, Any] = {
        "distill.iterations": updates,
        "distill.lr": rung.lr,
        "distill.lr_decay": 0.5,
        "distill.lr_halvings": (),
        "distill.init": rung.start,
        "distill.schedule.kind": "bank",
        "distill.schedule.pairs": rung.pairs,
        "distill.schedule.sampling": "stratified",
        "distill.schedule.samples": rung.samples,
        "evaluation.networks": rung.networks,
        "evaluation.epochs": epochs,
        "evaluation.lr": LONG_LR if epochs > LONG_EPOCHS else SHORT_LR,
        "evaluation.baseline_networks": 1,
        "evaluation.full_data_steps": full,
        "embedding.umap": rung.umap,
    }
    for network in ("distill.network", "evaluation.network"):
        values |= {f"{network}.width": width, f"{network}.depth": depth}
    if start.distill.backbone != "dm":
        for path in ("distill.schedule.kind", "distill.schedule.sampling", "distill.lr_decay"):
            values[path] = get(start, path)
    return values


def depth_for(side: int) -> int:
    """Return the blocks after which maps are 4×4, as with depth 3 at 32×32: one for each doubling; 1 to 5."""
    return min(MAX_DEPTH, max(1, round(math.log2(max(side, 1) / 4))))


def _between(span: tuple[int, int], stretch: int) -> int:
    """Return a number between two, evenly spaced in the logarithm, with two digits."""
    low, high = span
    exact = int(low * (high / low) ** (stretch / STEPS) + 1e-9)
    return min(high, max(low, int(round(exact, 2 - len(str(exact))))))


def device_text(speed: DeviceSpeed) -> str:
    """Return what a sentence calls a device."""
    return "this CPU" if speed.device.startswith("CPU") else speed.device.partition(" (")[0]


def _what(spec: RunSpec, needed: float, speed: DeviceSpeed) -> str:
    distill, evaluation = spec.distill, spec.evaluation
    time, tested = estimate_text(needed), evaluation.networks
    start = "real images" if distill.init == "real" else "noise"
    return (
        f"{time[0].upper()}{time[1:]} on {device_text(speed)}: width {distill.network.width}, "
        f"{distill.iterations} updates from {start}, {distill.schedule.pairs} matching networks, "
        f"{tested} test network{'s' * (tested != 1)} trained for {evaluation.epochs} epochs"
    )


def _more(spec: RunSpec, after: RunSpec) -> str:
    """Return what the next recipe has more of, in words."""
    if after.distill.network.width > spec.distill.network.width:
        return f"width {after.distill.network.width}"
    if after.evaluation.networks > spec.evaluation.networks:
        return f"more updates and {after.evaluation.networks} test networks"
    return "the next recipe, with a larger bank,"


def _least(seconds: float) -> str:
    return estimate_text(seconds).replace("about", "at least about", 1)
