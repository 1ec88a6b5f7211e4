"""VGG11 for small images."""

from __future__ import annotations

from torch import nn
from torchvision.models.vgg import cfgs, make_layers

from fairdd_core.config.spec.net import NetSpec
from fairdd_core.nets.base import Net, check_side, halved

STAGES = 5


class VGG11(Net):
    """Five stages of 3×3 convolutions, instance norm (affine), ReLU and a 2×2 max pool, then a linear head.

    torchvision's configuration A: 64, 128, 256, 512, 512 channels. Small images skip the pools that would
    leave a single pixel to the next stage. Instance norm replaces batch norm, as usual in dataset
    distillation: an image must not depend on its batch. ``depth`` is not used.

    Raises:
        UserError: for images smaller than 8×8.
    """

    def __init__(self, spec: NetSpec, side: int, classes: int) -> None:
        check_side("VGG11", side)
        blocks: list[nn.Module] = []
        block: list[nn.Module] = []
        for layer in make_layers([v if isinstance(v, str) else spec.channels(v) for v in cfgs["A"]]):
            if isinstance(layer, nn.MaxPool2d):
                smaller = halved(side, last=len(blocks) == STAGES - 1)
                blocks.append(nn.Sequential(*block, *[layer] * (smaller < side)))
                side, block = smaller, []
                continue
            block.append(layer)
            if isinstance(layer, nn.Conv2d):
                block.append(nn.InstanceNorm2d(layer.out_channels, affine=True))
        super().__init__(blocks, spec.channels(512) * side**2, classes)
