from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fairdd_core.config.spec.distill import ArmSpec, DistillSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.events import (
    Checkpoint,
    Diagnosed,
    Distilled,
    Embedded,
    Evaluated,
    Event,
    Loaded,
    Nearest,
    Phase,
    Snapshot,
    Step,
)
from fairdd_core.runs.engine.execute import load_progress
from fairdd_core.runs.engine.recorder import record
from fairdd_core.runs.storage.documents import DIAGNOSTICS, MOMENTS, POINTS, RESIDUALS
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.validation import validate_run

ARMS = ("vanilla", "cobra")


def folder_for(path: Path, iterations: int) -> RunFolder:
    arms = tuple(ArmSpec(name=name, alignment=name) for name in ARMS)
    folder = RunFolder(path / "run")
    folder.create(RunSpec(distill=DistillSpec(arms=arms, iterations=iterations)))
    return folder


def picture(value: int) -> np.ndarray:
    return np.full((2, 1, 3, 4, 4), value, np.uint8)


def distillation(start: int, stop: int, every: int = 10) -> Iterator[Event]:
    for iteration in range(start + 1, stop + 1):
        for arm in ARMS:
            yield Step(arm, iteration, 1.0 / iteration, float("inf") if iteration == 1 else 0.5)
        if iteration % every == 0:
            yield from (Snapshot(arm, iteration, picture(iteration % 256)) for arm in ARMS)
            yield Checkpoint(iteration, {f"{arm}/images": torch.full((2,), float(iteration)) for arm in ARMS})
        yield Phase("distill", iteration, stop)


def test_steps_are_thinned_but_the_first_and_the_last_stay(tmp_path: Path) -> None:
    folder = folder_for(tmp_path, 5000)
    record(distillation(0, 5000, every=2500), folder)
    steps = folder.steps()
    of_one = steps[steps["arm"] == "cobra"]["iteration"].tolist()
    assert of_one[:10] == list(range(1, 11))
    assert of_one[-1] == 5000
    assert len(of_one) <= 220
    phases = [event for event in folder.events()[0] if event["event"] == "phase"]
    assert len(phases) == 1


def filled(columns: Iterable[str], **values: object) -> pd.DataFrame:
    """Return a table of one row: ones, where no value is given."""
    return pd.DataFrame([{**dict.fromkeys(sorted(columns), 1.0), "arm": "cobra", "kind": "real"} | values])


def diagnosed(arm: str) -> pd.DataFrame:
    """Return a row of what is measured of a method at an iteration."""
    return filled(DIAGNOSTICS - {"iteration"}, arm=arm).drop(columns="kind")


def test_every_event_is_written(tmp_path: Path) -> None:
    folder = folder_for(tmp_path, 20)
    received: list[Event] = []
    tables = [filled(columns) for columns in (POINTS, RESIDUALS, MOMENTS)]
    rows, distances = np.zeros((4, 2, 3), np.int32), np.zeros((4, 2, 3), np.float32)
    near = (np.ones((3, 2), np.int32), rows, distances, rows[:, 0], distances[:, 0])
    rest: list[Event] = [
        Loaded(("no", "yes"), ("left", "right"), (), (), (), np.array([0, 1, 1]), np.array([1, 0, 1])),
        *(Diagnosed(20, diagnosed(arm)) for arm in ARMS),
        *(Distilled(arm, torch.ones(4, 3, 4, 4), torch.arange(4)) for arm in ARMS),
        *(Evaluated(arm, k, np.full((2, 3, 3), k)) for k in range(2) for arm in (*ARMS, "full-data")),
        Evaluated("cobra", 1, np.full((2, 3, 3), 1), "", np.arange(5, dtype=np.int16)),
        Evaluated("cobra", 0, np.full((2, 3, 3), 1), "mlp", np.arange(5, dtype=np.int16)),
        *(Nearest(arm, *near) for arm in ARMS),
        Embedded(*tables),
    ]
    record([*distillation(0, 20), *rest], folder, received.append)
    assert folder.snapshot_iterations() == [10, 20]
    assert set(folder.snapshot(20)) == set(ARMS)
    assert folder.synthetic()["cobra/x"].shape == (4, 3, 4, 4)
    assert folder.counts()["full-data"].shape == (2, 2, 3, 3)
    assert folder.counts()["vanilla"][1].max() == 1
    assert folder.points() is not None
    assert folder.moments() is not None
    assert list(folder.answers()) == list(folder.answers("mlp")) == ["cobra"]
    assert folder.answers()["cobra"][1].tolist() == [0, 1, 2, 3, 4]
    assert [labels_N.tolist() for labels_N in folder.test_labels() or ()] == [[0, 1, 1], [1, 0, 1]]
    assert set(folder.nearest()) == set(ARMS)
    assert folder.nearest()["cobra"].real_MGR.shape == (4, 2, 3)
    cells = folder.diagnostics()
    assert cells is not None
    assert cells[["arm", "iteration"]].to_numpy().tolist() == [["vanilla", 20], ["cobra", 20]]
    folder.write_diagnostics(15, diagnosed("cobra"))
    assert folder.diagnostics()[["arm", "iteration"]].to_numpy().tolist() == [["vanilla", 20], ["cobra", 15]]  # type: ignore[index]
    assert len(received) == 20 * 3 + 2 * 3 + len(rest)
    assert folder.steps()["worst_residual"].isna().sum() == 2


