"""Ready-made runs. A preset is a function that returns a complete specification."""

from __future__ import annotations

from collections.abc import Callable

from fairdd_core.data.spec import DataSpec
from fairdd_core.distill.alignments.registry import arm_named
from fairdd_core.distill.spec import MAX_ARMS, ArmSpec, DistillSpec, ScheduleSpec
from fairdd_core.embed.spec import EmbeddingSpec
from fairdd_core.errors import UserError
from fairdd_core.evaluate.spec import EvaluationSpec
from fairdd_core.nets.spec import NetSpec
from fairdd_core.runs.spec import RunSpec

SHORT_LR = 0.03  # three times the published 0.01, for evaluations of 300 epochs instead of 1 000
NO_FLIP = "color_crop_cutout_scale_rotate"  # a mirrored digit is another sign


def arms_named(*names: str) -> tuple[ArmSpec, ...]:
    """Return one arm for every name: an alignment's, with its barycenter's distance after a colon if wanted.

    Raises:
        UserError: for a name that does not describe an arm, or too many.
    """
    if len(names) > MAX_ARMS:
        raise UserError("distill.arms", f"at most {MAX_ARMS} methods", len(names))
    return tuple(arm_named(name) for name in names)


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
            schedule=ScheduleSpec(kind="bank", pairs=50, sampling="per-cell", samples=64),
        ),
        evaluation=EvaluationSpec(
            networks=3,
            epochs=300,
            lr=SHORT_LR,
            augmentation=NO_FLIP,
            network=network,
            full_data_steps=300,
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
            schedule=ScheduleSpec(kind="bank", pairs=60, sampling="per-cell", samples=16),
        ),
        evaluation=EvaluationSpec(
            networks=3, epochs=250, lr=SHORT_LR, augmentation=NO_FLIP, full_data_steps=250
        ),
    )


PRESETS: dict[str, Callable[[], RunSpec]] = {"quick": quick, "standard": standard}
