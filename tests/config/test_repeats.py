"""Seeds as text, and which runs are repeats of one another."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.__main__ import parser
from fairdd_core.cli.run import spec_from_args
from fairdd_core.config.command import PROGRAM, run_command
from fairdd_core.config.presets import arms_named, quick
from fairdd_core.config.repeats import (
    MAX_REPEATS,
    MAX_SEED,
    parse_seeds,
    repeat_key,
    seeds_from,
    seeds_text,
)
from fairdd_core.config.settings import changed
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from tests.config.strategies import fits, specs


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0-4", (0, 1, 2, 3, 4)),
        ("0,3,7", (0, 3, 7)),
        (" 7 - 9 , 2,8", (2, 7, 8, 9)),
        ("5", (5,)),
        ("3-3", (3,)),
    ],
)
def test_seeds_are_read(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "0-", "-1", "0--4", "0..4", "1.5", "0,,1", "0-1-2", "1e3", "٣-"])
def test_what_is_no_list_of_seeds_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"seeds: expected .*0-4 or 0,3,7") as error:
        parse_seeds(text)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("4-0", "Write 0-4"),
        (f"0-{MAX_REPEATS}", f"at most {MAX_REPEATS} seeds"),
        ("0-2147483647", f"at most {MAX_REPEATS} seeds"),
        (",".join(map(str, range(MAX_REPEATS + 1))), f"at most {MAX_REPEATS} seeds"),
        ("2147483648", f"at most {MAX_SEED}"),
    ],
)
def test_absurd_ranges_are_refused_at_once(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        parse_seeds(text)


@given(st.sets(st.integers(0, MAX_SEED), min_size=1, max_size=MAX_REPEATS))
def test_seeds_survive_their_text(seeds: set[int]) -> None:
    assert parse_seeds(seeds_text(tuple(seeds))) == tuple(sorted(seeds))


def test_text_of_seeds_is_short() -> None:
    assert seeds_text((0, 1, 2, 5, 7, 8)) == "0-2,5,7,8"


def test_seeds_follow_the_first_one() -> None:
    assert seeds_from(3, 2) == (3, 4)
    assert seeds_from(MAX_SEED, 1) == (MAX_SEED,)
    for first, count in ((MAX_SEED, 2), (0, 0), (0, MAX_REPEATS + 1)):
        with pytest.raises(UserError):
            seeds_from(first, count)


def of(**parts: object) -> RunSpec:
    return RunSpec.model_validate({**quick().model_dump(), **parts})


def test_a_repeat_differs_in_the_seed_and_in_what_decides_no_number() -> None:
    start = quick()
    same: list[dict[str, object]] = [
        {"seed": 9},
        {"device": "cuda:0"},
        {"preset": "custom"},
        {"embedding": {"umap": False}},
        {"distill": start.distill.model_copy(update={"snapshots": 3})},
        {"distill": start.distill.model_copy(update={"arms": start.distill.arms[::-1]})},
    ]
    assert {repeat_key(of(**parts)) for parts in same} == {repeat_key(start)}


@pytest.mark.parametrize(
    "values",
    [
        {"data.skew": 0.8},
        {"data.separation": 0.5},
        {"distill.lr": 0.1},
        {"distill.arms": arms_named("vanilla")},
        {"distill.arms": arms_named("vanilla", "cobra:l1")},
        {"evaluation.networks": 4},
        {"evaluation.others": ("mlp",)},
    ],
)
def test_anything_else_makes_another_run(values: dict[str, object]) -> None:
    assert repeat_key(changed(quick(), values)) != repeat_key(quick())


@given(specs().filter(fits), st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_the_command_of_repeats_asks_for_exactly_these(spec: RunSpec, first: int) -> None:
    words = shlex.split(run_command(spec, seeds=seeds_from(first, 3)))
    args = parser().parse_args(words[len(PROGRAM) :])
    assert parse_seeds(args.seeds) == (first, first + 1, first + 2)
    assert args.seed is None
    assert changed(spec_from_args(args), {"seed": spec.seed}) == spec


def test_one_seed_needs_no_list() -> None:
    assert run_command(quick(), seeds=(0,)) == run_command(quick())
