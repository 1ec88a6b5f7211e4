"""How to judge a synthetic set."""

from typing import Self

from pydantic import Field, model_validator

from fairdd_core.config.spec.base import Settings
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

    Attributes:
        networks: K, networks per arm; network k starts from the same weights in every arm.
        epochs: passes over the synthetic set.
        lr: step size, divided by ten at half of the epochs; momentum and weight decay of the same SGD.
        batch_size: images per update.
        augmentation: DSA operations joined by ``_``; empty for none.
        network: the architecture that is trained, and for which results are quoted.
        others: further architectures, of the same width and depth, for generalisation across them; each
            doubles what the evaluation costs, or more.
        baseline_networks: networks for each baseline; 0 leaves the baselines out.
        full_data_steps: updates of the full-data baseline's network.
        bootstrap: resamples behind each interval.
    """

    networks: int = Field(3, ge=1, le=20)
    epochs: int = Field(300, ge=1)
    lr: float = Field(0.01, gt=0)
    momentum: float = Field(0.9, ge=0, lt=1)
    weight_decay: float = Field(5e-4, ge=0)
    batch_size: int = Field(256, ge=1)
    augmentation: Strategy = DSA_STRATEGY
    network: NetSpec = NetSpec()
    others: tuple[str, ...] = ()
    baseline_networks: int = Field(1, ge=0, le=20)
    full_data_steps: int = Field(300, ge=1)
    bootstrap: int = Field(500, ge=100, le=20_000)

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
