"""Controls to specification and address, and back."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.config.presets import PRESETS, preset_named
from fairdd_core.config.recipes import SHORT
from fairdd_core.distill.alignments.registry import arm_named
from fairdd_core.errors import UserError
from fairdd_core.units import estimate_text
from pages.ui.common.eta import Measured, stage_seconds
from pages.ui.controls.address import from_address, to_address
from pages.ui.controls.dataset_values import lowest_skew
from pages.ui.controls.method_choices import (
    arm_summary,
    coincidence,
    difference_sentence,
    other_distances,
    remedied,
    remedies_for,
    shared_images,
    suited_to,
    with_distances,
    with_remedies,
)
from pages.ui.controls.settings import OTHER_NETWORKS, spec_of, values_of
from tests.helpers import ROOT, tiny_distill


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_survives_the_controls(name: str) -> None:
    assert spec_of(values_of(PRESETS[name]())) == PRESETS[name]()
    assert to_address(values_of(PRESETS[name]())) == ({} if name == "quick" else {"preset": name})


@settings(max_examples=50, deadline=None)
@given(
    groups=st.integers(2, 10),
    skew=st.integers(50, 99),
    separation=st.integers(0, 20).map(lambda v: v / 20),
    seed=st.integers(0, 2**31 - 1),
    arms=st.permutations(["vanilla", "cobra", "fairdd", "cobra:cosine", "vanilla+fair-training"]),
    lr=st.floats(1e-6, 1e6).map(lambda v: float(f"{v:.12g}")),
    umap=st.booleans(),
    noise=st.integers(0, 50),
    known=st.integers(5, 100),
    judges=st.lists(st.sampled_from(OTHER_NETWORKS), unique=True),
)
def test_the_address_gives_the_controls_back(**changes: object) -> None:
    values = values_of(PRESETS["quick"]()) | changes
    back, complaints = from_address(to_address(values))
    assert back == values
    assert spec_of(back).data.label_noise == changes["noise"] / 100  # type: ignore[operator]
    assert spec_of(back).evaluation.others == tuple(changes["judges"])  # type: ignore[arg-type]
    assert spec_of(back).distill.lr == changes["lr"]
    assert not complaints


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["preset", "groups", "skew", "separation", "arms", "noise", "judges", "seed", "umap", "lr"]
        ),
        st.text(),
    )
)
def test_any_address_gives_usable_controls(params: dict[str, str]) -> None:
    values, _ = from_address(params)
    spec_of(values)


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
    from fairdd_core.config.spec.data import check_skew

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
    assert "the distance that is matched by and the training of the matching networks" in sentence
    assert "networks, augmentations" not in sentence


@pytest.mark.parametrize("backbone", SHORT)
def test_a_backbone_in_the_address_brings_its_recipe(backbone: str) -> None:
    values, complaints = from_address({"backbone": backbone})
    assert not complaints
    assert spec_of(values) == preset_named(f"controlled-{backbone}")
    assert to_address(values) == ({} if backbone == "dm" else {"backbone": backbone})


def test_barycenters_follow_the_distance_they_are_matched_by() -> None:
    assert suited_to("wasserstein", ["vanilla", "cobra", "cobra:l1"]) == ["vanilla", "cobra:wasserstein"]
    assert suited_to("l1", ["cobra:wasserstein", "cobra:huber"]) == ["cobra", "cobra:huber"]
    assert suited_to("bures", ["vanilla+fair-training"]) == ["vanilla+fair-training"]


def test_distances_add_methods_and_take_them_away() -> None:
    arms = with_distances(["cobra", "vanilla"], ["cosine", "l1"])
    assert arms == ["cobra", "vanilla", "cobra:cosine", "cobra:l1"]
    assert other_distances(arms) == ["l1", "cosine"]
    assert with_distances(arms, ["l1"]) == ["cobra", "vanilla", "cobra:l1"]
    assert with_distances(arms, []) == ["cobra", "vanilla"]


def test_remedies_add_methods_and_take_them_away() -> None:
    assert remedies_for(["vanilla", "cobra:l1"]) == [
        "vanilla+fair-training",
        "cobra:l1+fair-training",
        "vanilla+fair-extractor",
        "cobra:l1+fair-extractor",
    ]
    arms = with_remedies(["vanilla", "cobra"], ["cobra+fair-training"])
    assert arms == ["vanilla", "cobra", "cobra+fair-training"]
    assert remedied(arms) == ["cobra+fair-training"]
    assert remedies_for(["cobra+fair-training"]) == ["cobra+fair-training"], "its own method was taken away"
    assert with_remedies(arms, []) == ["vanilla", "cobra"]
    assert with_distances(["cobra:l1+fair-training"], []) == ["cobra:l1+fair-training"]


def test_methods_that_share_their_images_say_so() -> None:
    def told(*names: str) -> str:
        return shared_images(tuple(arm_named(name) for name in names))

    assert told("vanilla", "vanilla+fair-training").startswith("Vanilla and Vanilla + fair training share")
    assert not told("vanilla", "vanilla+fair-extractor")
    assert not told("cobra", "vanilla+fair-training")
    fair = difference_sentence((arm_named("vanilla"), arm_named("vanilla+fair-training")))
    assert "**what is done outside the alignment** only" in fair
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
    values, complaints = from_address({"arms": arms})
    assert complaints == [f"arms={arms}"]
    assert values["arms"] == ["vanilla", "cobra"]


def test_estimates_grow_with_the_work_and_prefer_the_same_data() -> None:
    quick, standard = PRESETS["quick"](), PRESETS["standard"]()
    seconds = {"distill": 20.0, "evaluate": 30.0, "embed": 10.0}
    history = [Measured(standard, {k: 10 * v for k, v in seconds.items()}), Measured(quick, seconds)]
    assert stage_seconds(quick, history) == pytest.approx(seconds)
    longer = spec_of(values_of(quick) | {"iterations": 1200, "networks": 6})
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
def test_durations_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert estimate_text(seconds) == words


def test_the_dashboard_does_not_wait_for_torch() -> None:
    code = (
        "import sys, pages.ui.studio.data, pages.ui.fairness.view, pages.ui.studio.live\n"
        "import pages.ui.controls.sidebar, pages.ui.maps.view\n"
        "from fairdd_core.config.presets import quick\n"
        "from fairdd_core.data.registry import load\n"
        "from pathlib import Path\n"
        "load(quick().data, 0, Path('.'))\n"
        "print([m for m in ('torch', 'torchvision', 'umap', 'ot', 'numba') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
