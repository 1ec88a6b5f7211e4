"""From what the controls say to a specification and to an address, and back. No Streamlit here."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from fairdd_core.config.adapt import card
from fairdd_core.config.presets import PRESETS, arms_named
from fairdd_core.config.spec.base import user_error
from fairdd_core.config.spec.data import MAX_GROUPS
from fairdd_core.config.spec.distill import MAX_ARMS
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.device import DEVICE_PATTERN, gpu_count
from fairdd_core.distill.alignments.registry import ALL_DISCREPANCIES, arm_name
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.compatibility import check_distill
from fairdd_core.nets.registry import NETWORKS
from pages.ui.controls.catalogue import catalogue
from pages.ui.controls.dataset_values import AS_FOUND, Values, begin


@dataclass(frozen=True)
class Control:
    """A control of the Studio.

    Attributes:
        path: dotted name of the field in ``RunSpec``.
        parse: from the text in an address to the control's value; raises ValueError.
        to_spec: from the control's value to the field's.
        from_spec: from the field's value to the control's.
    """

    path: str
    parse: Callable[[str], Any]
    to_spec: Callable[[Any], Any] = lambda value: value
    from_spec: Callable[[Any], Any] = lambda value: value


OTHER_NETWORKS = tuple(name for name in NETWORKS if name != NetSpec().name)
"""Architectures that the presets do not judge with."""


def key(name: str) -> str:
    """Return the session's key of a control."""
    return f"control-{name}"


def _one_of(options: Callable[[], Mapping[str, Any]]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in options():
            raise ValueError(text)
        return text

    return parse


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return parse


def _per_cent(path: str, low: int, high: int) -> Control:
    return Control(path, _whole(low, high), lambda v: v / 100, lambda v: round(100 * v))


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return value


def _step_size(text: str) -> float:
    value = float(text)
    if not (0 < value < math.inf):
        raise ValueError(text)
    return value


def _device(text: str) -> str:
    if not re.fullmatch(DEVICE_PATTERN, text):
        raise ValueError(text)
    return text


def _attribute(text: str) -> str:
    if not re.fullmatch(r"[\w+]{0,200}", text):
        raise ValueError(text)
    return text


def _to_share(per_cent: int) -> float | None:
    return None if per_cent == AS_FOUND else per_cent / 100


def _to_per_cent(share: float | None) -> int:
    return AS_FOUND if share is None else round(100 * share)


def _arms(text: str) -> list[str]:
    names = [arm.name for arm in arms_named(*text.split(","))]
    if len(set(names)) != len(names) or len(names) > MAX_ARMS:
        raise ValueError(text)
    return names


def _arm_specs(names: list[str]) -> list[dict[str, Any]]:
    return [arm.model_dump() for arm in arms_named(*names)]


def _arm_names(arms: list[dict[str, Any]]) -> list[str]:
    return [arm_name(arm["alignment"], arm["discrepancy"], arm["intervention"]) for arm in arms]


def _judges(text: str) -> list[str]:
    names = text.split(",")
    if len(set(names)) != len(names) or not set(names) <= set(OTHER_NETWORKS):
        raise ValueError(text)
    return names


CONTROLS: dict[str, Control] = {
    "dataset": Control("data.dataset", _one_of(catalogue)),
    "label": Control("data.label", _attribute),
    "group": Control("data.group", _attribute),
    "groups": Control("data.groups", _whole(2, MAX_GROUPS)),
    "skew": Control("data.skew", _whole(AS_FOUND, 99), _to_share, _to_per_cent),
    "separation": Control("data.separation", _share),
    "noise": _per_cent("data.label_noise", 0, 50),
    "known": _per_cent("data.known_share", 5, 100),
    "backbone": Control("distill.backbone", _one_of(lambda: BACKBONES)),
    "arms": Control("distill.arms", _arms, _arm_specs, _arm_names),
    "matching": Control("distill.matching", _one_of(lambda: ALL_DISCREPANCIES)),
    "ipc": Control("distill.ipc", _whole(1, 100)),
    "iterations": Control("distill.iterations", _whole(1, 20_000)),
    "lr": Control("distill.lr", _step_size),
    "seed": Control("seed", _whole(0, 2**31 - 1)),
    "device": Control("device", _device),
    "networks": Control("evaluation.networks", _whole(1, 20)),
    "judges": Control("evaluation.others", _judges),
    "epochs": Control("evaluation.epochs", _whole(1, 2000)),
    "pairs": Control("distill.schedule.pairs", _whole(1, 500)),
    "samples": Control("distill.schedule.samples", _whole(1, 4096)),
    "umap": Control("embedding.umap", lambda text: text == "1"),
}
"""Name in the address -> control. The preset decides everything that has no control."""


def _get(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = value[part]
    return value


def _set(document: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for part in parents:
        document = document[part]
    document[last] = value


def values_of(spec: RunSpec) -> Values:
    """Return what the controls say for a specification."""
    document = spec.model_dump(mode="json")
    values = {name: control.from_spec(_get(document, control.path)) for name, control in CONTROLS.items()}
    return {"preset": spec.preset if spec.preset in PRESETS else next(iter(PRESETS)), **values}


def spec_of(values: Values) -> RunSpec:
    """Return the specification that the controls describe.

    Raises:
        UserError: when the values do not fit together.
    """
    document = begin(values).model_dump(mode="json")
    begun = {arm["name"]: arm for arm in document["distill"]["arms"]}
    for name, control in CONTROLS.items():
        _set(document, control.path, control.to_spec(values[name]))
    # What a published recipe gives an arm besides its alignment has no control.
    document["distill"]["arms"] = [begun.get(arm["name"], arm) for arm in document["distill"]["arms"]]
    try:
        spec = RunSpec.model_validate(document)
    except ValidationError as error:
        raise user_error(error) from error
    card(spec.data.dataset).check(spec.data)
    check_distill(spec.distill)
    return spec


def devices() -> list[str]:
    """Return the devices to offer, without waking the GPU libraries."""
    return ["auto", "cpu", *(f"cuda:{i}" for i in range(gpu_count()))]
