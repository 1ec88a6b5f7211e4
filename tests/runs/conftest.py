"""Workspaces that are cleaned up with all their processes, and a quick stand-in for the pipeline."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from fairdd_core.config.spec.distill import ArmSpec, DistillSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.runs import engine
from fairdd_core.runs.storage.index import RunRecord, Store
from fairdd_core.workspace import Workspace

STAND_IN = Path(__file__).parent / "stand_in"
SECONDS = 30.0
MakeSpec = Callable[..., RunSpec]


def processes(workspace: Workspace) -> list[psutil.Process]:
    """Every process of the engine that serves a workspace; warm workers included."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if str(workspace.root) in command and process.pid != os.getpid():
            found.append(process)
    return found


def kill_all(workspace: Workspace) -> None:
    for process in processes(workspace):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def finish(workspace: Workspace, run_id: str) -> RunRecord:
    return engine.wait(workspace, run_id, SECONDS)


def until(condition: Callable[[], bool], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def has_steps(workspace: Workspace, run_id: str) -> bool:
    return Store(workspace).get(run_id).done > 0


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path / "workspace")
    yield workspace
    for _ in range(3):  # a dispatcher may be starting a worker at this very moment
        kill_all(workspace)
        time.sleep(0.05)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processes of the engine run the stand-in for the pipeline."""
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))


@pytest.fixture
def make_spec() -> MakeSpec:
    def make(preset: str = "steps", iterations: int = 40, seed: int = 0, device: str = "cpu") -> RunSpec:
        arms = (ArmSpec(name="vanilla", alignment="vanilla"),)
        distill = DistillSpec(arms=arms, ipc=1, iterations=iterations)  # as much as the stand-in makes
        return RunSpec(preset=preset, distill=distill, seed=seed, device=device)

    return make
