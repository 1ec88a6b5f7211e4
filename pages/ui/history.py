"""What earlier runs on this machine tell about the time of the next one."""

from __future__ import annotations

import streamlit as st

from fairdd_core.errors import UserError
from fairdd_core.runs.spec import RunSpec
from fairdd_core.runs.store import RunRecord, RunState, Store
from fairdd_core.runs.summary import STAGE_OF_PHASE, STAGES
from pages.ui.estimate import Measured, stage_seconds
from pages.ui.runs import examples, store

_RECENT = 8
_ENOUGH = 0.05
"""Share of a stage after which its own pace tells more than earlier runs."""


@st.cache_data(ttl=60, show_spinner=False)
def _measured(index: str, finished: tuple[str, ...]) -> list[Measured]:
    found = []
    for folder in [store().folder(run_id) for run_id in finished] + [view.folder for view in examples()]:
        try:
            result, spec = folder.result(), folder.spec()
        except (OSError, UserError, ValueError):
            continue
        if result and "seconds" in result:
            found.append(Measured(spec, result["seconds"]))
    return found


def predicted(spec: RunSpec) -> dict[str, float] | None:
    """Return the predicted seconds of each stage, or None when nothing was ever run here."""
    own: Store = store()
    finished = tuple(run.id for run in own.list([RunState.DONE])[:_RECENT])
    return stage_seconds(spec, _measured(str(own.home.index), finished))


def remaining(spec: RunSpec, record: RunRecord, elapsed: float) -> float | None:
    """Return the predicted seconds until a running run ends, or None while nobody can know.

    The first long stage is extrapolated from its own pace. Later stages are taken from earlier runs, scaled
    by how this one compares with them so far.

    Args:
        spec: of the run.
        record: its latest progress.
        elapsed: seconds since it started.
    """
    stages, stage = predicted(spec), STAGE_OF_PHASE.get(record.phase)
    share = record.done / record.total if record.total else 0.0
    if stage is None or (stages is None and (record.phase != "distill" or share < _ENOUGH)):
        return None
    if stages is None:
        return elapsed * (1 - share) / share
    later = sum(stages[name] for name in STAGES[STAGES.index(stage) + 1 :])
    if record.phase != "distill" or share < _ENOUGH:
        return stages[stage] * (1 - share) + later
    pace = elapsed / share / max(stages[stage], 1.0)
    return elapsed * (1 - share) / share + later * pace
