"""The methods to compare: how they are chosen, and what they differ in. No Streamlit here."""

from __future__ import annotations

from contextlib import suppress

from fairdd_core.config.spec.distill import ArmSpec, DistillSpec
from fairdd_core.distill.alignments.registry import (
    ALIGNMENTS,
    ALL_DISCREPANCIES,
    DEFAULT_DISTANCE,
    arm_name,
    arm_named,
)
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.discrepancies.clouds.registry import CLOUD_DISCREPANCIES
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.distill.interventions import INTERVENTIONS, NONE, image_spec
from fairdd_core.errors import UserError
from fairdd_core.plots.theme import arm_label

SAME_TARGET = ("squared-l2", "diagonal-l2")
"""Distances whose barycenter is the mean of the groups."""
OTHER_DISTANCES = tuple(name for name in DISCREPANCIES if name not in SAME_TARGET)
"""Distances that give COBRA another target than its default."""
MITIGATIONS = tuple(name for name in INTERVENTIONS if name != NONE)
"""What an arm may do for fairness outside the alignment."""
MITIGATED = tuple(arm_name("vanilla", intervention=name) for name in MITIGATIONS)
"""Vanilla with each of them, as the literature compares with."""


def differences(arms: tuple[ArmSpec, ...]) -> list[str]:
    """Return the names of the fields in which arms differ, apart from what they are called."""
    return [
        f"the {str(field.title).lower()}"
        for name, field in ArmSpec.model_fields.items()
        if name != "name" and len({getattr(arm, name) for arm in arms}) > 1
    ]


def difference_sentence(arms: tuple[ArmSpec, ...]) -> str:
    """Say exactly what differs between the arms, in Markdown."""
    if len(arms) == 1:
        return "One method, so there is nothing to compare it with yet."
    if external := [arm.name for arm in arms if arm.external]:
        return f"Made elsewhere and only tested here, in the same way: **{', '.join(external)}**."
    own = any(arm.warm_steps or INTERVENTIONS[arm.intervention].before for arm in arms)
    same = f"the same data, starting images,{'' if own else ' networks,'} augmentations and test"
    *others, last = differences(arms) or ["nothing"]
    named = f"{', '.join(others)} and {last}" if others else last
    return f"The methods differ in **{named}** only: {same}."


def other_distances(arms: list[str]) -> list[str]:
    """Return the distances for which ``arms`` holds COBRA as a method of its own."""
    return [name for name in OTHER_DISTANCES if arm_name("cobra", name) in arms]


def with_distances(arms: list[str], distances: list[str]) -> list[str]:
    """Return ``arms`` with COBRA under exactly these distances beside its usual one, new ones at the end."""
    wanted = [arm_name("cobra", name) for name in distances]
    kept = [arm for arm in arms if ":" not in arm or "+" in arm or arm in wanted]
    return kept + [arm for arm in wanted if arm not in kept]


def mitigated(arms: list[str]) -> list[str]:
    """Return the methods of ``arms`` that do something outside the alignment."""
    return [arm for arm in arms if "+" in arm]


def mitigations_for(arms: list[str]) -> list[str]:
    """Return what can be added to ``arms``, each mitigation with each method, or was."""
    plain = [arm for arm in arms if "+" not in arm]
    offered = [f"{arm}+{name}" for name in MITIGATIONS for arm in plain]
    return list(dict.fromkeys([*offered, *mitigated(arms)]))


def with_mitigations(arms: list[str], wanted: list[str]) -> list[str]:
    """Return ``arms`` with exactly ``wanted`` of the methods with a mitigation, new ones at the end."""
    kept = [arm for arm in arms if "+" not in arm or arm in wanted]
    return kept + [arm for arm in wanted if arm not in kept]


def fit_barycenters(matching: str, arms: list[str]) -> list[str]:
    """Return ``arms`` with barycenters that a distance can match: clouds by clouds, points by points."""
    fitting = []
    for arm in arms:
        base, plus, intervention = arm.partition("+")
        alignment, _, distance = base.partition(":")
        card = ALIGNMENTS.get(alignment)
        if card is not None and card.barycenter:
            cloud = distance in CLOUD_DISCREPANCIES
            if matching in CLOUD_DISCREPANCIES and distance != matching:
                base = arm_name(alignment, matching)
            elif matching not in CLOUD_DISCREPANCIES and cloud:
                base = alignment
        fitting.append(f"{base}{plus}{intervention}")
    return list(dict.fromkeys(fitting))


def known_names(arms: list[str]) -> list[str]:
    """Return the methods of ``arms`` that a name alone describes."""
    names = []
    for arm in arms:
        with suppress(UserError):
            names.append(arm_named(arm).name)
    return list(dict.fromkeys(names))


def matchings(backbone: str) -> list[str]:
    """Return the distances that a backbone's signals can be matched by."""
    clouds = BACKBONES[backbone].clouds
    return [*DISCREPANCIES, *(CLOUD_DISCREPANCIES if clouds else ())]


def arm_summary(arm: ArmSpec) -> str:
    """Return one sentence about a method, and one about its distance where that is not the usual one."""
    if arm.external:
        return "Made elsewhere: tested here like the others, not distilled."
    card, distance = ALIGNMENTS.get(arm.alignment), ALL_DISCREPANCIES.get(arm.discrepancy)
    sentences = [card.summary] if card else []
    if distance and arm.discrepancy != DEFAULT_DISTANCE:
        sentences.append(distance.summary)
    if arm.intervention in INTERVENTIONS and arm.intervention != NONE:
        sentences.append(INTERVENTIONS[arm.intervention].summary)
    return " ".join(sentences)


def shared_images(arms: tuple[ArmSpec, ...]) -> str:
    """Say which methods have the same images and differ in the training on them only; empty for none."""
    first: dict[ArmSpec, str] = {}
    twins = [
        (plain, arm.name)
        for arm in arms
        if (plain := first.setdefault(image_spec(arm), arm.name)) != arm.name
    ]
    return " ".join(
        f"{arm_label(plain)} and {arm_label(name)} share their images, which are made once: only the "
        "training of the test networks differs."
        for plain, name in twins
    )


def coincidence(spec: DistillSpec) -> str:
    """Return what to know about methods that are nearly the same here, or an empty string."""
    names, notes = {arm.name for arm in spec.arms}, []
    matchings = {arm.matching or spec.matching for arm in spec.arms}
    if not BACKBONES[spec.backbone].linear or matchings & set(CLOUD_DISCREPANCIES) or "cobra" not in names:
        return ""
    if "fairdd" in names:
        if matchings <= set(SAME_TARGET):
            notes.append("COBRA and FairDD coincide here: under squared distances their aim is the same.")
        else:
            notes.append("COBRA and FairDD differ here, for the distance that is matched by is not squared.")
    if "reweight" in names:
        notes.append("Loss reweighting coincides with COBRA here: both aim at the mean of the groups.")
    if "uniform" in names:
        notes.append("Uniform sampling has COBRA's target on average, but hits it with more noise.")
    return " ".join(notes)
