"""A grid of runs over the two things that decide whether bias hurts: skew and separation."""

from __future__ import annotations

from itertools import product
from typing import Annotated, Any, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator

from fairdd_core.config.settings import changed
from fairdd_core.config.spec.base import Settings
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError

MAX_POINTS = 256
AXES = {"skews": "data.skew", "separations": "data.separation", "seeds": "seed"}
"""Field of a sweep -> path of the setting of its runs that it varies."""


class Point(NamedTuple):
    """A place in the grid."""

    skew: float
    separation: float
    seed: int


def _sorted(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted(set(values)))


Ascending = AfterValidator(_sorted)


class SweepSpec(Settings):
    """Which grid, and of what.

    Attributes:
        base: what all runs share; its skew, separation and seed are replaced by those of the grid.
        skews: shares of the majority group; kept in ascending order, each once.
        separations: how different the groups look; likewise.
        seeds: one run for each; several show the variance.
    """

    base: RunSpec
    skews: Annotated[tuple[float, ...], Ascending] = Field(min_length=1)
    separations: Annotated[tuple[float, ...], Ascending] = Field(min_length=1)
    seeds: Annotated[tuple[int, ...], Ascending] = Field((0,), min_length=1)

    @model_validator(mode="after")
    def _every_run_is_possible(self) -> Self:
        count = len(self.skews) * len(self.separations) * len(self.seeds)
        if count > MAX_POINTS:
            raise UserError("sweep", f"at most {MAX_POINTS} runs", count, "Take fewer steps or seeds.")
        for skew in self.skews:
            self.run(Point(skew, self.separations[0], self.seeds[0]))
        for separation in self.separations:
            self.run(Point(self.skews[-1], separation, self.seeds[-1]))
        return self

    def points(self) -> list[Point]:
        """Return every place of the grid, seed by seed."""
        grid = product(self.seeds, self.skews, self.separations)
        return [Point(skew, separation, seed) for seed, skew, separation in grid]

    def run(self, point: Point) -> RunSpec:
        """Return the run at a place of the grid, without the UMAP map, which takes long and is not needed.

        Raises:
            UserError: when the data set cannot be that skewed or separated.
        """
        values = dict(zip(AXES.values(), point, strict=True))
        return changed(self.base, values | {"embedding.umap": False})

    def runs(self) -> list[RunSpec]:
        """Return the run at every place of ``points``."""
        return [self.run(point) for point in self.points()]


def filling_order(spec: SweepSpec) -> list[int]:
    """Return the indices of ``spec.points()`` so that a coarse picture is there early.

    Seed by seed; within a seed the corners come first, then always the place that is farthest from all
    that came before.
    """
    places = list(product(_spread(len(spec.skews)), _spread(len(spec.separations))))
    order: list[int] = []
    left = set(range(len(places)))
    while left:
        chosen = max(left, key=lambda i: (_clearance(places, i, order), -i))
        order.append(chosen)
        left.remove(chosen)
    return [block * len(places) + i for block in range(len(spec.seeds)) for i in order]


def _spread(n: int) -> list[float]:
    return [i / max(1, n - 1) for i in range(n)]


def _clearance(places: list[tuple[float, float]], i: int, taken: list[int]) -> float:
    """Return the squared distance from a place to the nearest that was taken; corners before all others."""
    if all(value in (0.0, 1.0) for value in places[i]):
        return float("inf")
    return min(
        (sum((a - b) ** 2 for a, b in zip(places[i], places[j], strict=True)) for j in taken), default=0.0
    )


def serves(finished: RunSpec, wanted: RunSpec) -> bool:
    """Return whether a finished run has the numbers that ``wanted`` would get.

    What it is called, what maps and how many snapshots it made do not matter, and further arms do no harm:
    an arm's result does not depend on which others run beside it.
    """
    return deciding(finished) == deciding(wanted) and set(wanted.distill.arms) <= set(finished.distill.arms)


def deciding(spec: RunSpec) -> str:
    """Return the fields that decide an arm's numbers, as text that can be compared and looked up."""
    leave_out: dict[str, bool | dict[str, bool]] = {
        "version": True,
        "preset": True,
        "embedding": True,
        "distill": {"arms": True, "snapshots": True},
    }
    return spec.model_dump_json(exclude=leave_out)
