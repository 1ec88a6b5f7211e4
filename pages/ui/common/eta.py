"""How long a run will take on this machine, from the runs that finished here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from statistics import median

from fairdd_core.config import cost
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.registry import DATASETS, cards
from fairdd_core.device import queue_device
from fairdd_core.errors import UserError
from fairdd_core.runs.engine import sizes, speed
from fairdd_core.runs.storage.index import RunRecord, RunState
from fairdd_core.runs.storage.summary import STAGE_OF_PHASE, STAGES
from fairdd_core.workspace import Workspace
from pages.ui.common.runs import examples, result_of, row_of, store

_RECENT, _EXAMINED = 8, 60
_ENOUGH = 0.05
"""Share of a run after which its own pace predicts the rest, where nothing else does."""
_USUAL = (50_000, 20_000)
"""Images to train on and to test where they were not counted."""
_TRUST = 0.1
"""Share of a run for which its own pace counts no more than earlier runs do."""


@dataclass(frozen=True)
class Measured:
    """A finished run: its specification, and the seconds of its stages."""

    spec: RunSpec
    seconds: dict[str, float]


def predicted(spec: RunSpec) -> dict[str, float] | None:
    """Return the predicted seconds of each stage, or None when nothing is known of the device.

    They follow from its measured speed where there is one and the data set has been counted; else from
    similar runs that finished here: not on another device or with another backbone, imported runs or bundled
    examples.
    """
    try:
        device = queue_device(spec.device)
    except UserError:  # a GPU that this machine does not have
        return None
    return _expected(spec, device)


def _expected(spec: RunSpec, device: str) -> dict[str, float] | None:
    workspace = Workspace.default()
    if (measured := speed.known(workspace, device)) and (size := sizes.known_size(workspace, spec)):
        return cost.stage_seconds(spec, size, measured)
    return stage_seconds(spec, _finished(device, spec.distill.backbone))


def remaining(spec: RunSpec, record: RunRecord, elapsed: float) -> float | None:
    """Return the predicted seconds until a running run ends, or None while they are unknown.

    On a machine without finished runs, the bundled examples give the proportions of the stages, and the run's
    own pace their scale.

    Args:
        spec: of the run.
        record: its latest progress.
        elapsed: seconds since it started.
    """
    own = _expected(spec, record.device)
    stages = own or stage_seconds(spec, _measured((v.spec, result_of(v.folder.path)) for v in examples()))
    if stages is None:
        return None
    # The clock of a resumed run does not cover what it did before.
    return seconds_left(spec, stages, record, None if record.resumes else elapsed, _TRUST if own else 0.0)


def _finished(device: str, backbone: str) -> list[Measured]:
    """Return the latest runs with a backbone that finished on a device of this machine."""
    done = (run for run in store().list([RunState.DONE]) if run.device == device and run.imported is None)
    rows = (row_of(run) for run in islice(done, _EXAMINED))
    measured = _measured((row.spec, row.result) for row in rows)
    return [run for run in measured if run.spec.distill.backbone == backbone][:_RECENT]


def _measured(runs: Iterable[tuple[RunSpec | None, dict | None]]) -> list[Measured]:
    known = [(spec, result) for spec, result in runs if spec and result]
    # A run that reused results took less time than its work.
    complete = [(spec, result) for spec, result in known if "seconds" in result and not result.get("reused")]
    return [Measured(spec, result["seconds"]) for spec, result in complete]


def stage_seconds(spec: RunSpec, history: Iterable[Measured]) -> dict[str, float] | None:
    """Predict the seconds of each stage, or None without any history.

    The median over the runs on the same data set if there are any, else over all: a single run may have
    shared the machine with something else.
    """
    runs = list(history)
    if not runs:
        return None
    similar = [run for run in runs if run.spec.data.dataset == spec.data.dataset] or runs
    wanted, known = work(spec), [(run.seconds, work(run.spec)) for run in similar]
    return {
        stage: median(seconds.get(stage, 0.0) * wanted[stage] / own[stage] for seconds, own in known)
        for stage in STAGES
    }


def seconds_left(
    spec: RunSpec, stages: Mapping[str, float], now: RunRecord, elapsed: float | None, trust: float
) -> float | None:
    """Predict the remaining seconds of a running run, or None while its own pace must tell and cannot yet.

    Args:
        spec: of the run.
        stages: the proportions of its stages; in seconds as far as they are trusted.
        now: its latest progress.
        elapsed: seconds it took so far; None when they do not cover all its work, as after a resumption.
        trust: until this share of the run, ``stages`` count for more than its own pace; 0 not to trust them.
    """
    stage = STAGE_OF_PHASE.get(now.phase)
    if stage is None:
        return None
    done = sum(stages[name] for name in STAGES[: STAGES.index(stage)]) + stages[stage] * _share(spec, now)
    total = sum(stages[name] for name in STAGES)
    if elapsed is not None and done + trust * total > _ENOUGH * total:
        return (total - done) * (elapsed + trust * total) / (done + trust * total)
    return total - done if trust else None


def _share(spec: RunSpec, now: RunRecord) -> float:
    """Return the finished share of a run's stage; testing the arms and the baselines are one stage."""
    share = now.done / now.total if now.total else 0.0
    if now.phase == "data":
        return 0.0
    if now.phase not in {"evaluate", "baselines"}:
        return share
    arms, baselines = cost.evaluation_seconds(spec, _size(spec), cost.TWO_CORES)
    done = share * arms if now.phase == "evaluate" else arms + share * baselines
    return done / (arms + baselines)


def work(spec: RunSpec) -> dict[str, float]:
    """Return the work of each stage in arbitrary units, comparable between runs."""
    seconds = cost.stage_seconds(spec, _size(spec), cost.TWO_CORES)
    return {stage: seconds[stage] for stage in STAGES}


def _size(spec: RunSpec) -> cost.DataSize:
    """Return the size of a run's data; a usual one for what is not known, or if the set is gone."""
    workspace = Workspace.default()
    if known := sizes.known_size(workspace, spec):
        return known
    card = DATASETS.get(spec.data.dataset) or cards(workspace.data).get(spec.data.dataset)
    side, classes = (card.side, card.classes) if card else (32, 10)
    return cost.DataSize(side, classes, classes * spec.data.groups, *_USUAL)
