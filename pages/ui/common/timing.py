"""What earlier runs on this machine tell about the time of the next one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import streamlit as st

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.device import queue_device
from fairdd_core.errors import UserError
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunRecord, RunState
from pages.ui.common.estimate import Measured, seconds_left, stage_seconds
from pages.ui.common.runs import examples, store

_RECENT, _LOOKED_AT = 8, 60
_TRUST = 0.1
"""Share of a run for which its own pace counts no more than earlier runs do."""


def predicted(spec: RunSpec) -> dict[str, float] | None:
    """Return the predicted seconds of each stage, or None when none like it was ever finished here.

    Runs on another device or with another backbone, runs from elsewhere and the bundled examples say nothing
    about how long it takes on this machine.
    """
    try:
        device = queue_device(spec.device)
    except UserError:  # a GPU that is not here
        return None
    return stage_seconds(spec, _own(device, spec.distill.backbone))


def remaining(spec: RunSpec, record: RunRecord, elapsed: float) -> float | None:
    """Return the predicted seconds until a running run ends, or None while nobody can know.

    On a machine without finished runs, the bundled examples tell how the stages compare, and the run's own
    pace how fast they go.

    Args:
        spec: of the run.
        record: its latest progress.
        elapsed: seconds since it started.
    """
    own = stage_seconds(spec, _own(record.device, spec.distill.backbone))
    stages = own or stage_seconds(spec, _measured(str(view.folder.path) for view in examples()))
    if stages is None:
        return None
    # The clock of a run that was continued says nothing about what it did before.
    return seconds_left(spec, stages, record, None if record.resumes else elapsed, _TRUST if own else 0.0)


def _own(device: str, backbone: str) -> list[Measured]:
    """Return the latest runs of a backbone that were finished on a device of this machine."""
    done = (run for run in store().list([RunState.DONE]) if run.device == device and run.imported is None)
    paths = (str(store().folder(run.id).path) for run in islice(done, _LOOKED_AT))
    return [run for run in _measured(paths) if run.spec.distill.backbone == backbone][:_RECENT]


def _measured(paths: Iterable[str]) -> list[Measured]:
    return [found for found in map(_read, paths) if found is not None]


@st.cache_data(ttl=3600, max_entries=64, show_spinner=False)
def _read(path: str) -> Measured | None:
    """Read a finished run, which does not change any more."""
    folder = RunFolder(path)
    try:
        result, spec = folder.result(), folder.spec()
    except (OSError, UserError, ValueError):
        return None
    return Measured(spec, result["seconds"]) if result and "seconds" in result else None
