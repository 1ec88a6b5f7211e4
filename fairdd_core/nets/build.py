"""Building a network from a seed without touching global random state."""

from __future__ import annotations

import torch
from torch import nn

from fairdd_core.config.spec.net import NetSpec
from fairdd_core.errors import lookup
from fairdd_core.nets.base import Net
from fairdd_core.nets.registry import NETWORKS


def make_network(
    spec: NetSpec, side: int, classes: int, generator: torch.Generator, device: torch.device
) -> Net:
    """Build a network with PyTorch's default initialisation, drawn from ``generator``.

    Args:
        spec: architecture and size.
        side: height and width of the images in pixels.
        classes: C.
        generator: CPU generator of the weights.
        device: of the network.

    Raises:
        UserError: when the architecture does not take images of this side.
    """
    card = lookup(NETWORKS, spec.name, "network.name")
    with torch.device("meta"):
        net: Net = card.build(spec, side, classes)
    net = net.to_empty(device="cpu")
    for module in net.modules():
        _initialise(module, generator)
    return net.to(device)


@torch.no_grad()
def _initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Initialise one layer as its ``reset_parameters`` does, but from an explicit generator.

    Both weights and biases of PyTorch's convolutions and linear layers are uniform within ±1/√fan_in.
    """
    if isinstance(module, nn.Conv2d | nn.Linear):
        bound = module.weight[0].numel() ** -0.5
        for parameter in (module.weight, module.bias):
            if parameter is not None:
                parameter.uniform_(-bound, bound, generator=generator)
    elif isinstance(module, nn.InstanceNorm2d | nn.BatchNorm2d | nn.GroupNorm):
        module.reset_parameters()  # constants: no randomness
    elif any(True for _ in module.parameters(recurse=False)):
        raise NotImplementedError(f"no seeded initialisation for {type(module).__name__}")
