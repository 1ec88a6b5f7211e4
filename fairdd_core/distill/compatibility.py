"""Validation of the choices that depend on each other, before a run starts."""

from __future__ import annotations

from fairdd_core.config.spec.distill import ArmSpec, DistillSpec
from fairdd_core.distill.alignments.registry import ALIGNMENTS, ALL_DISCREPANCIES, arm_name, check_arm
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.discrepancies.clouds.registry import CLOUD_DISCREPANCIES
from fairdd_core.errors import UserError, lookup
from fairdd_core.nets.registry import NETWORKS

CLOUD_BACKBONES = [name for name, card in BACKBONES.items() if card.clouds]


def check_distill(spec: DistillSpec) -> None:
    """Refuse choices that do not work together.

    Raises:
        UserError: with the reason and the nearest choice that works.
    """
    lookup(BACKBONES, spec.backbone, "distill.backbone")
    lookup(ALL_DISCREPANCIES, spec.matching, "distill.matching")
    if not lookup(NETWORKS, spec.network.name, "distill.network.name").independent:
        raise UserError(
            "distill.network.name",
            "a network without batch norm: a group's signal must not depend on the rest of its batch",
            spec.network.name,
            "Use convnet; this one can be a test network.",
        )
    if spec.factor > 1 and len(spec.distilled) < len(spec.arms):
        hint = "Judge the external set in a run of its own and compare the two."
        raise UserError(
            "distill.factor", "1 beside an external set, which holds no mosaics", spec.factor, hint
        )
    for arm in spec.distilled:
        check_arm(arm)
        lookup(ALL_DISCREPANCIES, arm.matching or spec.matching, "distill.arms.matching")
        _check_distances(spec, arm)
        if arm.warm_steps and spec.schedule.kind == "inner":
            hint = "Set it to 0, or use the schedule fresh."
            expected = "0 with the schedule inner, which trains the networks on the synthetic images already"
            raise UserError("distill.arms.warm_steps", expected, arm.warm_steps, hint)


def _check_distances(spec: DistillSpec, arm: ArmSpec) -> None:
    matching = arm.matching or spec.matching
    barycenter = ALIGNMENTS[arm.alignment].barycenter
    chosen = (matching, arm.discrepancy) if barycenter else (matching,)
    clouds = [name for name in chosen if name in CLOUD_DISCREPANCIES]
    if not clouds:
        return
    if not BACKBONES[spec.backbone].clouds:
        raise UserError(
            "distill.matching",
            f"a distance between signals: {spec.backbone} matches one signal per class, not a cloud",
            clouds[0],
            f"Use squared-l2, or the backbone {' or '.join(CLOUD_BACKBONES)}.",
        )
    if spec.ipc * spec.factor**2 < 2:
        hint = "Use 2 images per class or more, or the distance squared-l2."
        raise UserError("distill.ipc", f"at least 2, because {clouds[0]} compares clouds of images", 1, hint)
    if barycenter and matching not in CLOUD_DISCREPANCIES:
        raise UserError(
            "distill.matching",
            f"a distance between clouds, for the barycenter of {arm.name} is a cloud",
            matching,
            f"Use matching {arm.discrepancy}, or {arm_name(arm.alignment, 'squared-l2')}.",
        )
    if barycenter and arm.discrepancy not in CLOUD_DISCREPANCIES:
        raise UserError(
            "distill.arms.discrepancy",
            f"a distance between clouds, for {matching} matches clouds, not points",
            arm.discrepancy,
            f"Use {arm_name(arm.alignment, matching)}, or matching squared-l2.",
        )


def check_ipc(ipc: int, size: int, name: str, parts: int = 1) -> None:
    """Check that a class has enough real images to begin with.

    Args:
        ipc: synthetic images per class.
        size: real images of the class.
        name: of the class.
        parts: real images in each synthetic one, where it is a mosaic.

    Raises:
        UserError: naming how many there may be.
    """
    if size < ipc * parts:
        source = "the images" if parts == 1 else f"each of {parts} of the {size} images"
        raise UserError("distill.ipc", f"at most {size // parts}, {source} of class {name}", ipc)
