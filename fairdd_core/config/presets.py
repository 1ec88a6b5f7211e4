"""Ready-made runs. A preset is a function that returns a complete specification."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fairdd_core.config.published import BACKBONE_OF, RECIPES
from fairdd_core.config.recipes import PUBLISHED, with_backbone, with_values
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.distill import MAX_ARMS, ArmSpec, DistillSpec, ScheduleSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.evaluation import EvaluationSpec
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.distill.alignments.registry import arm_named
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.errors import UserError, lookup

IPC = 10
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


def published(name: str = "dm", ipc: int = IPC, dataset: str = "colored-mnist-fg") -> RunSpec:
    """The recipes that the published numbers were made with; hours without a GPU.

    Arms differ in more than their target where they do in the source. Settings that depend on the images per
    class, or on the data set, are those of the given ones.

    Args:
        name: of the recipe, in ``RECIPES``; a backbone without one gets that of Distribution Matching.
        ipc: images per class.
        dataset: for which the recipe is.
    """
    recipe = RECIPES.get(name, RECIPES["dm"])
    arms = tuple(arm_named(arm).model_copy(update=dict(own)) for arm, own in recipe.arms(ipc).items())
    start = RunSpec(
        preset=PUBLISHED,
        data=DataSpec(
            dataset="colored-mnist-fg", groups=10, skew=0.9, rendering="published", test_groups="dealt"
        ),
        distill=DistillSpec(arms=arms, backbone=BACKBONE_OF.get(name, name), ipc=ipc),
        evaluation=EvaluationSpec(full_data_steps=3000),
    )
    return with_values(start, recipe.fields(ipc, dataset))


PRESETS: dict[str, Callable[[], RunSpec]] = {"quick": quick, "standard": standard, PUBLISHED: published}
"""With Distribution Matching; ``preset_with`` has them with every backbone."""

KINDS = {"controlled-": "quick", "published-": PUBLISHED, "long-": PUBLISHED}
"""How the presets with a backbone are called, and from which preset each kind starts.

``published-`` and ``long-`` are the same; ``kind_of`` says what a recipe is called.
"""


def preset_with(name: str, backbone: str | None = None, ipc: int = 0, dataset: str = "") -> RunSpec:
    """Return a preset with a backbone and its recipe.

    Args:
        name: one of ``PRESETS``.
        backbone: a name in ``BACKBONES``; by default the preset's own.
        ipc: images per class; 0 for the preset's own.
        dataset: for which a published recipe is; empty for the preset's own. The data stay the preset's.

    Raises:
        UserError: for a name that is not known.
    """
    start = lookup(PRESETS, name, "preset")()
    data = dataset or start.data.dataset
    if name == PUBLISHED:
        wanted = backbone or start.distill.backbone
        if wanted not in BACKBONE_OF:
            lookup(BACKBONES, wanted, "distill.backbone")
        return published(wanted, ipc or start.distill.ipc, data)
    if ipc:
        start = with_values(start, {"distill.ipc": ipc})
    return start if backbone in (None, start.distill.backbone) else with_backbone(start, backbone)


def preset_named(name: str, backbone: str | None = None, ipc: int = 0, dataset: str = "") -> RunSpec:
    """Return a preset: one of ``PRESETS``, ``controlled-BACKBONE`` or ``published-BACKBONE``.

    A controlled preset is the quick one with another backbone: its arms differ in nothing but the alignment.
    A published one follows a recipe; what its arms differ in besides is in their fields. One that only takes
    as long is called ``long-BACKBONE``; the other name is known, too.

    Args:
        name: of the preset.
        backbone: a name in ``BACKBONES``; by default the preset's own.
        ipc: images per class; 0 for the preset's own.
        dataset: for which a published recipe is; empty for the preset's own.

    Raises:
        UserError: for a name that is not known.
    """
    for sign, start in KINDS.items():
        if name.startswith(sign):
            return preset_with(start, backbone or name.removeprefix(sign), ipc, dataset)
    return preset_with(name, backbone, ipc, dataset)
