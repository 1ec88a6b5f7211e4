"""The architectures. Adding one is a file and an entry here: ``(spec, image side, classes) -> Net``."""

from fairdd_core.cards import Card

NETWORKS: dict[str, Card] = {
    "convnet": Card(
        "ConvNet",
        "Blocks of convolution, instance norm, ReLU and pooling; the usual network of dataset distillation.",
        "fairdd_core.nets.convnet:ConvNet",
    ),
    "alexnet": Card(
        "AlexNet",
        "Five convolutions, max pools, no norm layer; its stem made for small images.",
        "fairdd_core.nets.alexnet:AlexNet",
    ),
    "vgg11": Card(
        "VGG11",
        "Eight convolutions in five stages, with instance norm in the place of batch norm.",
        "fairdd_core.nets.vgg:VGG11",
    ),
    "resnet18": Card(
        "ResNet18",
        "Eight residual blocks in four stages, with instance norm in the place of batch norm.",
        "fairdd_core.nets.resnet:ResNet18",
    ),
    "mlp": Card(
        "MLP",
        "Linear layers and ReLU on the pixels: no convolution, so place in the image matters.",
        "fairdd_core.nets.mlp:MLP",
    ),
}
