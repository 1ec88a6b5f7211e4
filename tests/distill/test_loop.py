"""The loop: what is the same, what differs, and what goes on after a stop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.distill import ArmSpec, DistillSpec, ScheduleSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.distill.alignments.registry import ALIGNMENTS, DEFAULT_DISTANCE
from fairdd_core.distill.alignments.rules import Vanilla
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.distill.loop import distill, snapshot_iterations, step_size
from fairdd_core.distill.sampling import draw_real
from fairdd_core.distill.schedules import MatchingPair, PairFactory, schedule
from fairdd_core.errors import Diverged, UserError
from fairdd_core.events import Checkpoint, Diagnosed, Distilled, Evaluated, Event, Phase, Snapshot, Step
from fairdd_core.nets.base import Net
from fairdd_core.runs.engine.pipeline import run_pipeline
from tests.helpers import tiny_distill, tiny_evaluation, toy_dataset

CPU = torch.device("cpu")


def run(spec: DistillSpec, seed: int = 0, resume: Checkpoint | None = None) -> list[Event]:
    return list(distill(toy_dataset(), spec, seed, CPU, resume))


GPU = pytest.param("cuda:0", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"))


@pytest.mark.parametrize("device", ["cpu", GPU])
def test_a_whole_run_on_every_kind_of_device(device: str) -> None:
    spec = RunSpec(
        data=DataSpec(groups=2),
        distill=tiny_distill("vanilla", "cobra", "uniform", "fairdd"),
        evaluation=tiny_evaluation(),
        embedding=EmbeddingSpec(umap=False),
        device=device,
    )
    events = list(run_pipeline(spec, Path()))
    assert isinstance(events[-1], Phase)
    assert events[-1].name == "embed"
    assert len([event for event in events if isinstance(event, Evaluated)]) == 4 * 2 + 2
    assert all(event.x_NCHW.device.type == "cpu" for event in events if isinstance(event, Distilled))


def finished(events: list[Event]) -> dict[str, torch.Tensor]:
    return {event.arm: event.x_NCHW for event in events if isinstance(event, Distilled)}


METHODS = [
    (name, distance)
    for name, card in ALIGNMENTS.items()
    for distance in (DISCREPANCIES if card.barycenter else [DEFAULT_DISTANCE])
]
SCHEDULES: dict[str, dict[str, object]] = {
    "bank": {},
    "fresh": {"kind": "fresh"},
    "per class": {"sampling": "per-class"},
    "stratified": {"sampling": "stratified"},
    "experts": {"experts": 2, "expert_steps": 3},
    "inner loop": {"kind": "inner", "outer": 2, "inner": 2},
}


@pytest.mark.parametrize(("alignment", "discrepancy"), METHODS)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_contract_of_every_method(alignment: str, discrepancy: str, backbone: str) -> None:
    arm = ArmSpec(name="arm", alignment=alignment, discrepancy=discrepancy)
    check_contract(tiny_distill(backbone=backbone).model_copy(update={"arms": (arm,)}))


@pytest.mark.parametrize("changes", SCHEDULES.values(), ids=list(SCHEDULES))
@pytest.mark.parametrize("backbone", BACKBONES)
def test_contract_of_every_schedule(changes: dict[str, object], backbone: str) -> None:
    pairs = ScheduleSpec.model_validate({"pairs": 2, "samples": 6, **changes})
    check_contract(tiny_distill("cobra", backbone=backbone, schedule=pairs, snapshots=2))


def check_contract(spec: DistillSpec) -> None:
    events = run(spec)
    steps = [event for event in events if isinstance(event, Step)]
    assert [step.iteration for step in steps] == [1, 2, 3, 4]
    assert all(np.isfinite(step.loss) for step in steps)
    measured = [event for event in events if isinstance(event, Diagnosed)]
    assert measured[-1].iteration == 4
    for event in measured:
        assert np.isfinite(steps[event.iteration - 1].worst_residual)
        assert np.isfinite(event.cells.drop(columns=["arm", "bound"]).to_numpy(float)).all()
        bound, within = event.cells["bound"], event.cells["bound"] * (1 + 1e-4) + 1e-6
        assert bound.isna().all() if nonlinear(spec) else (event.cells["vanilla"] <= within).all()
    (last,) = [event for event in events if isinstance(event, Distilled)]
    assert last.x_NCHW.shape == (6, 3, 8, 8)
    assert last.x_NCHW.isfinite().all()
    assert last.y_N.tolist() == [0, 0, 1, 1, 2, 2]
    snapshots = [event for event in events if isinstance(event, Snapshot)]
    assert snapshots[0].iteration == 0
    assert snapshots[-1].iteration == 4
    assert snapshots[0].images_CIKHW.shape == (3, 2, 3, 8, 8)
    assert (snapshots[0].images_CIKHW != snapshots[-1].images_CIKHW).any()
    assert events[-2] == Phase("distill", 4, 4)


def nonlinear(spec: DistillSpec) -> bool:
    return not BACKBONES[spec.backbone].linear


@pytest.mark.parametrize("matching", DISCREPANCIES)
def test_every_matching_distance_makes_progress(matching: str) -> None:
    spec = tiny_distill(matching=matching, iterations=30, init="noise", schedule={"pairs": 1, "samples": 8})
    losses = [event.loss for event in run(spec) if isinstance(event, Step) and event.arm == "cobra"]
    assert np.isfinite(losses).all()
    assert min(losses) < losses[0]


def test_targets_are_worked_out_once_for_each_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = Vanilla.targets
    monkeypatch.setattr(Vanilla, "targets", lambda self, layer: seen.append(layer) or real(self, layer))  # type: ignore[func-returns-value]
    run(tiny_distill("vanilla", iterations=7, schedule={"pairs": 2, "samples": 4}))
    assert len(seen) == 2
    run(tiny_distill("vanilla", iterations=7, schedule={"kind": "fresh", "samples": 4}))
    assert len(seen) == 2 + 7


def test_same_seed_same_bytes_other_seed_other_bytes() -> None:
    one, same, other = (finished(run(tiny_distill(), seed))["cobra"] for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_global_random_state_is_neither_used_nor_moved() -> None:
    torch.manual_seed(7)
    state = torch.get_rng_state()
    numpy_state = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    one = finished(run(tiny_distill("uniform")))["uniform"]
    assert torch.equal(torch.get_rng_state(), state)
    assert (np.random.get_state()[1] == numpy_state).all()  # type: ignore[index]  # noqa: NPY002
    torch.manual_seed(8)
    assert torch.equal(finished(run(tiny_distill("uniform")))["uniform"], one)


def test_an_arm_does_not_depend_on_its_company() -> None:
    together = finished(run(tiny_distill("vanilla", "cobra", "uniform", "fairdd")))
    for name, images in together.items():
        assert torch.equal(finished(run(tiny_distill(name)))[name], images), name


def test_all_arms_start_from_the_same_images() -> None:
    events = run(tiny_distill())
    first, second = (e for e in events if isinstance(e, Snapshot) and e.iteration == 0)
    assert (first.images_CIKHW == second.images_CIKHW).all()


@pytest.mark.parametrize("kind", ["bank", "fresh"])
def test_going_on_from_a_checkpoint_ends_with_the_same_bytes(kind: str) -> None:
    spec = tiny_distill(iterations=7, schedule={"kind": kind, "pairs": 2, "samples": 4}, snapshots=4)
    events = run(spec)
    checkpoints = [event for event in events if isinstance(event, Checkpoint)]
    assert [c.iteration for c in checkpoints] == snapshot_iterations(7, 4)[1:]
    for checkpoint in checkpoints[:-1]:
        resumed = run(spec, resume=checkpoint)
        assert all(torch.equal(finished(resumed)[arm], x) for arm, x in finished(events).items())
        assert min(e.iteration for e in resumed if isinstance(e, Step)) == checkpoint.iteration + 1


def test_a_checkpoint_of_another_version_is_refused_with_what_to_do() -> None:
    spec = tiny_distill("vanilla")
    with pytest.raises(UserError, match=r"vanilla/value/images, got vanilla/images.*launch the run again"):
        run(spec, resume=Checkpoint(2, {"vanilla/images": torch.zeros(6, 3, 8, 8)}))


def test_a_loss_that_is_not_a_number_stops_the_run() -> None:
    with pytest.raises(Diverged, match="vanilla"):
        run(tiny_distill(iterations=50).model_copy(update={"lr": 1e60}))  # beyond what a specification allows


def test_more_images_than_a_class_has_are_refused() -> None:
    with pytest.raises(UserError, match="at most 15"):
        run(tiny_distill(ipc=16))


def test_bank_visits_every_pair_in_each_lap_and_builds_it_once() -> None:
    built: list[int] = []
    pair_at: Any = schedule(ScheduleSpec(pairs=5), 0, lambda k: built.append(k) or k)  # type: ignore[arg-type,func-returns-value,return-value]
    laps = [[pair_at(5 * lap + i) for i in range(5)] for lap in range(3)]
    assert all(sorted(lap) == list(range(5)) for lap in laps)
    assert built == [0, 1, 2, 3, 4]
    assert laps[1] != laps[2]


@pytest.mark.parametrize("backbone", ["dm", "dc"])
def test_arms_share_fresh_networks_and_real_images(monkeypatch: pytest.MonkeyPatch, backbone: str) -> None:
    built: list[int] = []
    real = PairFactory.with_network

    def with_network(self: PairFactory, net: Net, k: int) -> MatchingPair:
        built.append(k)
        return real(self, net, k)

    monkeypatch.setattr(PairFactory, "with_network", with_network)
    run(tiny_distill(*ALIGNMENTS, backbone=backbone, schedule={"kind": "fresh", "samples": 4}))
    assert built == [0, 1, 2, 3]


def test_step_size_decays_to_nothing_at_the_end() -> None:
    spec = tiny_distill(iterations=100, lr=2.0, lr_decay=0.5)
    assert step_size(spec, 0) == 2.0
    assert step_size(spec, 50) == 2.0
    assert step_size(spec, 75) == pytest.approx(1.0)
    assert step_size(spec, 99) == pytest.approx(0.04)
    assert step_size(tiny_distill(iterations=100, lr=2.0), 99) == 2.0


def test_per_cell_sampling_never_loses_a_cell_and_per_class_sampling_does() -> None:
    train = toy_dataset(per_cell=(200, 2))
    lost = 0
    for seed in range(20):
        for sampling in ("per-cell", "per-class"):
            spec = ScheduleSpec.model_validate({"sampling": sampling, "samples": 8})
            sample = draw_real(train, spec, np.random.default_rng(seed), train.counts_CG())
            empty = (sample.counts_CG == 0).any()
            rows_M = sample.weights_MN.sum(dim=1)
            assert torch.allclose(rows_M, (rows_M > 0).float()), "rows sum to one or nothing"
            if sampling == "per-cell":
                assert not empty
            lost += int(sampling == "per-class" and empty)
    assert lost > 10


def test_a_class_without_images_is_refused() -> None:
    train = toy_dataset()
    kept = train.y_N != 1
    broken = type(train)(
        train.x_NCHW[kept], train.y_N[kept], train.a_N[kept], train.class_names, train.group_names
    )
    with pytest.raises(UserError, match="class 1"):
        draw_real(broken, ScheduleSpec(), np.random.default_rng(0), broken.counts_CG())


def test_the_step_size_halves_where_it_is_told_to() -> None:
    spec = tiny_distill(iterations=2000, lr=0.1, lr_halvings=(0.6, 0.8, 0.9))
    sizes = {i: step_size(spec, i) for i in (0, 1199, 1200, 1599, 1600, 1799, 1800, 1999)}
    assert list(sizes.values()) == pytest.approx([0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125])
