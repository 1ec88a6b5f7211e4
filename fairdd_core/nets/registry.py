"""The architectures. Adding one is a file and an entry here: ``(spec, image side, classes) -> Net``."""

from fairdd_core.cards import Card

NETWORKS: dict[str, Card] = {
    "convnet": Card(
        "ConvNet",
        "Blocks of convolution, instance norm, ReLU and pooling; the usual network of dataset distillation.",
        "fairdd_core.nets.convnet:ConvNet",
    ),
}
