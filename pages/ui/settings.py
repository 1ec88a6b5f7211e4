"""From what the controls say to a specification and to an address, and back. No Streamlit here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from fairdd_core.data.spec import MAX_GROUPS
from fairdd_core.device import DEVICE_PATTERN, gpu_count
from fairdd_core.distill.alignments.registry import ALIGNMENTS, USUAL_DISTANCE, arm_name
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.distill.interventions import INTERVENTIONS, NONE
from fairdd_core.distill.spec import MAX_ARMS, ArmSpec
from fairdd_core.runs.presets import PRESETS, arms_named
from fairdd_core.runs.spec import RunSpec
from fairdd_core.runs.suit import card
from fairdd_core.settings import user_error
from pages.ui.catalogue import catalogue
from pages.ui.dataset_values import AS_FOUND, Values, begin

OTHER_DISTANCES = tuple(name for name in DISCREPANCIES if name != USUAL_DISTANCE)
"""Distances of COBRA's barycenter beside the one that COBRA has when nothing is said."""


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


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
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


CONTROLS: dict[str, Control] = {
    "dataset": Control("data.dataset", _one_of(catalogue)),
    "label": Control("data.label", _attribute),
    "group": Control("data.group", _attribute),
    "groups": Control("data.groups", _whole(2, MAX_GROUPS)),
    "skew": Control("data.skew", _whole(AS_FOUND, 99), _to_share, _to_per_cent),
    "separation": Control("data.separation", _share),
    "arms": Control("distill.arms", _arms, _arm_specs, _arm_names),
    "ipc": Control("distill.ipc", _whole(1, 50)),
    "iterations": Control("distill.iterations", _whole(1, 20_000)),
    "seed": Control("seed", _whole(0, 2**31 - 1)),
    "device": Control("device", _device),
    "networks": Control("evaluation.networks", _whole(1, 20)),
    "epochs": Control("evaluation.epochs", _whole(1, 2000)),
    "pairs": Control("distill.schedule.pairs", _whole(1, 500)),
    "samples": Control("distill.schedule.samples", _whole(1, 256)),
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
    for name, control in CONTROLS.items():
        _set(document, control.path, control.to_spec(values[name]))
    try:
        spec = RunSpec.model_validate(document)
    except ValidationError as error:
        raise user_error(error) from error
    card(spec.data.dataset).check(spec.data)
    return spec


def devices() -> list[str]:
    """Return the devices to offer, without waking the GPU libraries."""
    return ["auto", "cpu", *(f"cuda:{i}" for i in range(gpu_count()))]


_FIELD_NAMES = {"alignment": "the alignment", "discrepancy": "the distance of the barycenter"}


def differences(arms: tuple[ArmSpec, ...]) -> list[str]:
    """Return the names of the fields in which arms differ, apart from what they are called."""
    return [
        _FIELD_NAMES.get(name, name)
        for name in ArmSpec.model_fields
        if name != "name" and len({getattr(arm, name) for arm in arms}) > 1
    ]


def difference_sentence(arms: tuple[ArmSpec, ...]) -> str:
    """Say exactly what differs between the arms, in Markdown."""
    same = "the same data, starting images, networks, augmentations and test"
    if len(arms) == 1:
        return "One method, so there is nothing to compare it with yet."
    return f"The methods differ in **{' and '.join(differences(arms)) or 'nothing'}** only: {same}."


def other_distances(arms: list[str]) -> list[str]:
    """Return the distances for which ``arms`` holds COBRA as a method of its own."""
    return [name for name in OTHER_DISTANCES if arm_name("cobra", name) in arms]


def with_distances(arms: list[str], distances: list[str]) -> list[str]:
    """Return ``arms`` with COBRA under exactly these distances beside its usual one, new ones at the end."""
    wanted = [arm_name("cobra", name) for name in distances]
    kept = [arm for arm in arms if ":" not in arm or arm in wanted]
    return kept + [arm for arm in wanted if arm not in kept]


def arm_summary(arm: ArmSpec) -> str:
    """Return one sentence about a method, and one about its distance where that is not the usual one."""
    card, distance = ALIGNMENTS.get(arm.alignment), DISCREPANCIES.get(arm.discrepancy)
    sentences = [card.summary] if card else []
    if distance and arm.discrepancy != USUAL_DISTANCE:
        sentences.append(distance.summary)
    if arm.intervention in INTERVENTIONS and arm.intervention != NONE:
        sentences.append(INTERVENTIONS[arm.intervention].summary)
    return " ".join(sentences)


def coincidence(names: list[str]) -> str:
    """Return what to know about methods that are nearly the same here, or an empty string."""
    notes = []
    if {"cobra", "fairdd"} <= set(names):
        notes.append("COBRA and FairDD coincide here: under squared distances their aim is the same point.")
    if {"cobra", "uniform"} <= set(names):
        notes.append("Uniform sampling has COBRA's target on average, but hits it with more noise.")
    return " ".join(notes)
