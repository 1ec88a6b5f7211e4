"""Which network."""

from fairdd_core.config.spec.base import Settings, setting

PUBLISHED_WIDTH = 128


class NetSpec(Settings):
    """An architecture and its size."""

    name: str = setting("convnet", title="Architecture", names="networks", max_length=80)
    width: int = setting(PUBLISHED_WIDTH, ge=4, le=1024, title="Width")
    """Of all layers, on a scale on which 128 is the architecture as published: channels of a ConvNet's
    convolutions, units of an MLP's hidden layers, 128ths of the others' channels."""
    depth: int = setting(3, ge=1, le=5, title="Depth")
    """Convolution blocks of a ConvNet, each of which halves the image; hidden layers of an MLP. Other
    architectures do not use it."""

    def channels(self, published: int) -> int:
        """Return how many channels this width makes of a published number."""
        return max(1, round(published * self.width / PUBLISHED_WIDTH))
