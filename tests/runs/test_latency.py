"""Seconds from submitting to the first step, with and without a warm worker; prints what it finds."""

from __future__ import annotations

import time

import pytest

from fairdd_core.runs import engine
from fairdd_core.runs.home import Home
from fairdd_core.runs.presets import PRESETS
from fairdd_core.runs.store import Store

pytestmark = pytest.mark.slow
TRIALS = 3
WARM_SECONDS = 3.0


def first_step(home: Home) -> dict[str, float]:
    """Submit a quick run, cancel it after its first step; return seconds until each sign of life."""
    store, started, seen = Store(home), time.monotonic(), dict[str, float]()
    run_id = engine.submit(home, PRESETS["quick"]())
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
    engine.cancel(home, run_id)
    engine.wait(home, run_id, 10)
    return seen


def test_cold(home: Home) -> None:
    for _ in range(TRIALS):
        print("cold", first_step(home))


def test_warm(home: Home) -> None:
    engine.standby(home)
    for _ in range(TRIALS):
        words = home.dispatcher_log.read_text().count("Warm") if home.dispatcher_log.exists() else 0
        while not home.dispatcher_log.exists() or home.dispatcher_log.read_text().count("Warm") == words:
            time.sleep(0.2)
        seen = first_step(home)
        print("warm", seen)
        assert seen["step"] < WARM_SECONDS
