"""Training to convergence: when the step size falls, when it ends, and what is said about it."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from fairdd_core.evaluate.convergence import WINDOW, Training, train_to_convergence
from fairdd_core.evaluate.train import Trainer, TrainingSet
from fairdd_core.nets.base import Net
from tests.helpers import tiny_evaluation, toy_dataset

CPU = torch.device("cpu")


def real() -> TrainingSet:
    dataset = toy_dataset()
    return TrainingSet.real(dataset, dataset.normalisation, CPU)


class Scripted(Trainer):
    """Has the loss ``loss(window, slow)`` in each window; ``lowered`` is when the step size fell."""

    def __init__(self, loss: Callable[[int, bool], float]) -> None:
        super().__init__(real(), tiny_evaluation(), (8, 3), 0, 0, CPU)
        self.loss, self.updates = loss, 0
        self.lowered: list[int] = []

    def update(self) -> torch.Tensor:
        self.updates += 1
        return torch.tensor(self.loss((self.updates - 1) // WINDOW, bool(self.lowered)))

    def lower_step_size(self) -> None:
        self.lowered.append(self.updates)


def train(loss: Callable[[int, bool], float], limit: int) -> tuple[Scripted, Training]:
    trainer = Scripted(loss)
    return trainer, train_to_convergence(trainer, real(), 256, limit)[1]


def test_a_constant_loss_ends_after_two_windows_without_a_fall() -> None:
    trainer, training = train(lambda window, slow: 1.0, 5000)
    assert trainer.lowered == [2 * WINDOW]
    assert (training.updates, training.converged) == (3 * WINDOW, True)
    assert training.curve == tuple((n * WINDOW, 1.0) for n in (1, 2, 3))


def test_a_falling_loss_goes_on_at_each_step_size() -> None:
    trainer, training = train(lambda window, slow: (0.5 if slow else 1.0) * 0.9 ** min(window, 6), 5000)
    assert trainer.lowered == [8 * WINDOW], "windows 0 to 6 fall, window 7 does not"
    assert (training.updates, training.converged) == (10 * WINDOW, True), "window 8 falls, window 9 does not"


def test_a_rising_loss_does_not_count_as_falling_when_it_comes_back() -> None:
    losses = [1.0, 0.5, 0.9, 0.6, 0.4]
    trainer, training = train(lambda window, slow: losses[window], 5000)
    assert trainer.lowered == [3 * WINDOW]
    assert training.updates == 4 * WINDOW, "0.6 is below 0.9, but not below 0.5"


@pytest.mark.parametrize("limit", [1, 2, 50, 300, 999])
def test_the_limit_ends_it_and_halves_the_time_at_the_full_step_size(limit: int) -> None:
    trainer, training = train(lambda window, slow: 0.8**window, limit)
    assert (training.updates, training.converged) == (limit, False)
    assert trainer.lowered == [limit // 2]


def test_a_loss_near_zero_is_not_falling() -> None:
    _, training = train(lambda window, slow: 1e-3 * 0.5**window, 5000)
    assert training.updates == 3 * WINDOW


def test_a_loss_that_is_no_number_is_no_convergence() -> None:
    _, training = train(lambda window, slow: math.nan, 250)
    assert (training.updates, training.converged) == (250, False)
    assert training.curve == ((100, None), (200, None))


def fresh(limit: int) -> tuple[Net, Training]:
    data, spec = real(), tiny_evaluation(augmentation="", lr=0.05)
    return train_to_convergence(Trainer(data, spec, (8, 3), 0, 0, CPU), data, spec.batch_size, limit)


def test_a_network_that_can_learn_everything_does() -> None:
    net, training = fresh(3000)
    assert training.converged
    assert training.accuracy == 1.0
    losses = [loss for _, loss in training.curve if loss is not None]
    assert losses[-1] < 0.1 * losses[0]
    assert not net.training


def test_it_depends_on_its_arguments_only_and_survives_json() -> None:
    (one, first), (two, second) = fresh(150), fresh(150)
    assert first == second
    assert all(
        torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    )
    assert Training.from_json({**vars(first), "curve": [list(point) for point in first.curve]}) == first
