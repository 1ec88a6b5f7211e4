"""The embedding stage: features, PCA, nearest neighbours, then UMAP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.data.grouped import Split
from fairdd_core.embed.maps import Maps, pca_map, umap_map, with_map
from fairdd_core.embed.nearest import neighbours
from fairdd_core.embed.points import Tensors, feature_space, group_distances, point_table
from fairdd_core.embed.trajectory import History, moment_table, no_history, with_last
from fairdd_core.events import Embedded, Nearest, Phase
from fairdd_core.nets.base import Net
from fairdd_core.rng import child_seed, numpy_stream

MEAN_SAMPLES_PER_CELL = 64


@dataclass(frozen=True)
class EmbeddingInput:
    """The input of the stage.

    Attributes:
        split: the real data.
        synthetic: arm -> final normalised images (N, 3, H, W) and labels (N,).
        arms: the arms, in order.
        iterations: number of updates of the final images.
        history: earlier images.
    """

    split: Split
    synthetic: Mapping[str, Tensors]
    arms: tuple[ArmSpec, ...]
    iterations: int
    history: History = no_history


def embed(
    net: Net, shown: EmbeddingInput, spec: EmbeddingSpec, seed: int, device: torch.device
) -> Iterator[Phase | Nearest | Embedded]:
    """Map real samples, every arm's synthetic samples, group means, targets and class means together.

    Args:
        net: whose representation is shown.
        shown: the images.
        spec: settings of the maps.
        seed: of the run.
        device: where the network is.

    Yields:
        ``Embedded`` with PCA, ``Nearest`` for each arm, then ``Embedded`` again with UMAP.
    """
    yield Phase("embed", 0, 2, "principal components")
    space = feature_space(
        net,
        shown.split.train,
        shown.synthetic,
        spec.samples_per_cell,
        MEAN_SAMPLES_PER_CELL,
        numpy_stream(seed, "embed"),
        device,
    )
    points, features_ND = point_table(space, shown.arms)
    moments, later_LD = moment_table(space, shown.history, device)
    residuals = group_distances(space, shown.arms)

    def mapped(kind: str, maps: Maps) -> Embedded:
        nonlocal points, moments
        points, moments = (
            with_map(table, kind, xy) for table, xy in zip((points, moments), maps, strict=True)
        )
        return Embedded(points, residuals, with_last(moments, points, shown.iterations))

    mapped("umap", (np.full((len(points), 2), np.nan), np.full((len(moments), 2), np.nan)))
    yield mapped("pca", pca_map(features_ND, later_LD))
    yield from neighbours(space, shown.split.test, device)
    if spec.umap:
        yield Phase("embed", 1, 2, "UMAP")
        yield mapped("umap", _umap(points, features_ND, later_LD, spec, seed))
    yield Phase("embed", 2, 2)


def _umap(
    points: pd.DataFrame, features_ND: np.ndarray, later_LD: np.ndarray, spec: EmbeddingSpec, seed: int
) -> Maps:
    """Return the UMAP of the samples; means and targets, which are no samples, are placed into it later."""
    sample_N = points["kind"].isin(["real", "synthetic"]).to_numpy()
    others = np.concatenate([features_ND[~sample_N], later_LD])
    xy_S2, placed = umap_map(features_ND[sample_N], others, spec, child_seed(seed, "umap") % 2**31)
    xy_N2 = np.empty((len(points), 2), np.float32)
    xy_N2[sample_N], xy_N2[~sample_N] = xy_S2, placed[: (~sample_N).sum()]
    return xy_N2, placed[(~sample_N).sum() :]
