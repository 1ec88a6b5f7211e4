"""The index of runs: one row each, shared by every server and command line on a workspace."""

from __future__ import annotations

import re
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from typing import Any

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.records import NewRun, RunRecord, RunState
from fairdd_core.runs.storage.schema import connection, transaction
from fairdd_core.workspace import Workspace

_GO_ON = "Resume to go on with it."
ID_PATTERN = re.compile(r"[0-9]{6}-[0-9]{6}-[0-9a-f]{6}")
# A queued run's position counts from 1 among the queued runs of its device.
_SELECT = """SELECT *, CASE state WHEN 'queued' THEN (
    SELECT COUNT(*) FROM runs AS ahead
    WHERE ahead.state = 'queued' AND ahead.device = runs.device AND ahead.place <= runs.place) END AS position
    FROM runs"""


Records = list[RunRecord]  # an alias, for inside Store ``list`` is a method
_WRITABLE = {field.name for field in fields(RunRecord)} - {"id", "position"}


class Store:
    """Reads and writes the index of a workspace. Cheap to make, safe to use from any thread or process."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def folder(self, run_id: str) -> RunFolder:
        """Return the folder of a run.

        Raises:
            UserError: when ``run_id`` is not an id (it may come from a link, so it must not name a path).
        """
        if not ID_PATTERN.fullmatch(run_id):
            raise UserError("run", "the id of a run", repr(run_id), "See the list of runs.")
        return RunFolder(self.workspace.runs / run_id)

    def create(self, spec: RunSpec, title: str = "", device: str = "cpu") -> str:
        """Enter a new run at the end of the queue and write its folder; return its id."""
        run_id = self.new_id()
        self.create_all([NewRun(run_id, spec, title, device)])
        return run_id

    def create_all(self, runs: Sequence[NewRun]) -> None:
        """Enter new runs at the end of the queue in their order: all of them, or none."""
        with self._entering([run.id for run in runs]) as db:
            for run in runs:
                self.folder(run.id).create(run.spec)
                _insert(db, id=run.id, title=run.title, device=run.device)

    def enter(self, fill: Callable[[RunFolder], object], **values: Any) -> str:
        """Enter a new run whose folder ``fill`` makes; ``values`` are columns of its row; return its id."""
        run_id = self.new_id()
        with self._entering([run_id]) as db:
            fill(self.folder(run_id))
            _insert(db, id=run_id, **values)
        return run_id

    @contextmanager
    def _entering(self, ids: Sequence[str]) -> Iterator[sqlite3.Connection]:
        """Make folders and rows in one transaction, so that nobody ever sees a row without its folder."""
        made = [path for path in (self.workspace.runs / run_id for run_id in ids) if not path.exists()]
        try:
            with transaction(self.workspace.index) as db:
                yield db
        except BaseException:
            for path in made:
                shutil.rmtree(path, ignore_errors=True)
            raise

    def new_id(self) -> str:
        """Return an unused id; ids sort by time."""
        return f"{time.strftime('%y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"

    def get(self, run_id: str) -> RunRecord:
        """Return one run, deleted or not.

        Raises:
            UserError: when there is none of this id.
        """
        with connection(self.workspace.index) as db:
            row = db.execute(f"{_SELECT} WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise UserError("run", "the id of a run", repr(run_id), "See the list of runs.")
        return _record(row)

    def find(self, text: str, deleted: bool = False) -> RunRecord:
        """Return the run whose id is, starts with or ends with ``text``; with ``deleted``, in the bin.

        Raises:
            UserError: when no run or several fit.
        """
        runs = self.list(deleted=deleted)
        fitting = [run for run in runs if text and (run.id.startswith(text) or run.id.endswith(text))]
        if len(fitting) > 1:
            raise UserError("run", "an id that fits one run", repr(text), "Give more of it.")
        return fitting[0] if fitting else self.get(text)

    def list(self, states: Iterable[RunState] | None = None, deleted: bool = False) -> Records:
        """Return runs, newest first; with ``deleted``, only those in the bin."""
        with connection(self.workspace.index) as db:
            rows = db.execute(
                f"{_SELECT} WHERE (deleted IS NOT NULL) = ? ORDER BY created DESC, place DESC", (deleted,)
            ).fetchall()
        wanted = set(RunState) if states is None else set(states)
        return [record for record in map(_record, rows) if record.state in wanted]

    def live(self) -> Records:
        """Return the queued and running runs, in the order of the queue."""
        with connection(self.workspace.index) as db:
            rows = db.execute(f"{_SELECT} WHERE state IN ('queued', 'running') ORDER BY place").fetchall()
        return [_record(row) for row in rows]

    def update(self, run_id: str, *, only: Iterable[RunState] | None = None, **values: Any) -> bool:
        """Set columns of a run, if its state is among ``only``; return whether that was so."""
        unknown = set(values) - _WRITABLE
        if unknown:
            raise TypeError(f"not columns of a run: {sorted(unknown)}")
        states = [str(state) for state in (RunState if only is None else only)]
        names = ", ".join(f"{name} = ?" for name in values)
        query = f"UPDATE runs SET {names} WHERE id = ? AND state IN ({', '.join('?' * len(states))})"
        with transaction(self.workspace.index) as db:
            return db.execute(query, (*values.values(), run_id, *states)).rowcount == 1

    def requeue(self, run_id: str, device: str) -> bool:
        """Put a resumable run at the end of a device's queue; return whether it was one."""
        early = [str(state) for state in RunState if state.early]
        with transaction(self.workspace.index) as db:
            changed = db.execute(
                f"""UPDATE runs SET state = 'queued', device = ?, place = {_NEXT_PLACE}, started = NULL,
                finished = NULL, cancelled = NULL, message = '', hint = '', note = '', resumes = resumes + 1
                WHERE id = ? AND deleted IS NULL AND NOT final
                AND state IN ({", ".join("?" * len(early))})""",
                (device, run_id, *early),
            )
            return changed.rowcount == 1

    def forget(self, run_id: str) -> None:
        """Remove the row of a run for good. The folder is the caller's."""
        with transaction(self.workspace.index) as db:
            db.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def adopt_orphans(self) -> Sequence[str]:
        """Enter every run folder that has no row, for the index may have been lost; return their ids."""
        adopted = []
        with transaction(self.workspace.index) as db:
            known = {row["id"] for row in db.execute("SELECT id FROM runs")}
            folders = self.workspace.runs.iterdir() if self.workspace.runs.exists() else iter(())
            for path in sorted(folders):
                if path.name in known or not ID_PATTERN.fullmatch(path.name) or not RunFolder(path).complete:
                    continue
                finished = RunFolder(path).result_file.exists()
                state = RunState.DONE if finished else RunState.LOST
                told = {"message": "Found without an entry in the index.", "hint": "" if finished else _GO_ON}
                _insert(db, id=path.name, state=state, created=path.stat().st_mtime, **told)
                adopted.append(path.name)
        return adopted

    def stamp(self) -> tuple[int, ...]:
        """Return what changes whenever the index does, and costs next to nothing to look at."""
        parts: list[int] = []
        for path in (
            self.workspace.index,
            self.workspace.index.with_name(f"{self.workspace.index.name}-wal"),
        ):
            with suppress(FileNotFoundError):
                found = path.stat()
                parts += (found.st_mtime_ns, found.st_size)
        return tuple(parts)

    def check(self) -> str:
        """Return ``ok``, or what SQLite finds wrong with the index."""
        with connection(self.workspace.index) as db:
            return str(db.execute("PRAGMA integrity_check").fetchone()[0])


_NEXT_PLACE = "(SELECT COALESCE(MAX(place), 0) + 1 FROM runs)"


def _insert(db: sqlite3.Connection, **values: Any) -> None:
    row = {"title": "", "state": RunState.QUEUED, "device": "cpu", "created": time.time(), **values}
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    db.execute(f"INSERT INTO runs ({names}, place) VALUES ({marks}, {_NEXT_PLACE})", tuple(row.values()))


def _record(row: sqlite3.Row) -> RunRecord:
    values = dict(row)
    del values["place"]
    values["state"], values["final"] = RunState(values["state"]), bool(values["final"])
    return RunRecord(**values)
