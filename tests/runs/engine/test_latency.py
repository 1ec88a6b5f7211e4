"""Seconds from submitting to the first step, with and without a warm worker; prints what it finds."""

from __future__ import annotations

import time

import pytest

from fairdd_core.config.presets import PRESETS
from fairdd_core.runs import engine
from fairdd_core.runs.storage.index import Store
from fairdd_core.workspace import Workspace

pytestmark = pytest.mark.slow
TRIALS = 3
COLD_SECONDS, WARM_SECONDS = 30.0, 3.0


def first_step(workspace: Workspace) -> dict[str, float]:
    """Submit a quick run, cancel it after its first step; return seconds until each sign of life."""
    store, started, seen = Store(workspace), time.monotonic(), dict[str, float]()
    run_id = engine.submit(workspace, PRESETS["quick"]())
    folder = store.folder(run_id)
    while "step" not in seen:
        assert store.get(run_id).state.live, store.get(run_id).message
        signs = {
            "running": store.get(run_id).started is not None,
            "images": bool(folder.snapshot_iterations()),
            "step": any(event["event"] == "step" for event in folder.events()[0]),
        }
        for name, there in signs.items():
            if there:
                seen.setdefault(name, round(time.monotonic() - started, 2))
        time.sleep(0.02)
    engine.cancel(workspace, run_id)
    engine.wait(workspace, run_id, 10)
    return seen


def test_cold(workspace: Workspace) -> None:
    for _ in range(TRIALS):
        seen = first_step(workspace)
        print("cold", seen)
        assert seen["running"] <= seen["step"] < COLD_SECONDS


def test_warm(workspace: Workspace) -> None:
    engine.request_warm_worker(workspace)
    for _ in range(TRIALS):
        words = workspace.dispatcher_log.read_text().count("Warm") if workspace.dispatcher_log.exists() else 0
        while (
            not workspace.dispatcher_log.exists()
            or workspace.dispatcher_log.read_text().count("Warm") == words
        ):
            time.sleep(0.2)
        seen = first_step(workspace)
        print("warm", seen)
        assert seen["step"] < WARM_SECONDS
