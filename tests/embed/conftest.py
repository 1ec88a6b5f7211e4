"""A small table of map points, and where they were at earlier iterations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def points() -> pd.DataFrame:
    rows = [("real", "", c, g, 10 * c + g, c + g, c - g) for c in range(2) for g in range(2)]
    rows += [("group_mean", "", c, g, -1, c + g, c - g) for c in range(2) for g in range(2)]
    for arm in ("vanilla", "cobra"):
        rows += [
            (kind, arm, c, -1, c if kind == "synthetic" else -1, c, c)
            for kind in ("target", "class_mean", "synthetic")
            for c in range(2)
        ]
    frame = pd.DataFrame(rows, columns=["kind", "arm", "class_id", "group_id", "index", "pca_x", "pca_y"])
    return frame.assign(umap_x=np.nan, umap_y=np.nan)


@pytest.fixture
def moments(points: pd.DataFrame) -> pd.DataFrame:
    """At iteration 0 everything that moves is at (-9, 0), at 4 halfway, at 8 where it ends."""
    moving = points[points["kind"].isin(["synthetic", "class_mean"])].drop(columns="group_id")
    parts = []
    for iteration, t in ((0, 0.0), (4, 0.5), (8, 1.0)):
        place = {"pca_x": (1 - t) * -9 + t * moving["pca_x"], "pca_y": t * moving["pca_y"]}
        parts.append(moving.assign(iteration=iteration, **place))
    return pd.concat(parts, ignore_index=True)
