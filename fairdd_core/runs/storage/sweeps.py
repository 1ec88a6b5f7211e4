"""The files of the sweeps of a workspace: each says which run stands where in the grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from fairdd_core.config.spec.base import Settings, user_error
from fairdd_core.config.sweep import SweepSpec
from fairdd_core.errors import UserError
from fairdd_core.files import write_json
from fairdd_core.runs.storage.index import ID_PATTERN
from fairdd_core.workspace import Workspace


class Entry(Settings):
    """The run at a place of the grid.

    Attributes:
        run: its id in the store; in a bundled sweep the name of its folder.
        reused: whether it was there before the sweep, so that the sweep must not stop it.
    """

    run: str
    reused: bool = False


class Sweep(Settings):
    """A sweep as it is kept.

    Attributes:
        id: of the sweep.
        title: for people.
        created: seconds since 1970.
        spec: the grid.
        entries: one for every place of ``spec.points()``.
    """

    id: str
    title: str = ""
    created: float
    spec: SweepSpec
    entries: tuple[Entry, ...]


def save(workspace: Workspace, sweep: Sweep) -> None:
    """Write a sweep."""
    write_json(_file(workspace, sweep.id), sweep.model_dump(mode="json"))


def read(file: Path) -> Sweep:
    """Read a sweep.

    Raises:
        UserError: when the file is not one.
        OSError: when there is none.
    """
    try:
        sweep = Sweep.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise user_error(error) from error
    if len(sweep.entries) != len(sweep.spec.points()):
        raise UserError("entries", f"{len(sweep.spec.points())} runs", len(sweep.entries))
    return sweep


def find(workspace: Workspace, sweep_id: str) -> Sweep:
    """Return a sweep of a workspace.

    Raises:
        UserError: when there is none of this id.
    """
    if ID_PATTERN.fullmatch(sweep_id):
        try:
            return read(_file(workspace, sweep_id))
        except OSError:
            pass
    raise UserError("sweep", "the id of a sweep", repr(sweep_id))


def everything(workspace: Workspace) -> Sequence[Sweep]:
    """Return the sweeps of a workspace, newest first; files that cannot be read are left out."""
    return sorted(_readable(workspace), key=lambda sweep: sweep.created, reverse=True)


def _readable(workspace: Workspace) -> Iterator[Sweep]:
    for file in sorted((workspace.root / "sweeps").glob("*.json")):
        try:
            sweep = read(file)
        except (OSError, UserError):
            continue
        if sweep.id == file.stem and ID_PATTERN.fullmatch(sweep.id):
            yield sweep


def forget(workspace: Workspace, sweep_id: str) -> None:
    """Remove a sweep; its runs stay."""
    _file(workspace, sweep_id).unlink(missing_ok=True)


def _file(workspace: Workspace, sweep_id: str) -> Path:
    return workspace.root / "sweeps" / f"{sweep_id}.json"
