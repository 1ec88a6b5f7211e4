"""Which network."""

from pydantic import Field

from fairdd_core.config.spec.base import Settings

PUBLISHED_WIDTH = 128


class NetSpec(Settings):
    """An architecture and its size.

    Attributes:
        name: a name in ``fairdd_core.nets.registry.NETWORKS``.
        width: of all layers, on a scale on which 128 is the architecture as published: the channels of every
            ConvNet convolution, the units of every hidden layer of an MLP; AlexNet, VGG11 and ResNet18 have
            ``width / 128`` of their channels (``channels``).
        depth: ConvNet: number of convolution blocks, each of which halves the image; MLP: number of hidden
            layers. The other architectures have a depth of their own and do not use it.
    """

    name: str = "convnet"
    width: int = Field(PUBLISHED_WIDTH, ge=4, le=1024)
    depth: int = Field(3, ge=1, le=5)

    def channels(self, published: int) -> int:
        """Return how many channels this width makes of a published number."""
        return max(1, round(published * self.width / PUBLISHED_WIDTH))
