"""The architectures. Adding one is a file and an entry here: ``(spec, image side, classes) -> Net``."""

from dataclasses import dataclass

from fairdd_core.cards import Card


@dataclass(frozen=True)
class NetworkCard(Card):
    """An architecture under a name.

    Attributes:
        independent: whether an image's output is the same in any batch, also in training. Without, the
            signals of groups are not the parts of the pooled signal, so it cannot be matched under.
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
        "The same with batch norm, for testing only: a group's signal would depend on who shares its batch.",
        "fairdd_core.nets.convnet_bn:ConvNetBN",
        independent=False,
    ),
    "alexnet": NetworkCard(
        "AlexNet",
        "Five convolutions, max pools, no norm layer; its stem made for small images.",
        "fairdd_core.nets.alexnet:AlexNet",
    ),
    "vgg11": NetworkCard(
        "VGG11",
        "Eight convolutions in five stages, with instance norm in the place of batch norm.",
        "fairdd_core.nets.vgg:VGG11",
    ),
    "resnet18": NetworkCard(
        "ResNet18",
        "Eight residual blocks in four stages, with instance norm in the place of batch norm.",
        "fairdd_core.nets.resnet:ResNet18",
    ),
    "mlp": NetworkCard(
        "MLP",
        "Linear layers and ReLU on the pixels: no convolution, so place in the image matters.",
        "fairdd_core.nets.mlp:MLP",
    ),
}
