"""Seeds, devices, specifications."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fairdd_core.config.checks import check_names
from fairdd_core.config.presets import PRESETS, arms_named
from fairdd_core.config.spec.base import user_error
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.device import describe_device, keep_freed_memory, resolve_device
from fairdd_core.errors import UserError
from fairdd_core.rng import child_seed

CPU = torch.device("cpu")


@given(st.integers(0, 2**31 - 1), st.lists(st.one_of(st.text(max_size=5), st.integers()), max_size=3))
def test_child_seeds_are_stable_and_fit_a_generator(seed: int, names: list[str | int]) -> None:
    assert child_seed(seed, *names) == child_seed(seed, *names)
    assert 0 <= child_seed(seed, *names) < 2**63
    assert child_seed(seed, *names) != child_seed(seed, *names, "more")


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "cuda:99", "CPU"])
def test_devices_that_are_not_there_are_refused(name: str) -> None:
    with pytest.raises(UserError) as caught:
        resolve_device(name)
    assert caught.value.field == "device"


def test_auto_finds_a_device_and_names_it() -> None:
    device = resolve_device("auto")
    assert device.type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert describe_device(CPU).startswith("CPU")
    keep_freed_memory()


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_complete_and_survive_json(name: str) -> None:
    spec = PRESETS[name]()
    assert spec.preset == name
    assert RunSpec.model_validate_json(spec.model_dump_json()) == spec
    check_names(spec)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"seed": -1}, "seed"),
        ({"device": "tpu"}, "device"),
        ({"colour": 1}, "colour"),
        ({"data": {"skew": 1.5}}, "data.skew"),
        ({"version": 99}, "version"),
    ],
)
def test_bad_fields_are_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RunSpec.model_validate({**PRESETS["quick"]().model_dump(), **change})
    assert user_error(caught.value).field == field


def test_arms_must_differ_in_name() -> None:
    document = PRESETS["quick"]().model_dump()
    document["distill"]["arms"] = [arm.model_dump() for arm in arms_named("cobra", "cobra")]
    with pytest.raises(ValidationError, match="different names, got cobra, cobra"):
        RunSpec.model_validate(document)
