"""Recipes by how long a run may take."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.config.adapt import Start
from fairdd_core.config.budget import BUDGETED, LARGE, SMALL, depth_for, fit, parse_budget
from fairdd_core.config.checks import check_names
from fairdd_core.config.cost import DataSize, run_seconds
from fairdd_core.config.presets import preset_named, quick
from fairdd_core.config.recipes import SHORT
from fairdd_core.config.settings import SETTINGS, changes, get
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from tests.helpers import device_speed

SIZES = {
    "colored-digits-fg": DataSize(16, 10, 100, 1297, 5000),
    "colored-mnist-fg": DataSize(32, 10, 100, 60_000, 20_000),
    "cifar10-s": DataSize(32, 10, 20, 50_000, 20_000),
    "utkface": DataSize(64, 3, 12, 14_605, 1200),
}
TIMES = (60, 300, 900, 3600)


def of(dataset: str, backbone: str = "") -> RunSpec:
    return Start("quick", dataset, backbone=backbone).spec()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("5 min", 300), ("1h", 3600), ("1.5H", 5400), (" 2m ", 120)],
)
def test_a_budget_is_a_time_with_a_unit(text: str, seconds: float) -> None:
    assert parse_budget(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "m", "-5m", "5 weeks", "1e3s", "nan s", "0m", "5s", "200h", "5m30s"]
)
def test_other_budgets_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(UserError, match="budget") as refused:
        parse_budget(text)
    assert repr(text) in str(refused.value)


@pytest.mark.parametrize("dataset", SIZES)
@pytest.mark.parametrize("seconds", TIMES)
def test_a_recipe_uses_its_time(dataset: str, seconds: float) -> None:
    size, speed = SIZES[dataset], device_speed()
    found = fit(of(dataset), size, speed, seconds)
    check_names(found.spec)
    assert found.fits
    assert found.seconds == run_seconds(found.spec, size, speed) <= seconds
    longest = found.spec.evaluation.networks == (SMALL if size.side <= 16 else LARGE)[-1].networks
    assert longest or found.seconds > seconds / 2
    again = fit(of(dataset), size, speed, seconds)
    assert again.spec.model_dump_json() == found.spec.model_dump_json()
    assert set(changes(found.spec, of(dataset))) <= set(BUDGETED), "nothing else says that there was a budget"


@pytest.mark.parametrize("dataset", SIZES)
def test_more_time_gives_no_less(dataset: str) -> None:
    found = [fit(of(dataset), SIZES[dataset], device_speed(), 60 * 1.3**i).spec for i in range(20)]
    for path in ("distill.network.width", "evaluation.networks"):
        values = [get(spec, path) for spec in found]
        if path == "distill.network.width":
            assert values == sorted(values)
        assert values[-1] > values[0] or dataset == "colored-digits-fg"


def test_one_minute_on_two_cores_is_about_the_quick_preset() -> None:
    found = fit(quick(), SIZES["colored-digits-fg"], device_speed(), 75).spec
    for path in ("init", "lr", "lr_decay", "network", "schedule"):
        assert get(found.distill, path) == get(quick().distill, path)
    assert found.evaluation.networks == quick().evaluation.networks
    assert 300 <= found.distill.iterations <= 900


def test_larger_pictures_start_as_real_ones_and_get_a_block_for_every_doubling() -> None:
    found = fit(of("utkface"), SIZES["utkface"], device_speed(), 300).spec
    assert found.distill.init == "real"
    assert found.distill.network.depth == found.evaluation.network.depth == 4
    assert [depth_for(side) for side in (1, 8, 16, 32, 64, 128, 1024)] == [1, 1, 2, 3, 4, 5, 5]


def test_what_is_given_stays_and_the_rest_makes_room() -> None:
    size, speed = SIZES["cifar10-s"], device_speed()
    free = fit(of("cifar10-s"), size, speed, 300)
    given_path = {"evaluation.networks": 8, "distill.lr": 7.0}
    bound = fit(of("cifar10-s"), size, speed, 300, given_path)
    assert (bound.spec.evaluation.networks, bound.spec.distill.lr) == (8, 7.0)
    assert bound.seconds <= 300
    assert bound.spec.distill.network.width < free.spec.distill.network.width
    assert "3 test networks" not in bound.sentence


def test_too_short_a_time_takes_the_shortest_recipe_and_says_so() -> None:
    found = fit(of("utkface"), SIZES["utkface"], device_speed(10), 60)
    assert not found.fits
    assert found.seconds > 60
    assert found.spec.distill.iterations == LARGE[0].updates[0]
    assert "longer than" in found.sentence


def test_the_sentence_names_the_time_the_choice_and_the_reason() -> None:
    found = fit(of("cifar10-s"), SIZES["cifar10-s"], device_speed(), 300)
    distill, evaluation = found.spec.distill, found.spec.evaluation
    for part in (
        "About 5 minutes on this CPU",
        f"width {distill.network.width}",
        f"{distill.iterations} updates",
        f"{evaluation.epochs} epochs",
        "because",
    ):
        assert part in found.sentence
    longest = fit(quick(), SIZES["colored-digits-fg"], device_speed(), 86_400)
    assert "longest recipe" in longest.sentence


@pytest.mark.parametrize("backbone", sorted(set(SHORT) - {"dm"}))
def test_other_backbones_keep_their_own_step_size_and_bank(backbone: str) -> None:
    start = of("colored-digits-fg", backbone)
    found = fit(start, SIZES["colored-digits-fg"], device_speed(), 600).spec
    for path in ("lr", "matching", "factor", "schedule"):
        assert get(found.distill, path) == get(start.distill, path)
    assert found.distill.iterations >= start.distill.iterations / 2


def test_a_speed_from_a_busy_machine_is_said_to_be_one() -> None:
    busy = device_speed().model_copy(update={"busy": True})
    assert "busy" in fit(quick(), SIZES["colored-digits-fg"], busy, 300).sentence
    assert "busy" not in fit(quick(), SIZES["colored-digits-fg"], device_speed(), 300).sentence


def test_a_published_recipe_takes_as_long_as_it_takes() -> None:
    with pytest.raises(UserError, match="published"):
        fit(preset_named("published"), SIZES["colored-mnist-fg"], device_speed(), 300)


def test_every_path_is_a_setting() -> None:
    assert set(BUDGETED) <= set(SETTINGS)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["dm", "dc", "idc", "cafe", "mtt"]),
    st.tuples(*(st.integers(1, most) for most in (128, 30, 200, 200_000, 50_000))),
    st.floats(10, 86_400),
    st.floats(0.001, 100),
)
def test_any_data_and_device_give_a_valid_run(
    backbone: str, sizes: tuple[int, int, int, int, int], seconds: float, factor: float
) -> None:
    size, speed = DataSize(*sizes), device_speed(factor)
    found = fit(of("colored-digits-fg", backbone), size, speed, seconds)
    assert RunSpec.model_validate_json(found.spec.model_dump_json()) == found.spec
    assert found.fits == (found.seconds <= seconds)
    assert found.seconds == run_seconds(found.spec, size, speed)
