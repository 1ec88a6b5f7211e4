"""How to evaluate a synthetic set."""

from typing import Self

from pydantic import Field, model_validator

from fairdd_core.config.spec.base import Settings, setting
from fairdd_core.config.spec.data import DSA_STRATEGY, Strategy
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.errors import UserError

RANDOM_SUBSET, FULL_DATA = "random-subset", "full-data"
BASELINES = (RANDOM_SUBSET, FULL_DATA)
SERIES_SIGN = "@"


def series(arm: str, architecture: str = "") -> str:
    """Return the name of an arm's counts: ``cobra``, or ``cobra@resnet18`` for another architecture."""
    return f"{arm}{SERIES_SIGN}{architecture}" if architecture else arm


class EvaluationSpec(Settings):
    """Train networks from scratch on each synthetic set and count what they predict on the test set.

    Network k starts from the same weights in every arm.
    """

    networks: int = setting(3, ge=1, le=20, title="Test networks", option="eval-networks", param="networks")
    """Networks trained from scratch on each synthetic set. Several show the variance."""
    epochs: int = setting(300, ge=1, le=1_000_000, title="Training epochs", param="epochs", step=50)
    """Passes over the synthetic images when a test network is trained."""
    lr: float = setting(0.01, gt=0, le=1e6, title="Step size of training")
    """Of the test networks; divided by ten at half of the epochs."""
    momentum: float = setting(0.9, ge=0, lt=1, title="Momentum of training")
    weight_decay: float = setting(5e-4, ge=0, le=1e6, title="Weight decay of training")
    batch_size: int = setting(256, ge=1, le=1_000_000, title="Batch size of training")
    augmentation: Strategy = setting(DSA_STRATEGY, max_length=200, title="Augmentation in training")
    """DSA operations joined by `_`; empty for none."""
    network: NetSpec = Field(NetSpec(), title="Test network")
    others: tuple[str, ...] = setting(
        (), max_length=20, title="Further test networks", param="judges", names="networks"
    )
    """Architectures that are also trained on each synthetic set and tested, with the same number of networks
    each. The test takes several times as long."""
    baseline_networks: int = setting(1, ge=0, le=20, title="Networks per baseline")
    """0 leaves the baselines out."""
    full_data_steps: int = setting(300, ge=1, le=10_000_000, title="Most updates on all real images")
    """Of a network of the full-data baseline. Training ends earlier once the mean loss of 100 updates (or a
    pass, if that is longer) is not 5 % below every earlier one, first at the full and then at a tenth of the
    step size."""
    bootstrap: int = setting(500, ge=100, le=20_000, title="Bootstrap resamples")

    @model_validator(mode="after")
    def _architectures_differ(self) -> Self:
        names = [self.network.name, *self.others]
        if len(set(names)) != len(names):
            raise UserError("evaluation.others", "architectures that differ", ", ".join(names))
        return self

    @property
    def architectures(self) -> tuple[str, ...]:
        """What results are kept for: empty for ``network`` itself, then ``others``."""
        return ("", *self.others)

    def architecture(self, name: str = "") -> NetSpec:
        """Return ``network``, or another architecture of its size."""
        return self.network.model_copy(update={"name": name}) if name else self.network
