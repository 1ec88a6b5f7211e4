"""Which network."""

from pydantic import Field

from fairdd_core.settings import Settings


class NetSpec(Settings):
    """An architecture and its size.

    Attributes:
        name: a name in ``fairdd_core.nets.registry.NETWORKS``.
        width: channels of every convolution.
        depth: number of convolution blocks; each halves the image.
    """

    name: str = "convnet"
    width: int = Field(128, ge=4, le=1024)
    depth: int = Field(3, ge=1, le=5)
