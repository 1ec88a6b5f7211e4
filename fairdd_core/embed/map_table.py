"""The points of the maps as one table over all logged iterations, and selections of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

Projection = Literal["pca", "umap"]
Polygon = tuple[tuple[float, float], ...]

STATIC = -1
"""Iteration of the points that do not move: real samples, means of groups and targets."""
_MOVING = ("synthetic", "class_mean")


@dataclass(frozen=True)
class Selection:
    """Selected samples, the same in every panel.

    Attributes:
        real: rows of the training set.
        synthetic: arm -> indices in its synthetic set.
        region: outlines of the lassos and boxes, in the coordinates of ``projection``.
        projection: of the map with the outlines.
    """

    real: frozenset[int] = frozenset()
    synthetic: Mapping[str, frozenset[int]] = field(default_factory=dict)
    region: tuple[Polygon, ...] = ()
    projection: str = ""

    def __bool__(self) -> bool:
        return bool(self.real or any(self.synthetic.values()))


def has_projection(points: pd.DataFrame | None, projection: Projection) -> bool:
    """Return whether a projection has been computed."""
    return points is not None and not points.empty and bool(points[f"{projection}_x"].notna().any())


def map_table(
    points: pd.DataFrame,
    projection: Projection,
    class_names: Sequence[str],
    group_names: Sequence[str],
    moments: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the points of all iterations with names.

    Args:
        points: of the finished run (see ``events.Embedded``).
        projection: which coordinates to take.
        class_names: in index order.
        group_names: in index order.
        moments: positions of the synthetic images over the iterations; where this projection has none, the
            final images do not move.

    Returns:
        The columns ``kind, arm, class, group, x, y, class_id, group_id, index, iteration``.
    """
    still = points
    if moments is not None and has_projection(moments, projection):
        still = points[~points["kind"].isin(_MOVING)]
        still = pd.concat([still.assign(iteration=STATIC), moments.assign(group_id=-1)], ignore_index=True)
    classes, groups = np.array([*class_names, "any"], object), np.array([*group_names, "any"], object)
    group_N = groups[still["group_id"].to_numpy(int)]
    group_N[((still["kind"] == "real") & (still["group_id"] < 0)).to_numpy()] = "unknown"
    return pd.DataFrame(
        {
            "kind": still["kind"].to_numpy(object),
            "arm": still["arm"].fillna("").to_numpy(object),
            "class": classes[still["class_id"].to_numpy(int)],
            "group": group_N,
            "x": still[f"{projection}_x"].to_numpy(float),
            "y": still[f"{projection}_y"].to_numpy(float),
            "class_id": still["class_id"].to_numpy(int),
            "group_id": still["group_id"].to_numpy(int),
            "index": still["index"].to_numpy(int),
            "iteration": still["iteration"].to_numpy(int) if "iteration" in still else STATIC,
        }
    )


def iterations_of(table: pd.DataFrame) -> list[int]:
    """Return the iterations with positions of the synthetic images, in order; none if they do not move."""
    return sorted(int(i) for i in table["iteration"].unique() if i != STATIC)


def at_iteration(table: pd.DataFrame, iteration: int) -> pd.DataFrame:
    """Return the static points, and the others at the last logged iteration up to ``iteration``."""
    placed = [i for i in iterations_of(table) if i <= iteration] or iterations_of(table)[:1]
    return table[table["iteration"].isin([STATIC, *placed[-1:]])]


def trail(table: pd.DataFrame, arm: str, class_id: int, iteration: int) -> pd.DataFrame:
    """Return the trajectory of the mean of an arm's synthetic images of a class up to ``iteration``."""
    own = table[(table["kind"] == "class_mean") & (table["arm"] == arm) & (table["class_id"] == class_id)]
    return own[(own["iteration"] >= 0) & (own["iteration"] <= iteration)].sort_values("iteration")


def ranges(table: pd.DataFrame) -> tuple[list[float], list[float]]:
    """Return the axis ranges that show all points of all arms and iterations."""
    out = []
    for axis in ("x", "y"):
        low, high = np.nanmin(table[axis]), np.nanmax(table[axis])
        pad = 0.05 * (high - low or 1.0)
        out.append([float(low - pad), float(high + pad)])
    return out[0], out[1]


def is_selected(table: pd.DataFrame, chosen: Selection) -> np.ndarray:
    """Return whether each row is selected, bool (N,)."""
    index, kind = table["index"], table["kind"]
    found_N = ((kind == "real") & index.isin(list(chosen.real))).to_numpy(copy=True)
    for arm, places in chosen.synthetic.items():
        found_N |= ((kind == "synthetic") & (table["arm"] == arm) & index.isin(list(places))).to_numpy()
    return np.asarray(found_N)


def select(table: pd.DataFrame, region: Iterable[Polygon] = (), projection: str = "") -> Selection:
    """Return the real samples and the synthetic images of all arms in a table as a selection.

    Args:
        table: the candidates, at one iteration.
        region: outlines; without any, everything is selected, otherwise what lies within one of them.
        projection: of the map with the outlines.
    """
    outlines = tuple(region)
    inside_N = np.ones(len(table), bool)
    if outlines:
        xy_N2 = table[["x", "y"]].to_numpy(float)
        inside_N = np.logical_or.reduce([inside(outline, xy_N2) for outline in outlines])
    selected = table[inside_N]
    real = selected[selected["kind"] == "real"]["index"]
    made = selected[selected["kind"] == "synthetic"].groupby("arm")["index"]
    return Selection(
        frozenset(int(i) for i in real),
        {str(arm): frozenset(int(i) for i in places) for arm, places in made},
        outlines,
        projection,
    )


def inside(polygon: Polygon, xy_N2: np.ndarray) -> np.ndarray:
    """Return whether each point lies within a polygon by the even-odd rule, bool (N,)."""
    x_N, y_N = xy_N2.T
    inside_N = np.zeros(len(xy_N2), bool)
    corners = np.asarray(polygon, float)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crosses_N = (y0 > y_N) != (y1 > y_N)
        inside_N ^= crosses_N & (x_N < (x1 - x0) * (y_N - y0) / (y1 - y0) + x0)
    return inside_N


def group_counts(table: pd.DataFrame, chosen: Selection, group_names: Sequence[str]) -> pd.DataFrame:
    """Return how many real samples of each group are selected: ``group``, ``k`` of the ``n`` in ``table``.

    The images of unknown group come last, where there are any.
    """
    real = table[table["kind"] == "real"]
    found_N, group_N = is_selected(real, chosen), real["group_id"].to_numpy()
    unknown = [(-1, "unknown")] if (group_N < 0).any() else []
    rows = [
        (name, int((found_N & (group_N == g)).sum()), int((group_N == g).sum()))
        for g, name in [*enumerate(group_names), *unknown]
    ]
    return pd.DataFrame(rows, columns=["group", "k", "n"])
