"""The index of runs: one row each, shared by every server and command line that uses the workspace."""

from __future__ import annotations

import re
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from fairdd_core.runs.storage import locks
from fairdd_core.runs.storage.documents import LAST_SECOND
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.schema import connection, explained, transaction
from fairdd_core.text import one_line
from fairdd_core.workspace import Workspace

ID_PATTERN = re.compile(r"[0-9]{6}-[0-9]{6}-[0-9a-f]{6}")
# A queued run's position counts from 1 among the queued runs of its device.
_SELECT = """SELECT *, CASE state WHEN 'queued' THEN (
    SELECT COUNT(*) FROM runs AS ahead
    WHERE ahead.state = 'queued' AND ahead.device = runs.device AND ahead.place <= runs.place) END AS position
    FROM runs"""


class RunState(StrEnum):
    """The state of a run. ``lost``: its process disappeared without writing an outcome."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"

    @property
    def live(self) -> bool:
        """Whether the run is queued or running."""
        return self in {RunState.QUEUED, RunState.RUNNING}

    @property
    def early(self) -> bool:
        """Whether the run ended before it was done."""
        return self in {RunState.STOPPED, RunState.FAILED, RunState.LOST}


@dataclass(frozen=True)
class RunRecord:
    """One row of the index.

    Attributes:
        created, started, finished, cancelled, deleted, imported: seconds since 1970; None: not (yet).
            ``cancelled`` is when a user asked the run to stop.
        phase, done, total, note: the latest progress, as in ``events.Phase``.
        message, hint: how the run ended, and one thing to do next.
        device: ``cpu`` or ``cuda:n``; runs of one device wait for each other.
        final: whether the same settings would only fail in the same way again.
        fresh: whether it computes everything anew instead of reusing results of earlier runs.
        resumes: how often it was resumed.
        position: 1 is next; None: not queued.
    """

    id: str
    title: str
    state: RunState
    created: float
    started: float | None
    finished: float | None
    phase: str
    done: int
    total: int
    note: str
    message: str
    hint: str
    device: str
    cancelled: float | None
    deleted: float | None
    final: bool
    imported: float | None
    resumes: int
    fresh: bool
    position: int | None

    @property
    def resumable(self) -> bool:
        """Whether the run ended early and may get further when resumed."""
        return self.state.early and not self.final


@dataclass(frozen=True)
class NewRun:
    """A run that is to be queued, under an id from ``Store.new_id``."""

    id: str
    spec: RunSpec
    title: str
    device: str
    fresh: bool = False


Records = list[RunRecord]  # because ``list`` is a method inside Store
_NEXT_PLACE = "(SELECT COALESCE(MAX(place), 0) + 1 FROM runs)"
_COLUMNS = {field.name for field in fields(RunRecord)}
_TIMES = ("created", "started", "finished", "cancelled", "deleted", "imported")
_NUMBERS, _TEXTS = ("done", "total", "resumes"), ("title", "phase", "note", "message", "hint", "device")
_WRITABLE = {field.name for field in fields(RunRecord)} - {"id", "position"}


class Store:
    """Reads and writes the index of a workspace. Cheap to create, safe to use from any thread or process."""

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

    def create(self, spec: RunSpec, title: str = "", device: str = "cpu", *, fresh: bool = False) -> str:
        """Enter a new run at the end of the queue and write its folder; return its id."""
        run_id = self.new_id()
        self.create_all([NewRun(run_id, spec, title, device, fresh)])
        return run_id

    def create_all(self, runs: Sequence[NewRun]) -> None:
        """Enter new runs at the end of the queue in their order, all or none of them."""
        with self._entering([run.id for run in runs]) as db:
            for run in runs:
                self.folder(run.id).create(run.spec)
                if any(arm.external for arm in run.spec.distill.arms):
                    from fairdd_core.runs.storage.external import give  # loads the readers of all formats

                    give(self.workspace, run.spec, self.folder(run.id))
                _insert(db, id=run.id, title=run.title, device=run.device, fresh=run.fresh)

    def enter(self, fill: Callable[[RunFolder], object], **values: Any) -> str:
        """Enter a new run with a folder that ``fill`` creates and the columns ``values``; return its id."""
        run_id = self.new_id()
        with self._entering([run_id]) as db:
            fill(self.folder(run_id))
            _insert(db, id=run_id, **values)
        return run_id

    @contextmanager
    def _entering(self, ids: Sequence[str]) -> Iterator[sqlite3.Connection]:
        """Create folders and rows in one transaction, so that no reader sees a row without its folder."""
        made = [path for path in (self.workspace.runs / run_id for run_id in ids) if not path.exists()]
        try:
            with transaction(self.workspace.index, create=True) as db:
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
            known = run_id.isascii()  # SQLite refuses what is not UTF-8
            row = db.execute(f"{_SELECT} WHERE id = ?", (run_id,)).fetchone() if known else None
        if row is None:
            raise UserError("run", "the id of a run", ascii(run_id), "See the list of runs.")
        return _record(row)

    def find(self, text: str, deleted: bool = False) -> RunRecord:
        """Return the run whose id is, starts with or ends with ``text``; with ``deleted``, in the trash.

        Raises:
            UserError: when no run or several fit.
        """
        runs = self.list(deleted=deleted)
        fitting = [run for run in runs if text and (run.id.startswith(text) or run.id.endswith(text))]
        if len(fitting) > 1:
            raise UserError("run", "an id that fits one run", repr(text), "Give more of it.")
        return fitting[0] if fitting else self.get(text)

    def list(self, states: Iterable[RunState] | None = None, deleted: bool = False) -> Records:
        """Return runs, newest first; with ``deleted``, those in the trash."""
        with connection(self.workspace.index) as db:
            rows = db.execute(
                f"{_SELECT} WHERE (deleted IS NOT NULL) = ? ORDER BY created DESC, place DESC", (deleted,)
            ).fetchall()
        wanted = set(RunState) if states is None else set(states)
        return [record for record in _records(rows) if record.state in wanted]

    def live(self) -> Records:
        """Return the queued and running runs, in the order of the queue."""
        with connection(self.workspace.index) as db:
            rows = db.execute(f"{_SELECT} WHERE state IN ('queued', 'running') ORDER BY place").fetchall()
        return list(_records(rows))

    def update(
        self,
        run_id: str,
        *,
        only: Iterable[RunState] | None = None,
        in_trash: bool | None = None,
        **values: Any,
    ) -> bool:
        """Set columns of a run that meets all conditions; return whether it did.

        Args:
            run_id: of the run.
            only: its state must be among these.
            in_trash: whether it must be in the trash, or outside.
            values: of the columns.
        """
        unknown = set(values) - _WRITABLE
        if unknown:
            raise TypeError(f"not columns of a run: {sorted(unknown)}")
        if "title" in values:
            values["title"] = one_line(values["title"])
        states = [str(state) for state in (RunState if only is None else only)]
        names = ", ".join(f"{name} = ?" for name in values)
        query = f"UPDATE runs SET {names} WHERE id = ? AND state IN ({', '.join('?' * len(states))})"
        if in_trash is not None:
            query += f" AND deleted IS {'NOT NULL' if in_trash else 'NULL'}"
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

    def remove(self, run: RunRecord, to: Path) -> bool:
        """Delete the row of a run that has ended and move its folder away, both or neither.

        Args:
            run: as it was found. If it was resumed, moved to the trash or restored since, nothing is done.
            to: where the folder is moved; for the caller to delete.

        Returns:
            Whether it was removed.
        """
        ended, folder = [str(state) for state in RunState if not state.live], self.folder(run.id).path
        query = f"DELETE FROM runs WHERE id = ? AND deleted IS ? AND state IN ({', '.join('?' * len(ended))})"
        moved = False
        try:
            with transaction(self.workspace.index) as db:
                if db.execute(query, (run.id, run.deleted, *ended)).rowcount == 0:
                    return False
                if folder.exists():
                    folder.rename(to)
                    moved = True
        except BaseException:
            if moved:
                to.rename(folder)
            raise
        return True

    def adopt_orphans(self) -> Sequence[str]:
        """Enter every run folder that has no row, as when the index was lost; return their ids."""
        adopted = []
        with transaction(self.workspace.index, create=self.workspace.runs.exists()) as db:
            known = {row["id"] for row in db.execute("SELECT id FROM runs")}
            for path in sorted(self.workspace.runs.glob("*")):
                folder = RunFolder(path)
                if path.name in known or not ID_PATTERN.fullmatch(path.name) or not folder.complete:
                    continue
                finished = folder.result_file.exists()
                state = RunState.DONE if finished else RunState.LOST
                hint = "" if finished else "Resume to continue it."
                text = {"message": "Found without an entry in the index.", "hint": hint}
                if locks.is_held(folder.lock_file):
                    state, text = RunState.RUNNING, {}
                _insert(db, id=path.name, state=state, created=path.stat().st_mtime, **text)
                adopted.append(path.name)
        return adopted

    def stamp(self) -> tuple[int, ...]:
        """Return file times and sizes that change whenever the index does; far cheaper than a query."""
        parts: list[int] = []
        index = self.workspace.index
        for path in (index, index.with_name(f"{index.name}-wal")):
            with suppress(FileNotFoundError):
                status = path.stat()
                parts += (status.st_mtime_ns, status.st_size)
        return tuple(parts)

    def check(self) -> str:
        """Return ``ok``, or what SQLite finds wrong with the index."""
        with connection(self.workspace.index) as db:
            return str(db.execute("PRAGMA integrity_check").fetchone()[0])


def _insert(db: sqlite3.Connection, **values: Any) -> None:
    row = {"title": "", "state": RunState.QUEUED, "device": "cpu", "created": time.time(), **values}
    row["title"] = one_line(row["title"])
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    db.execute(f"INSERT INTO runs ({names}, place) VALUES ({marks}, {_NEXT_PLACE})", tuple(row.values()))


def _records(rows: Iterable[sqlite3.Row]) -> Iterator[RunRecord]:
    """Yield the records of rows; rows that name no run are left out, so that one of them breaks no list."""
    return (_record(row) for row in rows if ID_PATTERN.fullmatch(str(row["id"])))


def _record(row: sqlite3.Row) -> RunRecord:
    """Return the record of a row. Whatever is not of its kind gets a value that every list can show."""
    values: dict[str, Any] = {name: row[name] for name in row.keys() if name in _COLUMNS}  # noqa: SIM118
    if missing := sorted(_COLUMNS - set(values)):
        raise explained(sqlite3.OperationalError(f"no such column: {missing[0]}"), Path())
    for name in _TIMES:
        values[name] = _time(values[name])
    for name in _NUMBERS:
        values[name] = values[name] if isinstance(values[name], int) else 0
    for name in _TEXTS:
        values[name] = str(values[name] or "")
    state = values["state"]
    values["state"] = RunState(state) if state in set(RunState) else RunState.LOST
    values["created"] = values["created"] or 0.0
    values["final"], values["fresh"] = bool(values["final"]), bool(values["fresh"])
    return RunRecord(**values)


def _time(value: Any) -> float | None:
    valid = isinstance(value, int | float) and 0 <= value <= LAST_SECOND  # false for what is not a number
    return float(value) if valid else None
