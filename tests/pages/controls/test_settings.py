"""Controls to specification and address, and back."""

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.config.presets import PRESETS, preset_named
from fairdd_core.config.recipes import SHORT
from fairdd_core.config.settings import CONTROLS, PARAMS, changed, get
from fairdd_core.config.spec.data import check_skew, lowest_skew
from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.distill.alignments.registry import arm_named
from fairdd_core.errors import UserError
from fairdd_core.units import estimate_text
from pages.ui.common.eta import Measured, stage_seconds
from pages.ui.controls.address import from_address, to_address
from pages.ui.controls.method_choices import (
    arm_summary,
    coincidence,
    difference_sentence,
    fit_barycenters,
    mitigated,
    mitigations_for,
    other_distances,
    shared_images,
    with_distances,
    with_mitigations,
)
from pages.ui.controls.settings import KEPT, spec_of, values_of
from pages.ui.controls.widgets import grid, mark_text
from tests.config.strategies import specs
from tests.helpers import ROOT, tiny_distill


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_survives_the_controls(name: str) -> None:
    assert spec_of(values_of(PRESETS[name]())) == PRESETS[name]()
    assert values_of(PRESETS[name]())[KEPT] == {}
    assert to_address(PRESETS[name]()) == ({} if name == "quick" else {"preset": name})


@given(specs())
@settings(max_examples=500, deadline=None)
def test_any_run_survives_the_controls(spec: RunSpec) -> None:
    assert spec_of(values_of(spec)) == spec


@given(specs())
@settings(max_examples=500, deadline=None)
def test_any_run_survives_its_address(spec: RunSpec) -> None:
    assert from_address(to_address(spec)) == (spec, [])


@given(specs())
@settings(max_examples=500, deadline=None)
def test_every_control_can_show_its_value(spec: RunSpec) -> None:
    for setting in CONTROLS.values():
        value = get(spec, setting.path)
        if setting.low is not None and value is not None:
            assert setting.low <= value <= setting.high
            if setting.slider:
                marks = {*grid(setting, setting.low, setting.high), value}
                assert len({mark_text(setting, mark) for mark in marks}) == len(marks)


@pytest.mark.parametrize(
    "values",
    [
        {"preset": "custom"},
        {"data.skew": 0.333, "data.groups": 4},
        {"data.label_noise": 0.125, "data.separation": 0.33},
        {"distill.ipc": 150, "distill.lr": 1e-7},
        {"seed": 2**31 - 1, "device": "cuda:7"},
        {"distill.arms": (ArmSpec(name="cobra", alignment="cobra", matching="l1", warm_steps=10),)},
        {"distill.arms": (ArmSpec(name="mine", alignment="cobra"),)},
        {"evaluation.network.name": "mlp", "evaluation.others": ("convnet",)},
        {"distill.schedule.kind": "inner", "distill.momentum": 0.9},
    ],
)
def test_what_controls_cannot_show_is_kept(values: dict[str, Any]) -> None:
    spec = changed(PRESETS["quick"](), values)
    assert spec_of(values_of(spec)) == spec
    assert from_address(to_address(spec)) == (spec, [])


def test_addresses_of_earlier_versions_mean_the_same() -> None:
    params = {"skew": "50", "separation": "0.25", "noise": "10", "known": "60", "umap": "0", "judges": "mlp"}
    spec, unusable = from_address(params | {"pairs": "20", "lr": "12.5"})
    assert not unusable
    assert (spec.data.skew, spec.data.separation) == (0.5, 0.25)
    assert (spec.data.label_noise, spec.data.known_share) == (0.1, 0.6)
    assert (spec.embedding.umap, spec.evaluation.others) == (False, ("mlp",))
    assert (spec.distill.schedule.pairs, spec.distill.lr) == (20, 12.5)
    assert from_address({"dataset": "utkface", "skew": "0"})[0].data.skew is None
    assert to_address(spec) == params | {"pairs": "20", "lr": "12.5"}


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["preset", *PARAMS]), st.text(max_size=20)))
def test_any_address_gives_a_usable_run(params: dict[str, str]) -> None:
    spec, unusable = from_address(params)
    assert spec_of(values_of(spec)) == spec
    assert all(text.partition("=")[0] in params for text in unusable)


