"""The contract of a network, and what each architecture says about itself."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from fairdd_core.config.spec.net import NetSpec
from fairdd_core.errors import UserError
from fairdd_core.nets.base import Net
from fairdd_core.nets.build import make_network
from fairdd_core.nets.registry import NETWORKS
from fairdd_core.rng import torch_stream

CPU = torch.device("cpu")
SIDES = (16, 28, 32, 64)
INDEPENDENT = pytest.mark.parametrize("name", [name for name, card in NETWORKS.items() if card.independent])
ALL = pytest.mark.parametrize("name", NETWORKS)
AT_EVERY_SIDE = pytest.mark.parametrize("side", SIDES)


def net_for(name: str, side: int = 16, *, width: int = 16, depth: int = 2, classes: int = 4) -> Net:
    spec = NetSpec(name=name, width=width, depth=depth)
    return make_network(spec, side, classes, torch_stream(0, "net"), CPU)


def images(side: int = 16, n: int = 3) -> torch.Tensor:
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(1))


@ALL
@AT_EVERY_SIDE
def test_shapes(name: str, side: int) -> None:
    net, x_NCHW = net_for(name, side), images(side)
    layers = net.layers(x_NCHW)
    embedded = net.embed(x_NCHW)
    assert net(x_NCHW).shape == (3, 4)
    assert embedded.shape == (3, net.features)
    assert len(layers) >= 2
    assert all(layer.shape[0] == 3 and layer.ndim == 2 for layer in layers)
    assert torch.equal(layers[-1], embedded)
    assert torch.equal(net.head(embedded), net(x_NCHW))


@ALL
def test_the_generator_alone_decides(name: str) -> None:
    state = torch.get_rng_state()
    net, same = net_for(name), net_for(name)
    other = make_network(NetSpec(name=name, width=16, depth=2), 16, 4, torch_stream(1, "net"), CPU)
    assert torch.equal(torch.get_rng_state(), state), "no global random number was drawn"
    assert torch.equal(net(images()), same(images()))
    assert not torch.equal(net(images()), other(images()))


@INDEPENDENT
@AT_EVERY_SIDE
def test_an_image_does_not_see_its_batch(name: str, side: int) -> None:
    net, x_NCHW = net_for(name, side), images(side)
    for module in net.modules():
        assert not isinstance(module, nn.modules.batchnorm._BatchNorm)
    for whole, alone in zip(net.layers(x_NCHW), net.layers(x_NCHW[1:2]), strict=True):
        assert torch.allclose(whole[1:2], alone, atol=1e-4)
    x_NCHW.requires_grad_()
    (gradient,) = torch.autograd.grad(net(x_NCHW)[0].square().sum(), x_NCHW)
    assert gradient[0].abs().sum() > 0, "gradients reach the images"
    assert not gradient[1:].any()


@INDEPENDENT
def test_training_and_testing_are_the_same_function(name: str) -> None:
    net = net_for(name)
    assert torch.equal(net.train()(images()), net.eval()(images()))


@ALL
def test_every_parameter_is_initialised_and_learns(name: str) -> None:
    net = net_for(name)
    net(images()).square().sum().backward()
    for parameter, values in net.named_parameters():
        assert values.isfinite().all(), parameter
        assert values.grad is not None, parameter


@ALL
def test_second_derivatives_reach_the_images(name: str) -> None:
    # Gradient matching differentiates a gradient.
    net, x_NCHW = net_for(name), images().requires_grad_()
    loss = net(x_NCHW).logsumexp(dim=1).sum()
    gradients = torch.autograd.grad(loss, list(net.parameters()), create_graph=True)
    (second,) = torch.autograd.grad(torch.stack([g.square().sum() for g in gradients]).sum(), x_NCHW)
    assert second.abs().sum() > 0


@pytest.mark.parametrize(
    ("name", "features", "parameters"),
    [
        # Published: 320 010 for the ConvNet; the others by convolution k²·in·out + out, norm 2·out.
        ("convnet", 128 * 4 * 4, 320_010),
        ("convnet-bn", 128 * 4 * 4, 320_010),
        ("alexnet", 192 * 4 * 4, 9_728 + 614_592 + 442_624 + 442_560 + 331_968 + 30_730),
        ("vgg11", 512, 9_220_480 + 2 * 2752 + 5130),
        ("resnet18", 512, 11_173_962),
        ("mlp", 128, 3072 * 128 + 128 + 2 * (128 * 128 + 128) + 128 * 10 + 10),
    ],
)
def test_width_128_is_the_published_size(name: str, features: int, parameters: int) -> None:
    net = net_for(name, 32, width=128, depth=3, classes=10)
    assert net.features == features
    assert sum(p.numel() for p in net.parameters()) == parameters


@ALL
def test_width_scales_the_whole_network(name: str) -> None:
    narrow, wide = (sum(p.numel() for p in net_for(name, 32, width=w).blocks.parameters()) for w in (16, 32))
    assert 1.5 < wide / narrow < 4.5


def test_initial_weights_have_the_scale_of_pytorchs_default() -> None:
    weight = net_for("convnet", 32, width=64).state_dict()["blocks.1.0.weight"]
    assert weight.std() == pytest.approx(nn.Conv2d(64, 64, 3).weight.std().item(), rel=0.02)
    assert weight.abs().max() <= 576**-0.5


def test_an_image_too_small_for_the_depth_is_refused() -> None:
    with pytest.raises(UserError, match="at most 3 for 8×8"):
        net_for("convnet", 8, depth=4)


@pytest.mark.parametrize("name", ["alexnet", "vgg11", "resnet18"])
def test_images_too_small_for_the_architecture_are_refused(name: str) -> None:
    with pytest.raises(UserError, match="for 8×8 and more"):
        net_for(name, 7)
    assert net_for(name, 8)(images(8)).isfinite().all()
