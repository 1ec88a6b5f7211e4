"""The published presets against tables of their sources, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from fairdd_core.config.adapt import Start, adapt, start_of
from fairdd_core.config.checks import check_names
from fairdd_core.config.presets import preset_named, quick
from fairdd_core.config.published import (
    RECIPES,
    SAME_EVERYWHERE,
    deviations,
    kind_of,
    loops,
    source_of,
)
from fairdd_core.config.recipes import fields_by_ipc
from fairdd_core.config.settings import get
from fairdd_core.config.spec.data import DSA_STRATEGY
from fairdd_core.config.spec.distill import ArmSpec, DistillSpec, ScheduleSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.distill.backbones.registry import BACKBONES

COBRA = "COBRA's public code"
FAIRDD_DM = "zqhang/FairDD: main_DM.py, scripts/main_DM.sh"
FAIRDD_DC = "zqhang/FairDD: main_DC.py, utils.py, scripts/main_DC.sh"
CAFE = "kaiwang960112/CAFE: distill.py, networks.py"
MTT = "GeorgeCazenavette/mtt-distillation: buffer.py, distill.py"
OPEN = "not known"

Row = tuple[str, Any, str]
NETWORK: list[Row] = [
    ("data.rendering", "published", "both peers: threshold 128, padding at top and left, mean = s.d. = 0.5"),
    ("data.test_groups", "dealt", "both peers: colours of the test set dealt once"),
    ("data.skew", 0.9, "both peers"),
    ("data.groups", 10, "both peers"),
    ("distill.network.name", "convnet", "all peers"),
    ("distill.network.depth", 3, "all peers, also at 64×64"),
    ("distill.network.width", 128, "all peers"),
    ("evaluation.network.depth", 3, "all peers, also at 64×64"),
    ("evaluation.network.width", 128, "all peers"),
    ("distill.momentum", 0.5, "all peers"),
    ("distill.lr_decay", 0.0, "all peers"),
    ("distill.schedule.sampling", "per-class", "all peers"),
    ("distill.schedule.expert_lr", 0.01, "all peers: lr_net"),
    ("distill.schedule.expert_momentum", 0.0, "all peers: optimizer_net"),
    ("distill.schedule.expert_decay", 0.0, "all peers: optimizer_net"),
    ("distill.schedule.unit", "passes", "all peers: epoch()"),
    ("evaluation.lr", 0.01, "all peers: evaluate_synset"),
    ("evaluation.momentum", 0.9, "all peers: evaluate_synset"),
    ("evaluation.weight_decay", 5e-4, "all peers: evaluate_synset"),
    ("evaluation.batch_size", 256, "all peers: batch_train"),
]
TABLES: dict[str, list[Row]] = {
    "dm": [
        ("distill.iterations", 2600, COBRA),
        ("distill.lr", 1.0, COBRA),
        ("distill.matching", "squared-l2", COBRA),
        ("distill.augmentation", DSA_STRATEGY, COBRA),
        ("distill.init", "real", FAIRDD_DM),
        ("distill.schedule.kind", "fresh", COBRA),
        ("distill.schedule.samples", 600, COBRA),
        ("distill.schedule.experts", 0, COBRA),
        ("evaluation.augmentation", DSA_STRATEGY, COBRA),
        ("evaluation.epochs", 1500, COBRA),
        ("evaluation.networks", 5, COBRA),
    ],
    "fairdd-dm": [
        ("distill.iterations", 20_000, FAIRDD_DM),
        ("distill.lr", 1.0, FAIRDD_DM),
        ("distill.matching", "squared-l2", FAIRDD_DM),
        ("distill.augmentation", DSA_STRATEGY, FAIRDD_DM),
        ("distill.init", "real", FAIRDD_DM),
        ("distill.schedule.kind", "fresh", FAIRDD_DM),
        ("distill.schedule.samples", 256, FAIRDD_DM),
        ("evaluation.augmentation", DSA_STRATEGY, FAIRDD_DM),
        ("evaluation.epochs", 1000, FAIRDD_DM),
        ("evaluation.networks", 10, FAIRDD_DM),
    ],
    "dc": [
        ("distill.iterations", 1000 * 10, f"{COBRA}: 1 000 networks, 10 iterations each"),
        ("distill.lr", 0.1, COBRA),
        ("distill.matching", "cosine", f"{COBRA}: by output row, weights only"),
        ("distill.augmentation", "", COBRA),
        ("distill.init", "real", FAIRDD_DC),
        ("distill.schedule.kind", "inner", COBRA),
        ("distill.schedule.outer", 10, COBRA),
        ("distill.schedule.inner", 50, COBRA),
        ("distill.schedule.samples", 256, COBRA),
        ("distill.schedule.experts", 0, COBRA),
        ("evaluation.augmentation", "", COBRA),
        ("evaluation.epochs", 300, f"{FAIRDD_DC}; COBRA's {OPEN}"),
        ("evaluation.networks", 10, f"{FAIRDD_DC}; COBRA's {OPEN}"),
    ],
    "idc": [
        ("distill.iterations", 1000, COBRA),
        ("distill.lr", 0.1, COBRA),
        ("distill.matching", "cosine", COBRA),
        ("distill.augmentation", "", COBRA),
        ("distill.factor", 2, COBRA),
        ("distill.schedule.kind", "fresh", COBRA),
        ("distill.schedule.samples", 256, COBRA),
        ("distill.schedule.experts", 0, f"{COBRA}: untrained networks"),
        ("evaluation.augmentation", "", COBRA),
        ("evaluation.epochs", 1500, f"COBRA's DM; its IDC's {OPEN}"),
        ("evaluation.networks", 5, f"COBRA's DM; its IDC's {OPEN}"),
    ],
    "cafe": [
        ("distill.iterations", 2000 * 10, f"{COBRA}: 2 000 networks; 10 iterations are the least of {CAFE}"),
        ("distill.lr", 0.1, COBRA),
        ("distill.lr_halvings", (1200 / 2000, 1600 / 2000, 1800 / 2000), COBRA),
        ("distill.matching", "squared-l2", CAFE),
        ("distill.augmentation", "", CAFE),
        ("distill.feature_loss", "published", f"{COBRA}: before pooling, weights 1, 1, 0.1, 0.1"),
        ("distill.discrimination", 0.01, f"{COBRA}: summed"),
        ("distill.schedule.kind", "inner", COBRA),
        ("distill.schedule.samples", 256, CAFE),
        ("evaluation.augmentation", "", CAFE),
        ("evaluation.epochs", 600, f"{CAFE}; COBRA's {OPEN}"),
        ("evaluation.networks", 20, f"{CAFE}; COBRA's {OPEN}"),
    ],
    "mtt": [
        ("distill.iterations", 5000, MTT),
        ("distill.lr", 1000.0, MTT),
        ("distill.matching", "squared-l2", MTT),
        ("distill.augmentation", DSA_STRATEGY, MTT),
        ("distill.schedule.expert_steps", 24, f"{MTT}: max_start_epoch 25 draws among 0 to 24"),
        ("distill.trajectory.student_steps", 20, MTT),
        ("distill.trajectory.student_lr", 0.01, MTT),
        ("distill.trajectory.expert_lr", 0.01, MTT),
        ("evaluation.epochs", 1000, MTT),
        ("evaluation.networks", 5, MTT),
    ],
}
ARMS: dict[str, dict[str, dict[str, Any]]] = {
    "dm": {"vanilla": {}, "fairdd": {"weighting": "sum"}, "cobra": {"matching": "l1", "warm_steps": 10}},
    "fairdd-dm": {"vanilla": {}, "fairdd": {"weighting": "sum"}},
    "dc": {"vanilla": {}, "fairdd": {"weighting": "sum"}, "cobra": {}},
    "idc": {"vanilla": {}, "fairdd": {"weighting": "sum"}, "cobra": {}},
    "cafe": {"vanilla": {}, "fairdd": {"weighting": "sum"}, "cobra": {"discrimination": 0.0}},
    "mtt": {"vanilla": {}, "cobra": {}},
}


def test_every_recipe_has_a_table() -> None:
    assert set(TABLES) == set(ARMS) == set(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_a_preset_has_the_published_values(name: str) -> None:
    spec = preset_named(f"published-{name}")
    table = {path: value for path, value, _ in [*NETWORK, *TABLES[name]]}
    assert {path: get(spec, path) for path in table} == table
    assert spec.distill.ipc == 10
    own = {arm.name: arm.model_dump(exclude_defaults=True) for arm in spec.distill.arms}
    assert own == {arm: {"name": arm, "alignment": arm, **more} for arm, more in ARMS[name].items()}


@pytest.mark.parametrize("name", RECIPES)
def test_whatever_a_recipe_sets_has_a_source(name: str) -> None:
    told = {path for path, _, _ in [*NETWORK, *TABLES[name]]}
    # How long CAFE's loops are, and how long and how often MTT's experts train, are said to be our own.
    ours = {
        "cafe": {"distill.schedule.outer", "distill.schedule.inner"},
        "mtt": {
            "distill.trajectory.expert_steps",
            "distill.schedule.kind",
            "distill.schedule.samples",
            "distill.schedule.experts",
            "evaluation.augmentation",
        },
    }
    assert set(RECIPES[name].fields(10, "")) - told == ours.get(name, set())


@pytest.mark.parametrize(("ipc", "warm"), [(1, 10), (10, 10), (50, 50), (100, 100)])
def test_the_warm_networks_of_cobra_follow_the_images_per_class(ipc: int, warm: int) -> None:
    spec = preset_named("published", ipc=ipc)
    assert [arm.warm_steps for arm in spec.distill.arms] == [0, 0, warm]
    assert spec.distill.lr == 1, "COBRA's step size does not follow"


@pytest.mark.parametrize(("ipc", "lr"), [(10, 1), (50, 1), (100, 10)])
def test_fairdds_step_size_follows_the_images_per_class(ipc: int, lr: float) -> None:
    assert preset_named("published-fairdd-dm", ipc=ipc).distill.lr == lr


@pytest.mark.parametrize(
    ("ipc", "outer", "inner"), [(1, 1, 1), (10, 10, 50), (20, 20, 25), (50, 50, 10), (100, 100, 10)]
)
def test_the_loops_of_dc_follow_the_images_per_class(ipc: int, outer: int, inner: int) -> None:
    spec = preset_named("published-dc", ipc=ipc)
    assert loops(ipc) == (outer, inner) == (spec.distill.schedule.outer, spec.distill.schedule.inner)
    assert spec.distill.iterations == 1000 * outer
    check_names(spec)


def test_idc_divides_faces_into_more_parts() -> None:
    assert Start("published", "utkface", backbone="idc").spec().distill.factor == 4
    assert Start("published", backbone="idc").spec().distill.factor == 2


@pytest.mark.parametrize("name", BACKBONES)
def test_another_data_set_adds_no_depth_and_drops_no_flip(name: str) -> None:
    spec = preset_named(f"published-{name}")
    faces, digits = adapt(spec, "utkface"), adapt(spec, "colored-digits-fg")
    for other in (faces, digits):
        assert other.distill.network == spec.distill.network
        assert other.distill.augmentation == spec.distill.augmentation
        assert other.evaluation.network.depth == 3
    assert adapt(quick(), "utkface").distill.network.depth == 4, "other presets do add"


def test_names_say_what_is_followed() -> None:
    kinds = {name: kind_of(name) for name in RECIPES}
    assert kinds == {
        "dm": "published",
        "fairdd-dm": "published",
        "dc": "published",
        "idc": "published",
        "cafe": "long",
        "mtt": "long",
    }
    assert preset_named("long-mtt") == preset_named("published-mtt"), "the older name still opens"
    assert all(RECIPES[name].differs for name, kind in kinds.items() if kind == "long")
    assert source_of("mtt").startswith("Not quite")


@pytest.mark.parametrize("name", [*RECIPES, "a-backbone-of-ones-own"])
def test_every_deviation_is_told(name: str) -> None:
    assert set(SAME_EVERYWHERE) < {*deviations(name), "one more"}


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("ipc", [1, 50])
def test_a_run_is_described_by_its_preset_at_its_images_per_class(backbone: str, ipc: int) -> None:
    start = Start("published", backbone="" if backbone == "dm" else backbone, ipc=ipc)
    assert start_of(start.spec()) == (start, start.spec())


def test_what_follows_the_images_per_class_is_known() -> None:
    assert fields_by_ipc("published", "dc") == {
        "distill.iterations",
        "distill.schedule.outer",
        "distill.schedule.inner",
    }
    assert not fields_by_ipc("quick", "dc")


def test_a_specification_without_the_newer_fields_means_what_it_meant() -> None:
    document = quick().model_dump(mode="json")
    for name in ("lr_halvings", "feature_loss"):
        del document["distill"][name]
    for name in ("expert_momentum", "expert_decay", "unit"):
        del document["distill"]["schedule"][name]
    for arm in document["distill"]["arms"]:
        del arm["weighting"], arm["discrimination"]
    assert RunSpec.model_validate(document) == quick()
    schedule = ScheduleSpec()
    assert (schedule.expert_momentum, schedule.expert_decay, schedule.unit) == (0.9, 5e-4, "updates")
    assert ArmSpec(name="a", alignment="fairdd").weighting == "mean"
    plain = DistillSpec(arms=(ArmSpec(name="a", alignment="vanilla"),))
    assert (plain.lr_halvings, plain.feature_loss) == ((), "scaled")
