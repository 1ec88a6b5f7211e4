"""The command line that asks for exactly a given run, or sweep."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from fairdd_core.config.adapt import CHOICES, start_of
from fairdd_core.config.repeats import seeds_text
from fairdd_core.config.settings import SETTINGS, changed, changes, get
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.config.sweep import AXES, SweepSpec

PROGRAM = ("python", "-m", "fairdd_core")


def run_arguments(spec: RunSpec, data_dir: Path | None = None) -> list[str]:
    """Return the arguments that describe a run: its preset and what differs from it.

    Args:
        spec: of the run.
        data_dir: the data folder, which may hold custom data sets; None for the benchmarks only.
    """
    start, initial = start_of(spec, data_dir)
    arguments = ["--preset", start.preset, *(f"--{name}={value}" for name, value in start.choices.items())]
    for path, value in changes(spec, initial).items():
        setting = SETTINGS[path]
        # As an option, a data set or a backbone would bring along what follows from it.
        name = setting.option if setting.option and path not in CHOICES.values() else f"set={path}"
        arguments.append(f"--{name}={setting.text(value)}")
    return arguments


def run_command(spec: RunSpec, data_dir: Path | None = None, seeds: Sequence[int] = ()) -> str:
    """Return the command that repeats a run, or with ``seeds`` each of its repeats; see ``run_arguments``."""
    if len(seeds) < 2:
        return shlex.join([*PROGRAM, "run", *run_arguments(spec, data_dir)])
    _, initial = start_of(spec, data_dir)  # the seeds replace its seed
    arguments = run_arguments(changed(spec, {"seed": initial.seed}), data_dir)
    return shlex.join([*PROGRAM, "run", *arguments, "--seeds", seeds_text(seeds)])


def sweep_command(sweep: SweepSpec, data_dir: Path | None = None) -> str:
    """Return the command that repeats a sweep; see ``run_arguments``."""
    # The grid replaces these, so they are left at what the preset has.
    _, initial = start_of(sweep.base, data_dir)
    base = changed(sweep.base, {path: get(initial, path) for path in AXES.values()})
    grid = []
    for name, path in AXES.items():
        grid += [f"--{name}", ",".join(SETTINGS[path].text(value) for value in getattr(sweep, name))]
    return shlex.join([*PROGRAM, "sweep", *run_arguments(base, data_dir), *grid])
