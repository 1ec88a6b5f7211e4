"""Repeats made of invented numbers: runs that differ in the seed, with gaps that differ a little."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fairdd_core.config.presets import quick
from fairdd_core.config.settings import changed
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from tests.helpers import made
from tests.pages.fake_run import write_fake_run


def add_seed(workspace: Path, seed: int, spec: RunSpec | None = None, shift: float = 0.0) -> str:
    """Put a finished run of a seed into the workspace; return its id.

    Every metric of every arm is that of the invented run, plus noise of the seed and of the arm.

    Args:
        workspace: its folder.
        seed: of the run.
        spec: with any seed.
        shift: added to every gap.
    """
    store = Store(Workspace(workspace))
    spec = changed(spec or quick(), {"seed": seed})
    run_id = store.create(spec)
    folder = write_fake_run(store.folder(run_id).path, spec, iterations=(0, 60))
    document = folder.result() or {}
    rng = np.random.default_rng(seed)
    shared = rng.normal(0, 0.02)
    for metrics in document["arms"].values():
        own = shared + rng.normal(0, 0.005)
        for name, entry in metrics.items():
            gap = name not in {"accuracy", "worst_group_accuracy"}
            entry["mean"] = float(np.clip(entry["mean"] + (own + shift if gap else -own), 0, 1))
    folder.write_result(document | {"run": run_id} | made(spec.data.dataset))
    store.update(run_id, state=RunState.DONE)
    return run_id


def add_unfinished(workspace: Path, seed: int, state: RunState, spec: RunSpec | None = None) -> str:
    """Put a run of a seed without a result into the workspace; return its id."""
    store = Store(Workspace(workspace))
    run_id = store.create(changed(spec or quick(), {"seed": seed}))
    store.update(run_id, state=state)
    return run_id
