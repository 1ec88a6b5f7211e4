"""The networks of the pairs: experts, and networks trained on an arm's own images."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from fairdd_core.config.spec.distill import DistillSpec
from fairdd_core.distill.loop import distill
from fairdd_core.distill.networks import BATCH, CHECKPOINTS, MatchingNetworks, _batches
from fairdd_core.events import Checkpoint, Distilled, Event, Step
from tests.helpers import tiny_distill, toy_dataset

CPU = torch.device("cpu")


def networks(**schedule: object) -> MatchingNetworks:
    return MatchingNetworks(toy_dataset(per_cell=(40, 20)), tiny_distill(schedule=schedule), 3, CPU)


def loss(made: MatchingNetworks, k: int, state: dict[str, torch.Tensor] | None = None) -> float:
    train, net = made.train_set, made(k)
    if state is not None:
        net.load_state_dict(state)
    x_NCHW = torch.from_numpy(train.normalisation.apply(train.x_NCHW))
    return F.cross_entropy(net(x_NCHW), torch.from_numpy(train.y_N)).item()


def test_an_expert_learns_along_its_path() -> None:
    made = networks(experts=1, expert_steps=60, expert_lr=0.05)
    path = made._trajectory(0)
    assert len(path) == CHECKPOINTS + 1
    losses = [loss(made, 0, state) for state in (path[0], path[len(path) // 2], path[-1])]
    assert losses[0] > losses[1] > losses[2]


def test_experts_are_trained_once_and_met_at_different_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[int] = []
    inner = MatchingNetworks._expert

    def counted(self: MatchingNetworks, e: int) -> list[dict[str, torch.Tensor]]:
        trained.append(e)
        return inner(self, e)

    monkeypatch.setattr(MatchingNetworks, "_expert", counted)
    made = networks(experts=2, expert_steps=CHECKPOINTS)
    states = [tuple(made(k).head.weight.flatten().tolist()) for k in range(8)]
    assert sorted(trained) == [0, 1]
    assert len(set(states)) > 4
    assert states == [tuple(made(k).head.weight.flatten().tolist()) for k in range(8)]


def finished(
    spec: DistillSpec, resume: Checkpoint | None = None
) -> tuple[dict[str, torch.Tensor], list[Event]]:
    events: list[Event] = list(distill(toy_dataset(), spec, 0, CPU, resume))
    return {e.arm: e.x_NCHW for e in events if isinstance(e, Distilled)}, events


def test_own_networks_start_alike_and_then_follow_the_images() -> None:
    kept = {"kind": "inner", "outer": 2, "inner": 3, "expert_lr": 0.1}
    _, events = finished(tiny_distill(schedule=kept, iterations=2, lr=5.0))
    _, untrained = finished(tiny_distill(schedule={**kept, "inner": 0}, iterations=2, lr=5.0))
    losses, plain = (
        [(e.arm, e.iteration, e.loss) for e in found if isinstance(e, Step)] for found in (events, untrained)
    )
    assert losses[:2] == plain[:2], "the first iteration of a network's life is before any training"
    assert losses[2:] != plain[2:]


@pytest.mark.parametrize("backbone", ["dc", "mtt", "cafe"])
@pytest.mark.parametrize("kind", ["inner", "bank"])
def test_going_on_ends_with_the_same_bytes(backbone: str, kind: str) -> None:
    pairs = {"kind": kind, "outer": 3, "inner": 2, "pairs": 2, "samples": 4, "experts": 1, "expert_steps": 2}
    spec = tiny_distill(backbone=backbone, iterations=6, schedule=pairs, snapshots=6)
    images, events = finished(spec)
    checkpoints = [event for event in events if isinstance(event, Checkpoint)]
    if kind == "inner":
        assert all(c.iteration % 3 == 0 for c in checkpoints), "only where no network is at work"
    resumed, _ = finished(spec, checkpoints[0])
    assert checkpoints[0].iteration < 6
    assert all(torch.equal(resumed[arm], images[arm]) for arm in images)


def test_a_warm_network_is_trained_on_the_arms_own_images_first() -> None:
    arms = tiny_distill("vanilla", "cobra").arms
    warm = (arms[0], arms[1].model_copy(update={"warm_steps": 5}))
    cold, _ = finished(tiny_distill(schedule={"kind": "fresh", "samples": 4}))
    spec = tiny_distill(schedule={"kind": "fresh", "samples": 4}).model_copy(update={"arms": warm})
    images, _ = finished(spec)
    assert torch.equal(images["vanilla"], cold["vanilla"])
    assert not torch.equal(images["cobra"], cold["cobra"])


def test_a_pass_takes_every_image_once() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = list(_batches(BATCH + 44, 3, True, generator))
    assert [len(batch) for batch in rows] == [BATCH, 44] * 3
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        assert torch.equal(torch.cat([first, second]).sort().values, torch.arange(BATCH + 44))
    assert not torch.equal(rows[0], rows[2]), "shuffled anew"
    assert [len(batch) for batch in _batches(BATCH + 44, 3, False, generator)] == [BATCH] * 3


def test_plain_steps_are_those_of_plain_sgd() -> None:
    made = MatchingNetworks(
        toy_dataset(),
        tiny_distill(
            augmentation="",
            schedule={"expert_lr": 0.1, "expert_momentum": 0, "expert_decay": 0, "unit": "passes"},
        ),
        3,
        CPU,
    )
    x_NCHW, y_N = torch.rand(6, 3, 8, 8), torch.arange(6) % 3
    net, other = made(0), made(0).requires_grad_(True)
    made.train(net, x_NCHW, y_N, 4, 0)
    for _ in range(4):
        slopes = torch.autograd.grad(F.cross_entropy(other(x_NCHW), y_N), list(other.parameters()))
        for p, slope in zip(other.parameters(), slopes, strict=True):
            p.data -= 0.1 * slope
    for p, q in zip(net.parameters(), other.parameters(), strict=True):
        assert torch.allclose(p, q, atol=1e-5)


def test_an_expert_is_met_after_any_of_its_passes() -> None:
    path = networks(experts=1, expert_steps=4, unit="passes")._trajectory(0)
    assert len(path) == 5
    assert len({tuple(state["head.bias"].tolist()) for state in path}) == 5
