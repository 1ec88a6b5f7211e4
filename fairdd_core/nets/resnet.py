"""ResNet18 for small images."""

from __future__ import annotations

from functools import partial

from torch import nn
from torchvision.models.resnet import BasicBlock, conv1x1, conv3x3

from fairdd_core.config.spec.net import NetSpec
from fairdd_core.nets.base import Net, check_side, halved

_NORM = partial(nn.InstanceNorm2d, affine=True)


class ResNet18(Net):
    """A stem and four stages of two of torchvision's basic blocks, global average pool, linear head.

    The stem is a 3×3 convolution with stride 1 and no max pool, as usual for small images; 64, 128, 256, 512
    channels; the last three stages halve the map unless a single pixel would be left. Instance norm (affine)
    replaces batch norm, as usual in dataset distillation: an image must not depend on its batch. ``depth`` is
    not used.

    Raises:
        UserError: for images smaller than 8×8.
    """

    def __init__(self, spec: NetSpec, side: int, classes: int) -> None:
        check_side("ResNet18", side)
        before = spec.channels(64)
        blocks: list[nn.Module] = [nn.Sequential(conv3x3(3, before), _NORM(before), nn.ReLU())]
        for published in (64, 128, 256, 512):
            after = spec.channels(published)
            smaller = halved(side) if published > 64 else side
            blocks.append(_stage(before, after, stride=1 + (smaller < side)))
            before, side = after, smaller
        blocks[-1] = nn.Sequential(blocks[-1], nn.AdaptiveAvgPool2d(1))
        super().__init__(blocks, before, classes)


def _stage(before: int, after: int, stride: int) -> nn.Sequential:
    """Return two basic blocks, the first of which may halve the map and change the channels."""
    shortcut = None
    if stride != 1 or before != after:
        shortcut = nn.Sequential(conv1x1(before, after, stride), _NORM(after))
    first = BasicBlock(before, after, stride, shortcut, norm_layer=_NORM)
    return nn.Sequential(first, BasicBlock(after, after, norm_layer=_NORM))
