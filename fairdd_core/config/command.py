"""The command line that asks for exactly a given run, or sweep."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from fairdd_core.cli.run import OPTIONS
from fairdd_core.config.adapt import adapt
from fairdd_core.config.presets import PRESETS
from fairdd_core.config.recipes import with_backbone
from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.config.sweep import SweepSpec
from fairdd_core.distill.alignments.registry import arm_named
from fairdd_core.errors import UserError

PROGRAM = ("python", "-m", "fairdd_core")
SPEC_FILE = "spec.json"


def run_arguments(spec: RunSpec, file: str = SPEC_FILE) -> list[str]:
    """Return the arguments that describe a run: its preset and what differs from it.

    Where options cannot say everything, they are ``--spec FILE``, and the file must hold the specification.
    """
    return _said(spec) or ["--spec", file]


def needs_file(spec: RunSpec) -> bool:
    """Return whether the arguments of a run rely on a file with its specification."""
    return _said(spec) is None


def run_command(spec: RunSpec, file: str = SPEC_FILE) -> str:
    """Return the command that repeats a run."""
    return shlex.join([*PROGRAM, "run", *run_arguments(spec, file)])


def sweep_command(sweep: SweepSpec, file: str = SPEC_FILE) -> str:
    """Return the command that repeats a sweep."""
    # What the grid replaces need not be said, so it is brought to what the preset has.
    base, preset = sweep.base, PRESETS.get(sweep.base.preset)
    if preset is not None:
        usual = preset()
        data = base.data.model_copy(update={"skew": usual.data.skew, "separation": usual.data.separation})
        base = base.model_copy(update={"data": data, "seed": usual.seed})
    arguments = run_arguments(base, file)
    for option, values in (
        ("--skews", sweep.skews),
        ("--separations", sweep.separations),
        ("--seeds", sweep.seeds),
    ):
        arguments += [option, ",".join(_text(value) for value in values)]
    return shlex.join([*PROGRAM, "sweep", *arguments])


def _said(spec: RunSpec) -> list[str] | None:
    """Return the arguments if options can say it all, else None."""
    preset = PRESETS.get(spec.preset)
    if preset is None:
        return None
    wanted, start = spec.model_dump(mode="json"), preset()
    arguments = ["--preset", spec.preset]
    chosen = {name: wanted["data"][name] for name in ("dataset", "label", "group")}
    # What follows from the choice of data and backbone need not be said.
    try:
        if any(getattr(start.data, name) != value for name, value in chosen.items()):
            arguments += [f"--{name}={value}" for name, value in chosen.items() if value]
            start = adapt(start, **chosen)
        if (backbone := spec.distill.backbone) != start.distill.backbone:
            arguments.append(f"--backbone={backbone}")
            start = with_backbone(start, backbone)
    except UserError:  # a data set that is not here any more
        return None
    document = start.model_dump(mode="json")
    for option, (field, _, _) in OPTIONS.items():
        (parent, last), (other, _) = _place(document, field), _place(wanted, field)
        if parent[last] != other[last]:
            if other[last] is None:
                return None
            parent[last] = other[last]
            arguments += [f"--{option}={_text(other[last])}"]
    if document["distill"]["arms"] != wanted["distill"]["arms"]:
        names = list(_names(spec.distill.arms))
        if len(names) < len(spec.distill.arms):
            return None
        document["distill"]["arms"] = wanted["distill"]["arms"]
        arguments += ["--arms", ",".join(names)]
    networks = [spec.evaluation.network.name, *spec.evaluation.others]
    evaluation = document["evaluation"]
    if [evaluation["network"]["name"], *evaluation["others"]] != networks:
        evaluation["network"]["name"], *evaluation["others"] = networks
        arguments += ["--eval-network", ",".join(networks)]
    return arguments if document == wanted else None


def _place(document: dict[str, Any], field: str) -> tuple[dict[str, Any], str]:
    *parents, last = field.split(".")
    for parent in parents:
        document = document[parent]
    return document, last


def _names(arms: tuple[ArmSpec, ...]) -> Iterator[str]:
    """Yield the names of the arms that a name alone describes."""
    for arm in arms:
        try:
            if arm_named(arm.name) == arm:
                yield arm.name
        except UserError:
            continue


def _text(value: object) -> str:
    """Return a value as an option has it; ``repr`` of a float reads back as the same float."""
    return repr(value) if isinstance(value, float) else str(value)
