"""Positions of the synthetic images in the final map over the iterations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
import torch

from fairdd_core.embed.points import FeatureSpace, block, class_means, embed_images, stack

History = Callable[[], Iterable[tuple[int, Mapping[str, torch.Tensor]]]]
"""Returns the logged iterations except the last, with each arm's normalised images, float32 (M, 3, H, W)."""
COLUMNS = ["iteration", "kind", "arm", "class_id", "index"]


def no_history() -> Iterable[tuple[int, Mapping[str, torch.Tensor]]]:
    """Return an empty history."""
    return ()


def moment_table(
    space: FeatureSpace, history: History, device: torch.device
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return one row per synthetic image and class mean of every logged iteration, and their features.

    Args:
        space: of the maps.
        history: earlier images.
        device: where the network is.

    Returns:
        A table with the columns ``COLUMNS``, and features float32 (P, D).
    """
    classes = np.arange(space.train.num_classes)
    tables = [pd.DataFrame(columns=COLUMNS)]
    features = [np.empty((0, space.pool_PD.shape[1]), np.float32)]
    for iteration, images in history():
        for arm, x_MCHW in images.items():
            y_M = space.synthetic[arm][1]
            features_MD = embed_images(space.net, x_MCHW, device)
            means_CD = class_means((features_MD, y_M), len(classes))
            table, own_PD = stack(
                [
                    block("synthetic", arm, y_M.numpy(), -1, np.arange(len(y_M)), features_MD),
                    block("class_mean", arm, classes, -1, -1, means_CD),
                ]
            )
            tables.append(table.assign(iteration=iteration)[COLUMNS])
            features.append(own_PD)
    return pd.concat(tables[1:] or tables, ignore_index=True), np.concatenate(features)


def with_last(moments: pd.DataFrame, points: pd.DataFrame, last: int) -> pd.DataFrame:
    """Return the positions with those of the final images, which ``points`` has, as the last iteration."""
    of_arms = points[points["kind"].isin(["synthetic", "class_mean"])].assign(iteration=last)
    both = [moments, of_arms[list(moments.columns)]]
    return pd.concat([table for table in both if len(table)], ignore_index=True)
