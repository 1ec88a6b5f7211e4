"""How to map representations to the plane."""

from fairdd_core.config.spec.base import Settings, setting


class EmbeddingSpec(Settings):
    """Joint maps of real and synthetic samples."""

    features: str = setting("real", max_length=80, title="Features of the maps")
    """Whose representation is shown: a network trained on `real` data, a `random` one, or the name of a
    method for a network trained on its images."""
    samples_per_cell: int = setting(6, ge=1, le=200, title="Real images per cell in the maps")
    """Of each class and group, at most."""
    umap: bool = setting(True, title="UMAP map", param="umap")
    """Also compute the UMAP map, which takes some 20 seconds more. The PCA map always comes."""
    neighbors: int = setting(15, ge=2, le=200, title="UMAP neighbours")
    min_dist: float = setting(0.1, ge=0, le=1, title="UMAP minimum distance")
    """Between points in the map."""
