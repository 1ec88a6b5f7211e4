"""How to distil."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fairdd_core.config.spec.base import Settings, setting
from fairdd_core.config.spec.data import DSA_STRATEGY, Strategy
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.errors import UserError

MAX_ARMS = 8
EXTERNAL = "external"
"""Alignment of an arm whose images were made elsewhere."""
EXTERNAL_MARK = "external "
"""Beginning of the names of such arms, so that they can be told apart wherever results are shown."""
Share = Annotated[float, Field(gt=0, lt=1)]


class ArmSpec(Settings):
    """One arm: a fairness method under comparison. Arms of a run differ in nothing else.

    A controlled comparison changes nothing but the alignment; ``matching`` and ``warm_steps`` are for
    recipes that were published with other differences.
    """

    name: str = setting(pattern=r"^[\w:+@.\- ]{1,80}$", title="Name")
    """In plots and tables; unique within a run."""
    alignment: str = setting(title="Alignment", names="alignments")
    discrepancy: str = setting("squared-l2", title="Distance of the barycenter", names="discrepancies")
    matching: str = setting("", title="Matching distance", names="discrepancies")
    """Of this arm; empty for the run's."""
    warm_steps: int = setting(0, ge=0, le=10_000, title="Training of the matching networks")
    """Updates on the arm's synthetic images that its matching network gets before it is used."""
    weighting: Literal["mean", "sum"] = setting("mean", title="Distances to the groups")
    """Of an arm that matches every group separately: their mean, or their sum, as FairDD was published. The
    sum makes its steps longer than those of the other arms, by the number of groups."""
    discrimination: float | None = setting(None, ge=0, le=1e6, title="Discrimination weight")
    """Of this arm (CAFE); None for the run's."""
    intervention: str = setting("none", title="Mitigation", names="interventions")
    """What the arm does for fairness outside the alignment."""
    digest: str = setting("", pattern=r"^([0-9a-f]{64})?$", title="Digest of the external set")
    """Of a distilled set that was made elsewhere and is only tested; empty for an arm that is distilled."""

    @property
    def external(self) -> bool:
        """Whether the images were made elsewhere: the arm is tested, not distilled."""
        return self.alignment == EXTERNAL

    @model_validator(mode="after")
    def _external_is_complete(self) -> Self:
        marked = self.name.startswith(EXTERNAL_MARK)
        if not self.external == bool(self.digest) == marked:
            expected = (
                f"alignment {EXTERNAL}, a digest and a name that begins with “{EXTERNAL_MARK}” together"
            )
            got = f"{self.name!r}: {self.alignment}, {self.digest[:12] or 'no digest'}"
            raise UserError("distill.arms.digest", expected, got)
        if self.external and self != ArmSpec.model_construct(
            name=self.name, alignment=EXTERNAL, digest=self.digest
        ):
            raise UserError("distill.arms", "no other setting of an external arm", self.name)
        return self


class ScheduleSpec(Settings):
    """Where the networks and the real statistics of each iteration come from."""

    kind: Literal["bank", "fresh", "inner"] = setting("bank", title="Matching networks")
    """`bank` draws from K (network, augmentation) pairs whose statistics are computed once; `fresh` makes a
    new pair for every iteration, as Distribution Matching was published; `inner` keeps a network for `outer`
    iterations and trains it on the synthetic images in between, as Dataset Condensation was published."""
    pairs: int = setting(50, ge=1, le=5000, title="Target bank", param="pairs", step=10)
    """Random networks through which the real images are seen. Each iteration picks one of them."""
    sampling: Literal["stratified", "per-cell", "per-class"] = setting(
        "per-cell", title="Sampling of real images"
    )
    """`stratified` takes more real images of larger groups, so that the targets of all methods are about
    equally noisy; `per-cell` takes as many of every group, which gives COBRA the steadier target. Both weight
    them by their true counts. `per-class` takes random images of every class, as found."""
    samples: int = setting(64, ge=1, le=4096, title="Real images per cell", param="samples", step=8)
    """Real images of every class and group that each of these networks sees, at most; on average over the
    groups where sampling is stratified, and of every class where it is per class."""
    experts: int = setting(0, ge=0, le=1000, title="Experts")
    """Networks trained on the real data; a pair then takes one of them at a random moment of its training. 0
    for networks as initialised."""
    expert_steps: int = setting(100, ge=1, le=100_000, title="Updates of an expert")
    expert_lr: float = setting(0.01, gt=0, le=1e6, title="Step size of the experts")
    """Also of networks that are trained on the synthetic images."""
    expert_momentum: float = setting(0.9, ge=0, lt=1, title="Momentum of the matching networks' training")
    """Of experts, and of networks that are trained on the synthetic images."""
    expert_decay: float = setting(5e-4, ge=0, le=1e6, title="Weight decay of the matching networks' training")
    """Of experts, and of networks that are trained on the synthetic images."""
    unit: Literal["updates", "passes"] = setting("updates", title="Unit of the matching networks' training")
    """What its lengths count: `updates` on random batches, or `passes` over all images in shuffled batches,
    as the papers do. An expert is then met after any of its passes."""
    outer: int = setting(10, ge=1, le=1000, title="Iterations with the same network")
    inner: int = setting(50, ge=0, le=10_000, title="Updates of the network between iterations")


