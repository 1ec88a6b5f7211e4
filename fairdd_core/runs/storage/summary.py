"""The result document of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from fairdd_core.analysis.results import measure
from fairdd_core.analysis.sampling import Sample
from fairdd_core.config.spec.evaluation import BASELINES, series
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.rng import numpy_stream
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.predictions import arm_samples

STAGES = ("distill", "evaluate", "embed")
STAGE_OF_PHASE = {
    "data": "distill",
    "distill": "distill",
    "evaluate": "evaluate",
    "baselines": "evaluate",
    "embed": "embed",
}


def seconds_by_stage(events: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Add up the seconds between logged events for each stage and in total.

    Args:
        events: of a run folder, in order; ``t`` is the seconds of work since the run started.
    """
    seconds = dict.fromkeys(STAGES, 0.0)
    stage, last = "distill", 0.0
    for event in events:
        seconds[stage] += event["t"] - last
        last = event["t"]
        if event["event"] == "phase":
            stage = STAGE_OF_PHASE[event["name"]]
    return {name: round(value, 2) for name, value in {**seconds, "total": sum(seconds.values())}.items()}


def summarise(folder: RunFolder, run: str, device: str) -> dict[str, Any]:
    """Return the result document of a finished run: ``result.json`` and what ``--json`` prints.

    Args:
        folder: of the run.
        run: its identifier, or the path of its folder.
        device: in words.

    Returns:
        A JSON-ready dictionary; undefined numbers are ``None``. ``arms`` has the results of the evaluation's
        own architecture, ``others`` those of each further one in the same form.
    """
    spec = folder.spec()
    document = {
        "run": run,
        "spec": spec.model_dump(mode="json"),
        "device": device,
        "seconds": seconds_by_stage(folder.events()[0]),
        "arms": _arms(folder, spec),
    }
    if spec.evaluation.others:
        document["others"] = {name: _arms(folder, spec, name) for name in spec.evaluation.others}
    return document


def _arms(folder: RunFolder, spec: RunSpec, architecture: str = "") -> dict[str, dict[str, Any]]:
    counts = folder.counts(architecture)
    order = [*(arm.name for arm in spec.distill.arms), *BASELINES]
    return {
        arm: _arm_summary(spec, series(arm, architecture), arm_samples(folder, arm, architecture))
        for arm in order
        if arm in counts
    }


def _arm_summary(spec: RunSpec, arm: str, samples: Sequence[Sample]) -> dict[str, dict[str, Any]]:
    rng = numpy_stream(spec.seed, "intervals", arm)
    rows = measure(samples, rng, spec.evaluation.bootstrap)
    return {
        name: {
            "mean": _number(row["mean"]),
            "std": _number(row["std"]),
            "ci95": [_number(row["low"]), _number(row["high"])],
        }
        | ({"floor": [_number(row["floor"]), _number(row["floor_std"])]} if "floor" in row else {})
        for name, row in rows.items()
    }


def _number(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None
