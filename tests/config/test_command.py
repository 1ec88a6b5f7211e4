"""The command that a run is turned into asks for exactly that run."""

from __future__ import annotations

import shlex
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.__main__ import parser
from fairdd_core.cli.run import spec_from_args
from fairdd_core.cli.sweep import sweep_from_args
from fairdd_core.config.adapt import adapt
from fairdd_core.config.command import PROGRAM, needs_file, run_command, sweep_command
from fairdd_core.config.presets import PRESETS, arms_named, quick
from fairdd_core.config.recipes import with_backbone
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.config.sweep import SweepSpec
from fairdd_core.distill.alignments.registry import ALIGNMENTS
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.nets.registry import NETWORKS

ARMS = (*ALIGNMENTS, "cobra:cosine", "cobra:l2")


def parsed(command: str, file: Path | None = None) -> RunSpec:
    words = shlex.split(command)
    assert tuple(words[: len(PROGRAM)]) == PROGRAM
    return spec_from_args(parser().parse_args(words[len(PROGRAM) :]))


shares = st.floats(0, 1, allow_nan=False)
data = st.builds(
    DataSpec,
    dataset=st.sampled_from(["colored-digits-bg", "colored-digits-fg"]),
    groups=st.integers(2, 10),
    skew=st.floats(0.5, 0.99),
    separation=shares,
)
said = st.fixed_dictionaries(
    {
        "preset": st.sampled_from(list(PRESETS)),
        "backbone": st.sampled_from(list(BACKBONES)),
        "data": data,
        "seed": st.integers(0, 2**31 - 1),
        "device": st.sampled_from(["auto", "cpu", "cuda:3"]),
        "arms": st.lists(st.sampled_from(ARMS), min_size=1, max_size=5, unique=True),
        "ipc": st.integers(1, 200),
        "lr": st.floats(1e-6, 1e6),
        "iterations": st.integers(1, 100_000),
        "networks": st.integers(1, 20),
        "architectures": st.lists(st.sampled_from(list(NETWORKS)), min_size=1, max_size=3, unique=True),
    }
)


@given(said)
@settings(deadline=None)
def test_options_say_what_they_can_and_read_back_as_the_same_run(values: dict) -> None:
    base = adapt(PRESETS[values["preset"]](), values["data"].dataset)
    if values["backbone"] != base.distill.backbone:
        base = with_backbone(base, values["backbone"])
    distill = {
        "arms": arms_named(*values["arms"]),
        **{name: values[name] for name in ("ipc", "lr", "iterations")},
    }
    first, *others = values["architectures"]
    evaluation = {
        "networks": values["networks"],
        "network": base.evaluation.network.model_copy(update={"name": first}),
        "others": tuple(others),
    }
    spec = base.model_copy(
        update={
            **{name: values[name] for name in ("data", "seed", "device")},
            "distill": base.distill.model_copy(update=distill),
            "evaluation": base.evaluation.model_copy(update=evaluation),
        }
    )
    assert not needs_file(spec)
    assert parsed(run_command(spec)) == spec


@given(
    st.sampled_from(
        [
            {"preset": "custom"},
            {"evaluation": {"epochs": 7}},
            {"embedding": {"umap": False}},
            {"distill": {**quick().distill.model_dump(), "momentum": 0.25}},
            {
                "distill": {
                    **quick().distill.model_dump(),
                    "arms": [
                        {"name": "mine", "alignment": "cobra"},
                        {"name": "cobra", "alignment": "vanilla"},
                    ],
                }
            },
        ]
    )
)
@settings(deadline=None)
def test_what_options_cannot_say_goes_through_a_file(changes: dict) -> None:
    spec = RunSpec.model_validate({**quick().model_dump(), **changes})
    assert needs_file(spec)
    assert run_command(spec, "a folder/spec.json") == "python -m fairdd_core run --spec 'a folder/spec.json'"


def test_a_backbone_without_its_recipe_goes_through_a_file() -> None:
    """The option brings the recipe along, so it does not say what was run."""
    distill = quick().distill.model_copy(update={"backbone": "dc"})
    assert needs_file(quick().model_copy(update={"distill": distill}))


def test_the_file_brings_the_same_run_back(tmp_path: Path) -> None:
    spec = RunSpec.model_validate({**quick().model_dump(), "preset": "custom"})
    file = tmp_path / "a spec.json"
    file.write_text(spec.model_dump_json())
    assert parsed(run_command(spec, str(file))) == spec


def test_preset_alone_is_a_short_command() -> None:
    assert run_command(quick()) == "python -m fairdd_core run --preset quick"


@given(data, st.sets(st.floats(0.5, 0.99), min_size=1, max_size=3), st.sets(shares, min_size=1, max_size=3))
@settings(deadline=None, max_examples=30)
def test_a_sweep_reads_back_as_the_same_runs(base: DataSpec, skews: set, separations: set) -> None:
    sweep = SweepSpec(
        base=quick().model_copy(update={"data": base, "seed": 9}),
        skews=tuple(skews),
        separations=tuple(separations),
        seeds=(0, 4),
    )
    words = shlex.split(sweep_command(sweep))
    again = sweep_from_args(parser().parse_args(words[len(PROGRAM) :]))
    assert again.points() == sweep.points()
    assert again.runs() == sweep.runs()