def test_settings_that_do_not_fit_are_named() -> None:
    values = values_of(PRESETS["quick"]()) | {"arms": []}
    with pytest.raises(UserError, match=r"distill\.arms"):
        spec_of(values)


def test_too_many_methods_are_counted() -> None:
    values = values_of(PRESETS["quick"]()) | {"arms": ["cobra"] * 9}
    with pytest.raises(UserError, match=r"distill\.arms: expected at most 8 methods, got 9"):
        spec_of(values)


@pytest.mark.parametrize("groups", range(2, 11))
def test_balanced_skew_can_be_loaded(groups: int) -> None:
    check_skew(lowest_skew(groups) / 100, groups)


def test_sentence_names_the_fields_that_differ() -> None:
    values = values_of(PRESETS["quick"]())
    assert "**the alignment** only" in difference_sentence(spec_of(values).distill.arms)
    with_cosine = difference_sentence(spec_of(values | {"arms": ["vanilla", "cobra:cosine"]}).distill.arms)
    assert "**the alignment and the distance of the barycenter** only" in with_cosine
    assert "nothing to compare" in difference_sentence(spec_of(values | {"arms": ["cobra"]}).distill.arms)


def test_methods_that_nearly_coincide_are_named() -> None:
    def note(*arms: str, **changes: object) -> str:
        return coincidence(tiny_distill(*arms, **changes))

    assert "FairDD coincide" in note("cobra", "fairdd")
    assert "FairDD differ" in note("cobra", "fairdd", matching="cosine")
    assert "reweighting coincides" in note("cobra", "reweight", backbone="dc", matching="cosine")
    assert not note("cobra", "reweight", "fairdd", backbone="mtt")
    assert not note("vanilla", "cobra")
    assert not note("cobra:l1", "fairdd")


def test_a_published_recipe_says_what_its_arms_differ_in() -> None:
    sentence = difference_sentence(PRESETS["published"]().distill.arms)
    assert "the matching distance, the training of the matching networks" in sentence
    assert "the distances to the groups" in sentence
    assert "networks, augmentations" not in sentence


@pytest.mark.parametrize("backbone", SHORT)
def test_a_backbone_in_the_address_brings_its_recipe(backbone: str) -> None:
    spec, unusable = from_address({"backbone": backbone})
    assert not unusable
    assert spec == preset_named(f"controlled-{backbone}")
    assert to_address(spec) == ({} if backbone == "dm" else {"backbone": backbone})


def test_barycenters_follow_the_distance_they_are_matched_by() -> None:
    assert fit_barycenters("wasserstein", ["vanilla", "cobra", "cobra:l1"]) == [
        "vanilla",
        "cobra:wasserstein",
    ]
    assert fit_barycenters("l1", ["cobra:wasserstein", "cobra:huber"]) == ["cobra", "cobra:huber"]
    assert fit_barycenters("bures", ["vanilla+fair-training"]) == ["vanilla+fair-training"]


def test_distances_add_methods_and_take_them_away() -> None:
    arms = with_distances(["cobra", "vanilla"], ["cosine", "l1"])
    assert arms == ["cobra", "vanilla", "cobra:cosine", "cobra:l1"]
    assert other_distances(arms) == ["l1", "cosine"]
    assert with_distances(arms, ["l1"]) == ["cobra", "vanilla", "cobra:l1"]
    assert with_distances(arms, []) == ["cobra", "vanilla"]


def test_mitigations_add_methods_and_take_them_away() -> None:
    assert mitigations_for(["vanilla", "cobra:l1"]) == [
        "vanilla+fair-training",
        "cobra:l1+fair-training",
        "vanilla+fair-extractor",
        "cobra:l1+fair-extractor",
    ]
    arms = with_mitigations(["vanilla", "cobra"], ["cobra+fair-training"])
    assert arms == ["vanilla", "cobra", "cobra+fair-training"]
    assert mitigated(arms) == ["cobra+fair-training"]
    assert mitigations_for(["cobra+fair-training"]) == ["cobra+fair-training"], (
        "its own method was taken away"
    )
    assert with_mitigations(arms, []) == ["vanilla", "cobra"]
    assert with_distances(["cobra:l1+fair-training"], []) == ["cobra:l1+fair-training"]


