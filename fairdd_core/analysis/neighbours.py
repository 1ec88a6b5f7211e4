"""Nearest neighbours between real, synthetic and test images, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fairdd_core.events import Nearest


def nearest_pixels(x_QCHW: np.ndarray, x_MCHW: np.ndarray, ranks: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return the synthetic images whose pixels are nearest to those of test images, nearest first.

    Args:
        x_QCHW: uint8 test images.
        x_MCHW: uint8 synthetic images; there may be fewer than ``ranks``.
        ranks: R, neighbours of each.

    Returns:
        Indices of synthetic images, (Q, R), and root mean square differences of the pixel levels in [0, 1],
        (Q, R); -1 and NaN where there are too few.
    """
    query_QD, pool_MD = (x.reshape(len(x), -1).astype(np.float32) / 255 for x in (x_QCHW, x_MCHW))
    squared_QM = (query_QD**2).sum(1)[:, None] - 2 * query_QD @ pool_MD.T + (pool_MD**2).sum(1)
    found = min(ranks, len(pool_MD))
    place_QR = np.full((len(query_QD), ranks), -1)
    distance_QR = np.full((len(query_QD), ranks), np.nan)
    place_QR[:, :found] = np.argsort(squared_QM, axis=1, kind="stable")[:, :found]
    nearest_QR = np.take_along_axis(squared_QM, place_QR[:, :found], axis=1)
    distance_QR[:, :found] = np.sqrt(np.maximum(nearest_QR, 0) / query_QD.shape[1])
    return place_QR, distance_QR


def nearest_table(
    nearest: Mapping[str, tuple[np.ndarray, np.ndarray]],
    rows: Mapping[str, np.ndarray],
    class_id: int,
    class_names: Sequence[str],
) -> pd.DataFrame:
    """Return how often the nearest synthetic image of the test images of a class is of the same class.

    Columns: ``arm``, ``group``, ``own class`` (images whose nearest synthetic image is of it), ``n``,
    ``share``, ``else mostly`` (the class of the nearest one of most of the others), ``of them`` and
    ``median distance`` (to the nearest one).

    Args:
        nearest: arm -> class of the nearest synthetic image of some test images, (Q,), -1 for none, and the
            distance to it, (Q,).
        rows: group -> indices of its images of the class among them.
        class_id: the class.
        class_names: in index order.
    """
    found = []
    for arm, (class_N, distance_N) in nearest.items():
        for group, rows_N in rows.items():
            known = rows_N[class_N[rows_N] >= 0]
            own = int((class_N[known] == class_id).sum())
            others_C = np.bincount(class_N[known], minlength=len(class_names))
            others_C[class_id] = 0
            most = int(others_C.argmax())
            found.append(
                {
                    "arm": arm,
                    "group": group,
                    "own class": own,
                    "n": len(known),
                    "share": own / len(known) if len(known) else np.nan,
                    "else mostly": class_names[most] if others_C[most] else "",
                    "of them": int(others_C[most]),
                    "median distance": float(np.median(distance_N[known])) if len(known) else np.nan,
                }
            )
    return pd.DataFrame(found)


def neighbour_table(found: Nearest, index: int, class_id: int, group_names: Sequence[str]) -> pd.DataFrame:
    """Return the nearest real images of one synthetic image, group by group, nearest first.

    Args:
        found: neighbours of the arm's images.
        index: m, of the finished synthetic image.
        class_id: its class, which its neighbours share.
        group_names: in index order.

    Returns:
        The columns ``group, group_id, rank, row, distance, searched``: ``rank`` from 1, ``row`` of the
        training set or -1 and ``distance`` NaN where the group has fewer images, and ``searched`` the number
        of real images of the class and group that were searched.
    """
    rows_GR, distance_GR = found.real_MGR[index], found.real_distance_MGR[index]
    groups, ranks = rows_GR.shape
    group_N = np.repeat(np.arange(groups), ranks)
    return pd.DataFrame(
        {
            "group": np.array(group_names, object)[group_N],
            "group_id": group_N,
            "rank": np.tile(np.arange(1, ranks + 1), groups),
            "row": rows_GR.ravel(),
            "distance": distance_GR.ravel(),
            "searched": found.searched_CG[class_id][group_N],
        }
    )


def nearest_color(images_CIKHW: np.ndarray, palette_G3: np.ndarray) -> np.ndarray:
    """Return the index of the colour whose hue is nearest to each image's mean colour, (C, I).

    Pixels are weighted by the square of their brightness, so that the dark background does not count.
    """
    x_CIKHW = images_CIKHW.astype(float)
    weight_CI1HW = np.square(x_CIKHW.max(axis=2, keepdims=True))
    mean_CI3 = (x_CIKHW * weight_CI1HW).sum(axis=(-2, -1)) / np.maximum(weight_CI1HW.sum(axis=(-2, -1)), 1e-9)
    unit_G3 = palette_G3 / np.maximum(np.linalg.norm(palette_G3, axis=1, keepdims=True), 1e-9)
    # The length of an image's mean does not change which direction is nearest.
    nearest_CI: np.ndarray = (mean_CI3 @ unit_G3.T).argmax(axis=-1)
    return nearest_CI
