"""Making a waiting worker fast: import what is heavy, and run everything once on the smallest input."""

from __future__ import annotations

import logging
import tempfile
import threading
from pathlib import Path

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.distill import ArmSpec, DistillSpec, ScheduleSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.evaluation import EvaluationSpec
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.config.spec.run import RunSpec

log = logging.getLogger("worker")


def warm_up(called: threading.Event) -> None:
    """Run a tiny pipeline on the CPU, until ``called``. CUDA stays untouched, for its memory is dear.

    It compiles UMAP too, which takes longest in a new process. Failure costs nothing but the warmth.
    """
    try:
        from fairdd_core.runs.engine.pipeline import run_pipeline

        with tempfile.TemporaryDirectory() as empty:
            for _ in run_pipeline(tiny_spec(), Path(empty), None):
                if called.is_set():
                    return
        log.info("Warm")
    except Exception:
        log.exception("Could not warm up")


def tiny_spec() -> RunSpec:
    """Return a run of a second or two that touches every stage."""
    network = NetSpec(width=4, depth=3)
    arms = tuple(ArmSpec(name=name, alignment=name) for name in ("vanilla", "cobra"))
    schedule = ScheduleSpec(pairs=1, samples=2)
    return RunSpec(
        data=DataSpec(groups=2),
        distill=DistillSpec(arms=arms, ipc=1, iterations=1, network=network, schedule=schedule, snapshots=2),
        evaluation=EvaluationSpec(networks=1, epochs=1, network=network, full_data_steps=1, bootstrap=100),
        embedding=EmbeddingSpec(samples_per_cell=2),
        device="cpu",
    )
