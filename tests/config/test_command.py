"""The command that a run is turned into asks for exactly that run."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.__main__ import parser
from fairdd_core.cli.run import spec_from_args
from fairdd_core.cli.sweep import sweep_from_args
from fairdd_core.config.command import PROGRAM, run_command, sweep_command
from fairdd_core.config.presets import quick
from fairdd_core.config.settings import changed
from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.config.sweep import SweepSpec
from fairdd_core.errors import UserError
from tests.config.strategies import fits, specs


def parsed(command: str) -> RunSpec:
    words = shlex.split(command)
    assert tuple(words[: len(PROGRAM)]) == PROGRAM
    return spec_from_args(parser().parse_args(words[len(PROGRAM) :]))


@given(specs())
@settings(max_examples=500, deadline=None)
def test_any_run_survives_the_command_line_or_is_refused_as_at_its_launch(spec: RunSpec) -> None:
    if fits(spec):
        assert parsed(run_command(spec)) == spec
    else:
        with pytest.raises(UserError, match="ipc"):
            parsed(run_command(spec))


@pytest.mark.parametrize(
    "values",
    [
        {"preset": "custom"},
        {"evaluation.epochs": 3000, "distill.iterations": 30_000, "distill.schedule.pairs": 1000},
        {"distill.momentum": 0.25, "embedding.umap": False},
        {"distill.backbone": "dc"},
        {
            "distill.arms": (
                ArmSpec(name="mine", alignment="cobra"),
                ArmSpec(name="cobra", alignment="vanilla"),
            )
        },
    ],
)
def test_what_has_no_option_is_set_by_its_path(values: dict[str, Any]) -> None:
    spec = changed(quick(), values)
    assert parsed(run_command(spec)) == spec


def test_a_data_set_that_is_not_here_brings_nothing_along() -> None:
    """Elsewhere the command means the same run, whatever follows from the data set there."""
    spec = changed(quick(), {"data.dataset": "own-gone"})
    assert "--set=data.dataset=own-gone" in run_command(spec)


def test_a_setting_that_is_unknown_is_named() -> None:
    with pytest.raises(UserError, match=r"distill\.speed=3"):
        parsed(f"{' '.join(PROGRAM)} run --set distill.speed=3")


def test_preset_alone_is_a_short_command() -> None:
    assert run_command(quick()) == "python -m fairdd_core run --preset quick"


@given(
    specs().filter(lambda spec: spec.data.skew is not None and fits(spec)),
    st.sets(st.floats(0.5, 0.99), min_size=1, max_size=3),
    st.sets(st.floats(0, 1), min_size=1, max_size=3),
)
@settings(deadline=None, max_examples=50)
def test_a_sweep_reads_back_as_the_same_runs(base: RunSpec, skews: set, separations: set) -> None:
    sweep = SweepSpec(base=base, skews=tuple(skews), separations=tuple(separations), seeds=(0, 4))
    words = shlex.split(sweep_command(sweep))
    again = sweep_from_args(parser().parse_args(words[len(PROGRAM) :]))
    assert again.points() == sweep.points()
    assert again.runs() == sweep.runs()
