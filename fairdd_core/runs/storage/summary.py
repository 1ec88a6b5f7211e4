"""The result document of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from fairdd_core.analysis.results import measure
from fairdd_core.analysis.sampling import Sample
from fairdd_core.config.spec.evaluation import BASELINES, series
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.registry import crossed_test
from fairdd_core.rng import numpy_stream
from fairdd_core.runs.storage.external import described
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.identity import RESULT_FIELD
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


def training_text(networks: Iterable[Mapping[str, Any]]) -> str:
    """Return how the networks of the full-data baseline were trained, in words; empty for an older run.

    Args:
        networks: a value of ``RunFolder.trainings``, without its indices.
    """
    trained = list(networks)
    parts = []
    if done := [network["updates"] for network in trained if network["converged"]]:
        parts.append(f"converged after {_range(done)} updates")
    if cut := [network for network in trained if not network["converged"]]:
        right = _range(round(100 * network["accuracy"], 1) for network in cut)
        updates = _range(network["updates"] for network in cut)
        parts.append(f"not converged: stopped at {updates} updates, training accuracy {right}\u202f%")
    return "; ".join(parts)


def _range(values: Iterable[float]) -> str:
    ordered = sorted(values)
    low, high = f"{ordered[0]:.10g}", f"{ordered[-1]:.10g}"
    return low if low == high else f"{low} to {high}"


def reuse_text(reused: Iterable[Mapping[str, str]], label: Callable[[str], str] = str) -> str:
    """Return what was taken from which earlier runs, in words; empty where nothing was.

    Args:
        reused: from ``RunFolder.reused``.
        label: returns the name of an arm or baseline for people.
    """
    by_run: dict[str, dict[str, list[str]]] = {}
    for one in reused:
        by_run.setdefault(one["run"], {}).setdefault(one["kind"], []).append(label(one["name"]))
    texts = []
    for run, kinds in by_run.items():
        results = " and ".join(f"{kind} of {', '.join(names)}" for kind, names in kinds.items())
        texts.append(f"{results} from run {run}")
    return "; ".join(texts)


def summarise(folder: RunFolder, run: str, device: str) -> dict[str, Any]:
    """Return the result document of a finished run: ``result.json`` and what ``--json`` prints.

    Args:
        folder: of the run.
        run: its identifier, or the path of its folder.
        device: in words.

    Returns:
        A JSON-ready dictionary; undefined numbers are ``None``. ``arms`` has the results of the evaluation's
        own architecture, ``others`` those of each further one in the same form, ``training`` how the
        networks of the full-data baseline were trained, ``external`` what is known of sets that were made
        elsewhere, ``reused`` what was taken from earlier runs, and
        ``data`` is the digest of the data set.
    """
    spec = folder.spec()
    document: dict[str, Any] = {
        "run": run,
        "spec": spec.model_dump(mode="json"),
        "device": device,
        "seconds": seconds_by_stage(folder.events()[0]),
        "test": _test_set(folder, spec),
        "arms": _arms(folder, spec),
        RESULT_FIELD: folder.data(),
    }
    if trainings := folder.trainings():
        outcome = ("updates", "converged", "accuracy")
        document["training"] = {
            name: [{key: network[key] for key in outcome} for _, network in sorted(networks.items())]
            for name, networks in trainings.items()
        }
    if external := described(folder):
        document["external"] = external
    if reused := folder.reused():
        document["reused"] = reused
    if spec.evaluation.others:
        document["others"] = {name: _arms(folder, spec, name) for name in spec.evaluation.others}
    return document


def _test_set(folder: RunFolder, spec: RunSpec) -> dict[str, Any]:
    """Return the number of test images and, where every picture is in all groups, of pictures."""
    images = int(next(iter(folder.counts().values()))[0].sum())
    crossed = crossed_test(spec.data)
    return {
        "images": images,
        "pictures": images // spec.data.groups if crossed else images,
        "crossed": crossed,
    }


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
        | ({"left_out": row["left_out"]} if row.get("left_out") else {})
        for name, row in rows.items()
    }


def _number(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None
