"""The SQLite schema of the index of runs: opening and migrating it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from fairdd_core.errors import UserError
from fairdd_core.workspace import Workspace

# One entry per schema version, oldest first; a shipped entry is never edited.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY, title TEXT NOT NULL, state TEXT NOT NULL, place INTEGER NOT NULL,
            device TEXT NOT NULL, created REAL NOT NULL, started REAL, finished REAL,
            phase TEXT NOT NULL DEFAULT '', done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0,
            note TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '', hint TEXT NOT NULL DEFAULT '',
            cancelled REAL, deleted REAL)""",
        "CREATE INDEX runs_by_state ON runs (state, place)",
    ),
    (
        "ALTER TABLE runs ADD COLUMN final INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE runs ADD COLUMN imported REAL",
        "ALTER TABLE runs ADD COLUMN resumes INTEGER NOT NULL DEFAULT 0",
    ),
    ("ALTER TABLE runs ADD COLUMN fresh INTEGER NOT NULL DEFAULT 0",),
)
BUSY_SECONDS = 15.0


_DAMAGED = (
    *("malformed", "not a database", "no such table", "no such column", "has no column", "already exists"),
    *("integer overflow", "NOT NULL", "UNIQUE"),
)
"""What SQLite says of a file that is not the index that this program wrote."""


class UnusableIndex(sqlite3.OperationalError):
    """The index cannot be used; the message names the cause and what to do."""


def explained(error: sqlite3.Error, path: Path) -> UnusableIndex:
    """Return an error of SQLite in words for people."""
    cause = str(error)
    kind, advice = "cannot be used", ""
    if any(words in cause for words in _DAMAGED):
        kind = "is damaged"
        advice = "The folders of the runs are untouched; rebuild it with: python -m fairdd_core repair"
    elif "disk is full" in cause or "disk I/O" in cause:
        kind, advice = "cannot be written: the disk is full", "Free some space, then try again."
    elif "readonly" in cause or "unable to open" in cause:
        kind = "cannot be written"
        advice = f"Make {path.parent} writable, or choose another workspace with FAIRDD_HOME."
    elif "locked" in cause or "busy" in cause:
        kind, advice = "is kept locked by another program", "Close it, or try again in a moment."
    return UnusableIndex(f"The index of runs {kind} ({cause}). {advice}".strip())


@contextmanager
def connection(path: Path, *, create: bool = False) -> Iterator[sqlite3.Connection]:
    """Open the index for a few statements, migrating it first where needed.

    Opening is cheap (well under a millisecond), and makes every use safe from any thread.

    Args:
        path: of the index.
        create: make the index and its workspace where there is none; else it is then empty for as long as it
            is open.

    Raises:
        UserError: when a newer version of the program made this index.
        UnusableIndex: when it is damaged, locked or cannot be written.
    """
    if create:
        Workspace(path.parent).create()
    where = path if create or path.exists() else ":memory:"
    try:
        with closing(sqlite3.connect(where, timeout=BUSY_SECONDS, isolation_level=None)) as db:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA synchronous = NORMAL")  # in WAL mode: safe against every crash of a process
            if _version(db) != len(MIGRATIONS):
                _migrate(db)
            yield db
    except UnusableIndex:
        raise
    except sqlite3.Error as error:
        raise explained(error, path) from error


@contextmanager
def transaction(path: Path, *, create: bool = False) -> Iterator[sqlite3.Connection]:
    """Open the index for one transaction, which holds the write lock from its start."""
    with connection(path, create=create) as db:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.rollback()
            raise
        db.commit()


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _migrate(db: sqlite3.Connection) -> None:
    _use_wal(db)
    db.execute("BEGIN IMMEDIATE")
    version = _version(db)  # again, under the lock: another process may have migrated it meanwhile
    if version > len(MIGRATIONS):
        db.rollback()
        raise UserError(
            "FAIRDD_HOME",
            f"an index of version {len(MIGRATIONS)} or older",
            f"version {version}",
            "Update the program, or choose another workspace.",
        )
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    db.commit()


def _use_wal(db: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; SQLite does not wait here when other processes open the file."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
