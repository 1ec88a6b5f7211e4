"""AlexNet for small images."""

from __future__ import annotations

from torch import nn

from fairdd_core.config.spec.net import NetSpec
from fairdd_core.nets.base import Net, check_side


class AlexNet(Net):
    """Five convolutions with ReLU, three 2×2 max pools after the first, second and fifth, a linear head.

    The variant that dataset distillation evaluates (Zhao and Bilen, 2021): a 5×5 stem with stride 1, because
    the original, 11×11 with stride 4, is too coarse for small images; no norm layer and no hidden linear
    layer; channels 128, 192, 256, 192, 192. ``depth`` is not used.

    Raises:
        UserError: for images smaller than 8×8.
    """

    def __init__(self, spec: NetSpec, side: int, classes: int) -> None:
        check_side("AlexNet", side)
        blocks: list[nn.Module] = []
        before = 3
        for published, kernel, pooled in (
            (128, 5, True),
            (192, 5, True),
            (256, 3, False),
            (192, 3, False),
            (192, 3, True),
        ):
            after = spec.channels(published)
            layers: list[nn.Module] = [nn.Conv2d(before, after, kernel, padding=kernel // 2), nn.ReLU()]
            blocks.append(nn.Sequential(*layers, *[nn.MaxPool2d(2)] * pooled))
            before = after
        super().__init__(blocks, before * (side // 8) ** 2, classes)
