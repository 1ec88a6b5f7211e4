"""From features to the plane."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from fairdd_core.embed.spec import EmbeddingSpec

COMPONENTS_FOR_UMAP = 50


def pca_map(features_ND: np.ndarray) -> np.ndarray:
    """Return the first two principal components, (N, 2)."""
    return _principal(features_ND, 2)


def umap_map(features_ND: np.ndarray, spec: EmbeddingSpec, seed: int) -> np.ndarray:
    """Return a UMAP of the first principal components, (N, 2).

    UMAP (McInnes, Healy and Melville, arXiv 1802.03426) keeps neighbours together; distances between far
    points, sizes of clusters and empty space mean nothing.
    """
    import umap

    reduced_ND = _principal(features_ND, COMPONENTS_FOR_UMAP)
    with warnings.catch_warnings():
        # A fixed seed forces one thread; that is wanted, and said on every call.
        warnings.filterwarnings("ignore", "n_jobs value", UserWarning)
        model = umap.UMAP(
            n_neighbors=min(spec.neighbors, len(features_ND) - 1), min_dist=spec.min_dist, random_state=seed
        )
        return model.fit_transform(reduced_ND)


def with_map(points: pd.DataFrame, kind: str, xy_N2: np.ndarray) -> pd.DataFrame:
    """Return the table with the columns ``{kind}_x`` and ``{kind}_y``."""
    return points.assign(**{f"{kind}_x": xy_N2[:, 0], f"{kind}_y": xy_N2[:, 1]})


def _principal(features_ND: np.ndarray, components: int) -> np.ndarray:
    from sklearn.decomposition import PCA

    limit = min(components, *features_ND.shape)
    # The full solver uses no random numbers, and its signs are fixed by scikit-learn.
    return PCA(limit, svd_solver="full").fit_transform(features_ND)
