"""Ready-made runs. A preset is a function that returns a complete specification."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fairdd_core.config.recipes import PUBLISHED, with_backbone
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.distill import MAX_ARMS, ArmSpec, DistillSpec, ScheduleSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.evaluation import EvaluationSpec
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.distill.alignments.registry import arm_named
from fairdd_core.errors import UserError, lookup

SHORT_LR = 0.03  # three times the published 0.01, for evaluations of 300 epochs instead of 1 000
NO_FLIP = "color_crop_cutout_scale_rotate"  # a mirrored digit is another sign


def arms_named(*names: str, known: Mapping[str, ArmSpec] | None = None) -> tuple[ArmSpec, ...]:
    """Return one arm for every name: an alignment's, with its barycenter's distance after a colon if wanted.

    Args:
        names: of the arms.
        known: arms by name that take precedence over what a name means elsewhere.

    Raises:
        UserError: for a name that does not describe an arm, or too many.
    """
    if len(names) > MAX_ARMS:
        raise UserError("distill.arms", f"at most {MAX_ARMS} methods", len(names))
    return tuple((known or {}).get(name) or arm_named(name) for name in names)


def quick() -> RunSpec:
    """About a minute on two cores: small coloured digits, a narrow network."""
    network = NetSpec(width=32, depth=2)  # 16×16 images end as 4×4 maps, as 32×32 ones do with depth 3
    return RunSpec(
        preset="quick",
        data=DataSpec(dataset="colored-digits-fg", groups=10, skew=0.9),
        distill=DistillSpec(
            arms=arms_named("vanilla", "cobra"),
            ipc=10,
            iterations=600,
            lr=30.0,
            lr_decay=0.5,
            init="noise",
            augmentation=NO_FLIP,
            network=network,
            schedule=ScheduleSpec(kind="bank", pairs=50, sampling="stratified", samples=64),
        ),
        evaluation=EvaluationSpec(
            networks=3,
            epochs=300,
            lr=SHORT_LR,
            augmentation=NO_FLIP,
            network=network,
            full_data_steps=1000,
        ),
        embedding=EmbeddingSpec(samples_per_cell=4),
    )


def standard() -> RunSpec:
    """Colored MNIST with the published network; about a quarter of an hour on two cores."""
    return RunSpec(
        preset="standard",
        data=DataSpec(dataset="colored-mnist-fg", groups=10, skew=0.9),
        distill=DistillSpec(
            arms=arms_named("vanilla", "cobra"),
            ipc=10,
            iterations=450,
            lr=20.0,
            lr_decay=0.3,
            init="real",
            augmentation=NO_FLIP,
            schedule=ScheduleSpec(kind="bank", pairs=60, sampling="stratified", samples=16),
        ),
        evaluation=EvaluationSpec(
            networks=3, epochs=250, lr=SHORT_LR, augmentation=NO_FLIP, full_data_steps=250
        ),
    )


def published() -> RunSpec:
    """Distribution Matching as COBRA's public recipe has it; hours without a GPU.

    COBRA's own arm differs from the others in more than its target: it matches by ℓ1, under networks that
    were first trained for ten epochs on the synthetic images (one update each at 10 images per class).
    """
    cobra = arm_named("cobra").model_copy(update={"matching": "l1", "warm_steps": 10})
    return RunSpec(
        preset="published",
        data=DataSpec(dataset="colored-mnist-fg", groups=10, skew=0.9),
        distill=DistillSpec(
            arms=(*arms_named("vanilla", "fairdd"), cobra),
            ipc=10,
            iterations=2600,
            lr=1.0,
            schedule=ScheduleSpec(kind="fresh", sampling="per-class", samples=600),
        ),
        evaluation=EvaluationSpec(networks=10, epochs=1000, full_data_steps=3000),
    )


PRESETS: dict[str, Callable[[], RunSpec]] = {"quick": quick, "standard": standard, "published": published}
"""With Distribution Matching; ``preset_with`` has them with every backbone."""

KINDS = {"controlled-": "quick", "published-": "published"}
"""How the presets with a backbone are called, and from which preset each kind starts."""


def preset_with(name: str, backbone: str | None = None) -> RunSpec:
    """Return a preset with a backbone and its recipe.

    Args:
        name: one of ``PRESETS``.
        backbone: a name in ``BACKBONES``; by default the preset's own.

    Raises:
        UserError: for a name that is not known.
    """
    start = lookup(PRESETS, name, "preset")()
    if backbone in (None, start.distill.backbone):
        return start
    if name != "published":
        return with_backbone(start, backbone)
    # No recipe of COBRA's own is known for the other backbones.
    plain = start.distill.model_copy(update={"arms": arms_named("vanilla", "cobra")})
    return with_backbone(start.model_copy(update={"distill": plain}), backbone, PUBLISHED)


def preset_named(name: str, backbone: str | None = None) -> RunSpec:
    """Return a preset: one of ``PRESETS``, ``controlled-BACKBONE`` or ``published-BACKBONE``.

    A controlled preset is the quick one with another backbone: its arms differ in nothing but the alignment.
    A published one follows the backbone's paper; what its arms differ in besides is in their fields.

    Args:
        name: of the preset.
        backbone: a name in ``BACKBONES``; by default the preset's own.

    Raises:
        UserError: for a name that is not known.
    """
    for sign, start in KINDS.items():
        if name.startswith(sign):
            return preset_with(start, backbone or name.removeprefix(sign))
    return preset_with(name, backbone)
