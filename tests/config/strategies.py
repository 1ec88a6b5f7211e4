"""Arbitrary valid specifications, made from the table of settings: a new field is covered by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from fairdd_core.config.adapt import Start
from fairdd_core.config.checks import check_names, check_sizes
from fairdd_core.config.presets import PRESETS, arms_named
from fairdd_core.config.settings import REGISTRIES, SETTINGS, Setting, changed
from fairdd_core.config.spec.data import DSA_OPERATIONS
from fairdd_core.config.spec.distill import MAX_ARMS, ArmSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.registry import DATASETS
from fairdd_core.errors import UserError

ARM_NAMES = ("vanilla", "cobra", "cobra:l1", "cobra:wasserstein", "fairdd", "vanilla+fair-training")
ATTRIBUTES = sorted({name for card in DATASETS.values() for name in card.groupings()})
UNUSUAL_ARM = st.builds(
    ArmSpec,
    name=st.text("abZé09_:+.- ", min_size=1, max_size=20),
    alignment=st.sampled_from(list(REGISTRIES["alignments"])),
    discrepancy=st.sampled_from(list(REGISTRIES["discrepancies"])),
    matching=st.sampled_from(["", *REGISTRIES["discrepancies"]]),
    warm_steps=st.integers(0, 10_000),
    intervention=st.sampled_from(list(REGISTRIES["interventions"])),
)
ARMS = st.lists(
    st.one_of(st.sampled_from(ARM_NAMES).map(lambda name: arms_named(name)[0]), UNUSUAL_ARM),
    min_size=1,
    max_size=MAX_ARMS,
    unique_by=lambda arm: arm.name,
).map(tuple)
SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    "data.dataset": st.sampled_from(list(DATASETS)),
    "data.label": st.sampled_from(["", *ATTRIBUTES]),
    "data.group": st.sampled_from(["", *ATTRIBUTES]),
    "distill.arms": ARMS,
    "device": st.one_of(st.sampled_from(["auto", "cpu", "cuda"]), st.integers(0, 99).map("cuda:{}".format)),
    "embedding.features": st.sampled_from(["real", "random", *ARM_NAMES]),
}
"""Fields whose values follow from more than their own declaration."""


def values_of_field(setting: Setting) -> st.SearchStrategy[Any]:
    """Return any value that the declaration of a field allows."""
    if setting.path in SPECIAL:
        return SPECIAL[setting.path]
    if setting.several and not setting.choices:
        shares = st.floats(0, 1, exclude_min=True, exclude_max=True)
        return st.lists(shares, max_size=3).map(tuple)
    if setting.several:
        return st.lists(st.sampled_from(setting.choices), max_size=3, unique=True).map(tuple)
    if setting.choices:
        return st.sampled_from(setting.choices)
    if setting.path.endswith("augmentation"):
        return st.lists(st.sampled_from(DSA_OPERATIONS), unique=True).map("_".join)
    made: dict[Any, st.SearchStrategy[Any]] = {
        bool: st.booleans(),
        int: st.integers(setting.low, setting.high),
        float: st.floats(setting.low, setting.high),
        str: st.text(max_size=20),
    }
    known = made[setting.kind].filter(lambda value: allowed(setting, value))
    return st.none() | known if setting.optional else known


def allowed(setting: Setting, value: Any) -> bool:
    """Return whether a field can have a value, for the ends of open intervals and odd text."""
    try:
        return bool(setting.check(value) == value)
    except UserError:
        return False


def attempt(spec: RunSpec, values: dict[str, Any]) -> RunSpec:
    """Return a specification with other values, or as it is if they do not fit together."""
    try:
        other = changed(spec, values)
        check_names(other)
    except UserError:
        return spec
    return other


@st.composite
def specs(draw: st.DrawFn) -> RunSpec:
    """Any valid specification: a start, and any values of any fields as far as they fit together."""
    dataset = draw(st.sampled_from([*DATASETS, "utkface", "celeba"]))
    backbone = draw(st.sampled_from(list(REGISTRIES["backbones"])))
    spec = Start(draw(st.sampled_from(list(PRESETS))), dataset, backbone=backbone).spec()
    names = draw(st.lists(st.sampled_from(list(SETTINGS)), unique=True, max_size=len(SETTINGS)))
    values = {path: draw(values_of_field(SETTINGS[path])) for path in names}
    for together in (("data.label", "data.group", "data.groups"), ("distill.matching", "distill.arms")):
        spec = attempt(spec, {path: values[path] for path in together if path in values})
    for path, value in values.items():
        spec = attempt(spec, {path: value})
    return spec


def fits(spec: RunSpec) -> bool:
    """Return whether a class has as many images as a run asks for; else its launch is refused."""
    try:
        check_sizes(spec, Path())
    except UserError:
        return False
    return True
