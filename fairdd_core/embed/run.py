"""The embedding stage: features, PCA at once, UMAP after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch

from fairdd_core.data.grouped import GroupedDataset
from fairdd_core.distill.spec import ArmSpec
from fairdd_core.embed.maps import pca_map, umap_map, with_map
from fairdd_core.embed.points import Tensors, feature_space, point_table, residual_table
from fairdd_core.embed.spec import EmbeddingSpec
from fairdd_core.events import Embedded, Phase
from fairdd_core.nets.base import Net
from fairdd_core.rng import child_seed, numpy_stream

MEAN_SAMPLES_PER_CELL = 64


def embed(
    net: Net,
    train: GroupedDataset,
    synthetic: Mapping[str, Tensors],
    arms: tuple[ArmSpec, ...],
    spec: EmbeddingSpec,
    seed: int,
    device: torch.device,
) -> Iterator[Phase | Embedded]:
    """Map real samples, every arm's synthetic samples, group means, targets and class means together.

    Args:
        net: whose representation is shown.
        train: the real data.
        synthetic: arm -> normalised images (N, 3, H, W) and labels (N,).
        arms: the arms, in order.
        spec: how to map.
        seed: of the run.
        device: where the network is.

    Yields:
        ``Embedded`` with PCA, then again with UMAP.
    """
    yield Phase("embed", 0, 2, "principal components")
    space = feature_space(
        net,
        train,
        synthetic,
        spec.samples_per_cell,
        MEAN_SAMPLES_PER_CELL,
        numpy_stream(seed, "embed"),
        device,
    )
    points, features_ND = point_table(space, arms)
    residuals = residual_table(space, arms)
    points = with_map(points, "pca", pca_map(features_ND))
    yield Embedded(with_map(points, "umap", np.full((len(points), 2), np.nan)), residuals)
    if spec.umap:
        yield Phase("embed", 1, 2, "UMAP")
        xy_N2 = umap_map(features_ND, spec, child_seed(seed, "umap") % 2**31)
        yield Embedded(with_map(points, "umap", xy_N2), residuals)
    yield Phase("embed", 2, 2)