class TrajectorySpec(Settings):
    """What trajectory matching needs beside the schedule."""

    expert_steps: int = setting(20, ge=1, le=1000, title="Updates on real images")
    """Full-batch updates."""
    expert_lr: float = setting(0.02, gt=0, le=1e6, title="Step size on real images")
    student_steps: int = setting(5, ge=1, le=200, title="Updates on synthetic images")
    """Full-batch updates."""
    student_lr: float = setting(0.08, gt=0, le=1e6, title="Step size on synthetic images")
    """The start of a step size that is learned."""
    student_lr_lr: float = setting(0.01, ge=0, le=1e6, title="Step size of the learned step size")
    """Of its logarithm."""


class DistillSpec(Settings):
    """Everything that decides the synthetic images, given data and a seed."""

    arms: tuple[ArmSpec, ...] = setting(
        min_length=1,
        max_length=MAX_ARMS,
        title="Methods to compare",
        name="arms",
        place="main",
        names="alignments",
    )
    """Joined by commas. A barycenter's distance follows after a colon, as in cobra:cosine; a mitigation after
    a plus, as in vanilla+fair-training."""
    backbone: str = setting(
        "dm", max_length=80, title="Distillation method", name="backbone", place="main", names="backbones"
    )
    """What the synthetic images of a class must have in common with the real ones. Choosing one also takes
    its recipe: iterations, step size, matching distance, target bank."""
    matching: str = setting(
        "squared-l2", max_length=80, title="Matching distance", name="matching", names="discrepancies"
    )
    """The distance from the synthetic images to the target, the same for all methods. Those between clouds of
    features compare all images of a class, not their mean."""
    ipc: int = setting(10, ge=1, le=200, title="Images per class", name="ipc", place="main")
    """How many synthetic images stand for each class."""
    iterations: int = setting(
        1000, ge=1, le=100_000, title="Iterations", name="iterations", place="main", step=100
    )
    """Updates of the synthetic images. More is better up to a point, and takes longer in proportion."""
    lr: float = setting(1.0, gt=0, le=1e12, title="Step size of the images", name="lr")
    """How far an iteration moves the synthetic images: their learning rate. Too small, and they hardly leave
    their start; too large, and the loss grows until the run stops."""
    momentum: float = setting(0.5, ge=0, lt=1, title="Momentum of the images")
    lr_decay: float = setting(0.0, ge=0, le=1, title="Share of the iterations with a falling step")
    """At the end, the step size falls linearly to zero over this share of the iterations."""
    lr_halvings: tuple[Share, ...] = setting((), max_length=20, title="Halvings of the step size")
    """Shares of the iterations after which the step size halves, joined by commas; empty for none."""
    init: Literal["real", "noise"] = setting("real", title="Starting images")
    """Real images drawn at random, or Gaussian noise."""
    augmentation: Strategy = setting(DSA_STRATEGY, max_length=200, title="Augmentation in distillation")
    """DSA operations joined by `_`; empty for none."""
    network: NetSpec = Field(NetSpec(), title="Matching network")
    schedule: ScheduleSpec = ScheduleSpec()
    factor: int = setting(1, ge=1, le=4, title="Multi-formation factor")
    """A synthetic image is a mosaic of factor × factor smaller ones, each enlarged before use (IDC); 1 for
    none."""
    discrimination: float = setting(0.1, ge=0, le=1e6, title="Discrimination weight")
    """Of the term that keeps the classes apart (CAFE)."""
    feature_loss: Literal["scaled", "published"] = setting("scaled", title="Loss on features")
    """Of CAFE. `scaled` divides the distance of every block's output by its size, and takes the mean of the
    term that keeps the classes apart. `published` takes the blocks' outputs before pooling and the
    representation with the published weights, undivided, and the sum of that term."""
    trajectory: TrajectorySpec = Field(TrajectorySpec(), title="Trajectory")
    snapshots: int = setting(24, ge=2, le=200, title="Snapshots")
    """Logged moments, spread evenly in the logarithm of the iteration."""

    @property
    def distilled(self) -> tuple[ArmSpec, ...]:
        """The arms that are distilled; the others' images were made elsewhere."""
        return tuple(arm for arm in self.arms if not arm.external)
