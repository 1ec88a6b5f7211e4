"""The expected time of a run: known answers, and what more work does to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.config.cost import (
    ARCHITECTURES,
    MULTIPLES,
    DataSize,
    DeviceSpeed,
    PassSpeed,
    Work,
    evaluation_seconds,
    run_seconds,
    stage_seconds,
)
from fairdd_core.config.presets import PRESETS, arms_named, quick
from fairdd_core.config.settings import changed, get
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.data.grouped import Split
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.nets.registry import NETWORKS
from tests.helpers import device_speed, toy_dataset

SIZE = DataSize(side=16, classes=10, cells=100, train=1297, test=5000)
NOTHING = PassSpeed(fixed=0, values=0, multiplications=0)
IDLE = DeviceSpeed(
    device="CPU",
    start=0,
    match=NOTHING,
    part=0,
    real=NOTHING,
    train=NOTHING,
    test=NOTHING,
    umap_start=0,
    umap_fit=0,
    umap_place=0,
)
ONE_EACH = PassSpeed(fixed=1, values=0, multiplications=0)
MORE = {
    "distill.ipc": (10, 50),
    "distill.iterations": (100, 5000),
    "distill.network.width": (32, 128),
    "distill.network.depth": (1, 4),
    "distill.schedule.pairs": (5, 200),
    "distill.schedule.samples": (1, 200),
    "distill.schedule.experts": (0, 5),
    "distill.snapshots": (2, 60),
    "evaluation.networks": (1, 10),
    "evaluation.epochs": (10, 1000),
    "evaluation.network.width": (32, 128),
    "evaluation.baseline_networks": (0, 3),
    "evaluation.full_data_steps": (10, 5000),
    "embedding.samples_per_cell": (1, 100),
    "embedding.umap": (False, True),
}
"""Settings that more of makes no run shorter."""


def test_the_work_of_a_network_by_hand() -> None:
    work = Work.of(NetSpec(width=32, depth=2), 16)
    assert work.values == pytest.approx((32 * 16 * 16 + 32 * 8 * 8) / 1e6)
    assert work.multiplications == pytest.approx((9 * 3 * 32 * 16 * 16 + 9 * 32 * 32 * 8 * 8) / 1e6)


def test_a_pass_by_hand() -> None:
    speed, work = PassSpeed(fixed=2, values=3, multiplications=5), Work(values=7, multiplications=11)
    assert speed.seconds(work, 10) == 2 + 10 * (3 * 7 + 5 * 11)
    assert speed.seconds(work, 10, batch=4) == 3 * 2 + 10 * (3 * 7 + 5 * 11)


def test_passes_are_counted_as_a_run_makes_them() -> None:
    spec = changed(
        quick(), {"evaluation.networks": 3, "evaluation.epochs": 7, "evaluation.full_data_steps": 40}
    )

    def count(spec: Any, kind: str) -> float:
        return run_seconds(spec, SIZE, IDLE.model_copy(update={kind: ONE_EACH}))

    assert count(spec, "match") == 2 * 600
    assert count(spec, "real") == 50
    assert count(changed(spec, {"distill.iterations": 20}), "real") == 20
    assert count(changed(spec, {"distill.schedule.kind": "fresh"}), "real") == 600
    assert count(spec, "train") == 2 * 3 * 7 + 7 + 40
    assert count(changed(spec, {"evaluation.full_data_steps": 10**6}), "train") == 2 * 3 * 7 + 7 + 800
    assert count(changed(spec, {"evaluation.baseline_networks": 0}), "train") == 2 * 3 * 7 + 40
    random = {"evaluation.baseline_networks": 0, "embedding.features": "random"}
    assert count(changed(spec, random), "train") == 2 * 3 * 7
    shown = 5000 + 1297 + 2 * 100 + 24 * 2 * 100  # test, pool, final and earlier images
    assert count(spec, "test") == (2 * 3 + 2) * 10 + -(-shown // 500)


def test_networks_trained_on_the_images_count() -> None:
    inner = {"distill.schedule.kind": "inner", "distill.schedule.outer": 10, "distill.schedule.inner": 5}
    spec = changed(quick(), inner | {"distill.iterations": 20})
    speed = IDLE.model_copy(update={"train": ONE_EACH})
    assert stage_seconds(spec, SIZE, speed)["distill"] == 2 * 18 * 5
    assert stage_seconds(changed(quick(), {"distill.schedule.experts": 2}), SIZE, speed)["distill"] == 2 * 100


def test_further_architectures_are_tested_as_often() -> None:
    speed = IDLE.model_copy(update={"train": ONE_EACH, "test": ONE_EACH})
    one = changed(quick(), {"embedding.features": "random"})
    two = changed(one, {"evaluation.others": ("alexnet", "mlp")})
    testing = [stage_seconds(spec, SIZE, speed)["evaluate"] for spec in (one, two)]
    assert testing[1] == 3 * testing[0]
    assert sum(evaluation_seconds(two, SIZE, speed)) == testing[1]


def test_methods_add_up() -> None:
    def seconds(*arms: str) -> float:
        return run_seconds(changed(quick(), {"distill.arms": arms_named(*arms)}), SIZE, device_speed())

    one, two, three = seconds("cobra"), seconds("cobra", "vanilla"), seconds("cobra", "vanilla", "fairdd")
    assert three - two == pytest.approx(two - one)
    shared = seconds("vanilla", "vanilla+fair-training") - seconds("vanilla")
    assert 0 < shared < two - one, "methods with the same images distil them once"


def test_twice_as_slow_a_device_takes_twice_as_long() -> None:
    assert run_seconds(quick(), SIZE, device_speed(2)) == pytest.approx(
        2 * run_seconds(quick(), SIZE, device_speed())
    )


def test_quick_takes_about_a_minute_on_two_cores() -> None:
    assert 40 < run_seconds(quick(), SIZE, device_speed()) < 100


def test_the_size_of_data_counts_what_is_there() -> None:
    train = toy_dataset(classes=3, groups=2, per_cell=(12, 3))
    size = DataSize.of(Split(train, toy_dataset(classes=3, groups=2, per_cell=(4, 4))))
    assert size == DataSize(side=8, classes=3, cells=6, train=45, test=24)
    empty = toy_dataset(classes=3, groups=2, per_cell=(12, 0))
    assert DataSize.of(Split(empty, empty)).cells == 3


def test_multiples_are_of_what_there_is() -> None:
    assert set(MULTIPLES) <= set(BACKBONES), "one without is taken to be as fast as Distribution Matching"
    assert set(ARCHITECTURES) <= set(NETWORKS)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_more_work_never_takes_less_time(data: st.DataObject) -> None:
    spec = data.draw(st.sampled_from(list(PRESETS.values())))()
    spec = changed(spec, {"distill.schedule.kind": data.draw(st.sampled_from(["bank", "fresh", "inner"]))})

    def draw(path: str, low: int = 0) -> Any:
        fewest, most = MORE[path]
        if isinstance(fewest, bool):
            return low or data.draw(st.booleans())
        return data.draw(st.integers(max(low, fewest), most))

    less = changed(spec, {path: draw(path) for path in MORE})
    chosen = data.draw(st.lists(st.sampled_from(list(MORE)), min_size=1, unique=True))
    more = changed(less, {path: draw(path, get(less, path)) for path in chosen})
    speed = device_speed(data.draw(st.floats(0.01, 10)))
    small = DataSize(*(data.draw(st.integers(1, most)) for most in (64, 20, 100, 50_000, 20_000)))
    large = DataSize(*(data.draw(st.integers(n, 2 * n)) for n in vars(small).values()))
    before, after = stage_seconds(less, small, speed), stage_seconds(more, large, speed)
    for stage, seconds in before.items():
        assert after[stage] >= seconds * (1 - 1e-9)