def test_methods_that_share_their_images_say_so() -> None:
    def note(*names: str) -> str:
        return shared_images(tuple(arm_named(name) for name in names))

    assert note("vanilla", "vanilla+fair-training").startswith("Vanilla and Vanilla + fair training share")
    assert not note("vanilla", "vanilla+fair-extractor")
    assert not note("cobra", "vanilla+fair-training")
    fair = difference_sentence((arm_named("vanilla"), arm_named("vanilla+fair-training")))
    assert "**the mitigation** only" in fair
    assert "networks, augmentations" in fair
    own = difference_sentence((arm_named("vanilla"), arm_named("vanilla+fair-extractor")))
    assert "networks, augmentations" not in own


def test_a_step_size_of_nothing_is_refused_in_words() -> None:
    with pytest.raises(UserError, match=r"distill\.lr"):
        spec_of(values_of(PRESETS["quick"]()) | {"lr": 0.0})
    for text in ("0", "-1", "nan", "inf", "large"):
        assert from_address({"lr": text})[1] == [f"lr={text}"]


def test_a_methods_sentence_tells_of_an_unusual_distance() -> None:
    usual, cosine = (arm_summary(arm_named(name)) for name in ("cobra", "cobra:cosine"))
    assert cosine.startswith(usual)
    assert "Angle" in cosine


@pytest.mark.parametrize("arms", ["vanilla:l1", "cobra:", "cobra,cobra:squared-l2", "cobra:best"])
def test_arms_that_make_no_sense_are_not_taken_from_an_address(arms: str) -> None:
    spec, unusable = from_address({"arms": arms})
    assert unusable == [f"arms={arms}"]
    assert [arm.name for arm in spec.distill.arms] == ["vanilla", "cobra"]


def test_estimates_grow_with_the_work_and_prefer_the_same_data() -> None:
    quick, standard = PRESETS["quick"](), PRESETS["standard"]()
    seconds = {"distill": 20.0, "evaluate": 30.0, "embed": 10.0}
    history = [Measured(standard, {k: 10 * v for k, v in seconds.items()}), Measured(quick, seconds)]
    assert stage_seconds(quick, history) == pytest.approx(seconds)
    longer = spec_of(values_of(quick) | {"iterations": 1200, "networks": 9})
    predicted = stage_seconds(longer, history)
    assert predicted is not None
    assert predicted["distill"] > 1.5 * seconds["distill"]
    assert predicted["evaluate"] > 1.5 * seconds["evaluate"]
    assert stage_seconds(quick, []) is None


def test_images_that_methods_share_are_waited_for_once() -> None:
    quick = PRESETS["quick"]()
    history = [Measured(quick, {"distill": 20.0, "evaluate": 30.0, "embed": 10.0})]
    shared = spec_of(values_of(quick) | {"arms": ["vanilla", "cobra", "vanilla+fair-training"]})
    own = spec_of(values_of(quick) | {"arms": ["vanilla", "cobra", "vanilla+fair-extractor"]})
    one, two = stage_seconds(shared, history), stage_seconds(own, history)
    assert one is not None
    assert two is not None
    assert one["distill"] == pytest.approx(20.0)
    assert two["distill"] > 20.0
    assert one["evaluate"] == pytest.approx(two["evaluate"])
    assert one["evaluate"] > 30.0, "their test networks are trained differently"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "a few seconds"), (42, "about 40 s"), (60, "about a minute"), (900, "about 15 minutes")],
)
def test_durations_are_rounded_for_people(seconds: float, words: str) -> None:
    assert estimate_text(seconds) == words


def test_the_dashboard_does_not_wait_for_torch() -> None:
    code = (
        "import sys, pages.ui.studio.data, pages.ui.fairness.view, pages.ui.studio.status\n"
        "import pages.ui.controls.sidebar, pages.ui.maps.view\n"
        "from fairdd_core.config.presets import quick\n"
        "from fairdd_core.data.registry import load\n"
        "from pathlib import Path\n"
        "load(quick().data, 0, Path('.'))\n"
        "print([m for m in ('torch', 'torchvision', 'umap', 'ot', 'numba') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