def test_progress_is_read_back(tmp_path: Path) -> None:
    folder = folder_for(tmp_path, 40)
    assert load_progress(folder).checkpoint is None
    record([*distillation(0, 25), Evaluated("cobra", 0, np.ones((2, 3, 3), np.int64))], folder)
    progress = load_progress(folder)
    assert progress.checkpoint is not None
    assert progress.checkpoint.iteration == 20
    assert torch.equal(progress.checkpoint.tensors["cobra/images"], torch.full((2,), 20.0))
    assert progress.distilled == {}
    assert list(progress.counts["cobra"]) == [0]


def test_a_checkpoint_may_hold_whatever_a_method_needs(tmp_path: Path) -> None:
    folder = folder_for(tmp_path, 40)
    tensors = {
        "cobra/images": torch.rand(2, 3, 4, 4),
        "cobra/networks/0/weight": torch.rand(3, 2).T,  # not in the order of its rows
        "shared/step": torch.tensor(7),
        "shared/stream": torch.randint(0, 255, (5,), dtype=torch.uint8),
        "shared/mean": torch.rand(2, dtype=torch.float64),
    }
    record([Checkpoint(5, tensors)], folder)
    validate_run(folder)
    checkpoint = load_progress(folder).checkpoint
    assert checkpoint is not None
    assert set(checkpoint.tensors) == set(tensors)
    for name, tensor in tensors.items():
        assert checkpoint.tensors[name].shape == tensor.shape
        assert checkpoint.tensors[name].dtype == tensor.dtype
        assert torch.equal(checkpoint.tensors[name], tensor)


def test_a_second_attempt_continues_the_first(tmp_path: Path) -> None:
    folder = folder_for(tmp_path, 40)
    record(distillation(0, 25), folder)
    with folder.events_file.open("ab") as file:
        file.write(b'{"event": "st')  # a crash in the middle of a line
    record(distillation(20, 40), folder)
    steps = folder.steps()
    assert steps[steps["arm"] == "cobra"]["iteration"].tolist() == list(range(1, 41))
    assert steps["seconds"].is_monotonic_increasing
    assert {"t", "event", "iteration"} == set(next(e for e in folder.events()[0] if e["event"] == "resumed"))


def test_an_error_keeps_what_came_before(tmp_path: Path) -> None:
    folder = folder_for(tmp_path, 40)

    def breaking() -> Iterator[Event]:
        yield Snapshot("vanilla", 0, picture(7))
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        record(breaking(), folder)
    assert set(folder.snapshot(0)) == {"vanilla"}


def test_a_long_run_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairdd_core.runs.engine.recorder.SNAPSHOT_BUDGET", 3000)
    folder = folder_for(tmp_path, 400)
    record(distillation(0, 400), folder)
    kept = folder.snapshot_iterations()
    assert kept[0] == 10
    assert kept[-1] == 400
    assert sum(folder.snapshot_file(iteration).stat().st_size for iteration in kept) <= 3000
