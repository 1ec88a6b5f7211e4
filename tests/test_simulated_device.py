"""Nothing is computed on the wrong device, as far as that can be seen without a GPU."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.distill import MAX_ARMS, ArmSpec, DistillSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.distill.interventions import INTERVENTIONS
from fairdd_core.distill.loop import distill
from fairdd_core.events import Distilled, Evaluated
from fairdd_core.nets.build import make_network
from fairdd_core.nets.registry import NETWORKS
from fairdd_core.runs.engine import pipeline
from tests.distill.test_loop import METHODS, SCHEDULES
from tests.helpers import tiny_distill, tiny_evaluation, toy_dataset
from tests.simulated_device import NAME, MixedDevicesError, simulated_device

CPU = torch.device("cpu")


def arms() -> list[ArmSpec]:
    """Return an arm of every alignment, under every distance where it has one."""
    return [
        ArmSpec(name=f"{alignment}-{distance}", alignment=alignment, discrepancy=distance)
        for alignment, distance in METHODS
    ]


def assert_the_same_on_both(spec: DistillSpec) -> None:
    """Distil on the device, which must not mix it with the CPU, and there."""

    def images(device: torch.device) -> dict[str, torch.Tensor]:
        events = distill(toy_dataset(), spec, 0, device)
        return {event.arm: event.x_NCHW for event in events if isinstance(event, Distilled)}

    with simulated_device() as device:
        there = images(device)
    here = images(CPU)
    assert set(here) == set(there)
    for arm, x_NCHW in here.items():
        assert torch.equal(there[arm], x_NCHW), arm


def test_the_device_refuses_what_a_gpu_refuses() -> None:
    with simulated_device() as device:
        x_N = torch.arange(3.0, device=device).requires_grad_()
        (x_N * torch.tensor(2.0)).sum().backward()
        assert x_N.grad is not None
        assert x_N.grad.device.type == NAME
        assert x_N.grad.cpu().tolist() == [2.0, 2.0, 2.0]
        assert x_N[torch.tensor([2, 0])].tolist() == [2.0, 0.0]
        with pytest.raises(MixedDevicesError):
            x_N + torch.ones(3)
        with pytest.raises(MixedDevicesError):
            torch.randn(3, device=device, generator=torch.Generator())
        with pytest.raises((TypeError, RuntimeError), match="numpy"):
            x_N.detach().numpy()


@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_alignment_under_every_distance(backbone: str) -> None:
    every = arms()
    for start in range(0, len(every), MAX_ARMS):
        spec = tiny_distill(backbone=backbone, iterations=1)
        assert_the_same_on_both(spec.model_copy(update={"arms": tuple(every[start : start + MAX_ARMS])}))


@pytest.mark.parametrize("matching", DISCREPANCIES)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_matching_distance(backbone: str, matching: str) -> None:
    assert_the_same_on_both(tiny_distill("cobra", backbone=backbone, matching=matching, iterations=1))


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=list(SCHEDULES))
def test_every_schedule(schedule: dict[str, object]) -> None:
    assert_the_same_on_both(tiny_distill(iterations=3, schedule={"pairs": 2, "samples": 6, **schedule}))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network(name: str) -> None:
    spec, losses = NetSpec(name=name, width=8, depth=2), []
    for place in (nullcontext(CPU), simulated_device()):
        with place as device:
            net = make_network(spec, 32, 2, torch.Generator().manual_seed(0), device)
            x_NCHW = torch.linspace(-1, 1, 2 * 3 * 32 * 32).reshape(2, 3, 32, 32).to(device)
            loss = F.cross_entropy(net(x_NCHW), torch.tensor([0, 1], device=device))
            loss.backward()
            assert all(weight.grad is not None for weight in net.parameters())
            losses.append(loss.item())
    assert losses[0] == losses[1]


def test_a_whole_run(monkeypatch: pytest.MonkeyPatch) -> None:
    own = [ArmSpec(name=name, alignment="cobra", intervention=name) for name in INTERVENTIONS]
    spec = RunSpec(
        data=DataSpec(groups=2),
        distill=tiny_distill(iterations=1).model_copy(update={"arms": tuple(own)}),
        evaluation=tiny_evaluation(networks=1, others=("mlp",)),
        embedding=EmbeddingSpec(umap=False),
        device="cpu",
    )
    here = [event for event in pipeline.run_pipeline(spec, Path()) if isinstance(event, Evaluated)]
    with simulated_device() as device:
        monkeypatch.setattr(pipeline, "resolve_device", lambda name: device)
        there = [event for event in pipeline.run_pipeline(spec, Path()) if isinstance(event, Evaluated)]
    assert len(there) == len(here) > 2 * len(own)
    for one, other in zip(here, there, strict=True):
        assert (one.arm, one.architecture) == (other.arm, other.architecture)
        assert (one.counts_GCC == other.counts_GCC).all()
