"""How to map representations to the plane."""

from pydantic import Field

from fairdd_core.config.spec.base import Settings


class EmbeddingSpec(Settings):
    """Joint maps of real and synthetic samples.

    Attributes:
        features: whose representation is shown: a network trained on ``real`` data, a ``random`` one, or
            the name of an arm for a network trained on that arm's synthetic set.
        samples_per_cell: real samples shown of each (class, group) cell, at most.
        umap: whether to compute UMAP after PCA.
        neighbors: UMAP's neighbourhood size.
        min_dist: UMAP's smallest distance between points in the map.
    """

    features: str = "real"
    samples_per_cell: int = Field(6, ge=1, le=200)
    umap: bool = True
    neighbors: int = Field(15, ge=2, le=200)
    min_dist: float = Field(0.1, ge=0, le=1)
