"""Finding the run that a screen shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.card import Labels
from fairdd_core.errors import UserError
from fairdd_core.report.labels import labels_of
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui import ASSETS
from pages.ui.common import notices
from pages.ui.common.errors import escape_markdown

EXAMPLES = ASSETS / "examples"
EXAMPLE_PREFIX = "example-"


@dataclass(frozen=True)
class RunView:
    """A run as a screen needs it.

    Attributes:
        id: in the store, or ``example-NAME``.
        folder: where its files are.
        spec: what was asked for.
        record: its row in the index; None for a bundled example.
    """

    id: str
    folder: RunFolder
    spec: RunSpec
    record: RunRecord | None

    @property
    def example(self) -> bool:
        """Whether it came with the explorer."""
        return self.record is None

    @property
    def live(self) -> bool:
        """Whether it is waiting or working."""
        return self.record is not None and self.record.state.live

    @property
    def state(self) -> RunState:
        """Where it stands; examples are done."""
        return RunState.DONE if self.record is None else self.record.state

    @property
    def arms(self) -> list[str]:
        """Names of its arms."""
        return [arm.name for arm in self.spec.distill.arms]

    @cached_property
    def labels(self) -> Labels:
        """Names and colours of its classes and groups, also when its data is gone."""
        return labels_of(self.folder, Workspace.default().data)


def store() -> Store:
    """Return the index of this machine's runs."""
    return Store(Workspace.default())


def examples() -> list[RunView]:
    """Return the bundled finished runs; broken or absent ones are left out."""
    views = []
    for path in sorted(EXAMPLES.iterdir()) if EXAMPLES.exists() else ():
        folder = RunFolder(path)
        try:
            views.append(RunView(EXAMPLE_PREFIX + path.name, folder, folder.spec(), None))
        except (OSError, UserError):
            continue
    return views


def open_run(run_id: str) -> RunView:
    """Return a run of the store or a bundled example.

    Raises:
        UserError: when there is none of this id, or its specification cannot be read.
    """
    if run_id.startswith(EXAMPLE_PREFIX):
        found = [view for view in examples() if view.id == run_id]
        if found:
            return found[0]
        raise UserError("run", "the name of a bundled example", repr(run_id))
    record, folder = store().get(run_id), store().folder(run_id)
    try:
        return RunView(run_id, folder, folder.spec(), record)
    except OSError as error:
        raise UserError("run", "a run whose files are still here", repr(run_id)) from error


def current_run() -> RunView | None:
    """Return the run named by ``?run=``; else the example while nothing runs or is done; else None.

    A name that leads nowhere is dropped from the address, with a message.
    """
    wanted = st.query_params.get("run")
    if wanted:
        try:
            return open_run(wanted)
        except UserError as error:
            del st.query_params["run"]
            told = escape_markdown(error)
            notices.warn(f"The link names a run that is not here. {told}")
    if not any(run.state.live or run.state is RunState.DONE for run in store().list()):
        return next(iter(examples()), None)
    return None
