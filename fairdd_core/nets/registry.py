"""The architectures. To add one, write ``(spec, image side, classes) -> Net`` and enter it here."""

from dataclasses import dataclass

from fairdd_core.cards import Card


@dataclass(frozen=True)
class NetworkCard(Card):
    """An architecture under a name.

    Attributes:
        independent: whether an image's output is the same in any batch, also in training. Otherwise the
            signals of groups do not add up to the pooled signal, and the network is for testing only.
    """

    independent: bool = True


NETWORKS: dict[str, NetworkCard] = {
    "convnet": NetworkCard(
        "ConvNet",
        "Blocks of convolution, instance norm, ReLU and pooling; the usual network of dataset distillation.",
        "fairdd_core.nets.convnet:ConvNet",
    ),
    "convnet-bn": NetworkCard(
        "ConvNet with batch norm",
        "The same with batch norm, for testing only: a group's signal would depend on the rest of its batch.",
        "fairdd_core.nets.convnet:ConvNetBN",
        independent=False,
    ),
    "alexnet": NetworkCard(
        "AlexNet",
        "Five convolutions and max pools without norm layers; the stem is adapted to small images.",
        "fairdd_core.nets.alexnet:AlexNet",
    ),
    "vgg11": NetworkCard(
        "VGG11",
        "Eight convolutions in five stages, with instance norm instead of batch norm.",
        "fairdd_core.nets.vgg:VGG11",
    ),
    "resnet18": NetworkCard(
        "ResNet18",
        "Eight residual blocks in four stages, with instance norm instead of batch norm.",
        "fairdd_core.nets.resnet:ResNet18",
    ),
    "mlp": NetworkCard(
        "MLP",
        "Linear layers and ReLU on the pixels; no convolutions, so the position in the image matters.",
        "fairdd_core.nets.mlp:MLP",
    ),
}
