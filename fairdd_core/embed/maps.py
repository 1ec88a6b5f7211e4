"""PCA and UMAP of features."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from fairdd_core.config.spec.embedding import EmbeddingSpec

COMPONENTS_FOR_UMAP = 50
START_RADIUS = 10.0
"""Largest coordinate of the points before UMAP moves them, as in its own initialisations."""
Maps = tuple[np.ndarray, np.ndarray]
"""The map of the points it is made of, (N, 2), and of others in the same plane, (L, 2)."""


def pca_map(features_ND: np.ndarray, later_LD: np.ndarray) -> Maps:
    """Return the first two principal components of some points, and others seen along them."""
    return _principal(features_ND, later_LD, 2)


def umap_map(features_ND: np.ndarray, later_LD: np.ndarray, spec: EmbeddingSpec, seed: int) -> Maps:
    """Return a UMAP of the first principal components, and others placed into it.

    UMAP (McInnes, Healy and Melville, arXiv 1802.03426) keeps neighbours together; distances between far
    points, sizes of clusters and empty space mean nothing. It starts from the first two principal components
    (Kobak and Linderman, Nature Biotechnology 2021): the usual spectral start comes from ARPACK, whose last
    bits differ from call to call, and UMAP turns those into another map.
    """
    import umap

    reduced_ND, later_LD = _principal(features_ND, later_LD, COMPONENTS_FOR_UMAP)
    start_N2 = reduced_ND[:, :2]
    start_N2 = start_N2 * (START_RADIUS / max(np.abs(start_N2).max(), np.finfo(float).tiny))
    with warnings.catch_warnings():
        # A fixed seed forces one thread; that is wanted, and said on every call.
        warnings.filterwarnings("ignore", "n_jobs value", UserWarning)
        model = umap.UMAP(
            n_neighbors=min(spec.neighbors, len(features_ND) - 1),
            min_dist=spec.min_dist,
            init=start_N2.astype(np.float32),
            random_state=seed,
        )
        xy_N2 = model.fit_transform(reduced_ND)
        return xy_N2, model.transform(later_LD) if len(later_LD) else np.empty((0, 2), np.float32)


def with_map(points: pd.DataFrame, kind: str, xy_N2: np.ndarray) -> pd.DataFrame:
    """Return the table with the columns ``{kind}_x`` and ``{kind}_y``."""
    return points.assign(**{f"{kind}_x": xy_N2[:, 0], f"{kind}_y": xy_N2[:, 1]})


def _principal(features_ND: np.ndarray, later_LD: np.ndarray, components: int) -> Maps:
    from sklearn.decomposition import PCA

    limit = min(components, *features_ND.shape)
    # The full solver uses no random numbers, and its signs are fixed by scikit-learn.
    model = PCA(limit, svd_solver="full")
    reduced_ND = model.fit_transform(features_ND)
    return reduced_ND, model.transform(later_LD) if len(later_LD) else np.empty((0, limit), np.float32)
