"""Which data a run was made of: the digest of its data set, kept with the run, and what it decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from fairdd_core.data.registry import content_of
from fairdd_core.errors import UserError
from fairdd_core.files import DamagedFile
from fairdd_core.runs.storage.cache import code_version
from fairdd_core.runs.storage.folder import RunFolder

RESULT_FIELD = "data"
"""Of the result document."""
CHANGED = "the data set has changed since this run"


def data_of(folder: RunFolder) -> str:
    """Return the digest of the data that a run has loaded; "" before that, and for an older run."""
    try:
        if digest := data_of_result(folder.result()):
            return digest
    except DamagedFile:
        pass
    return folder.data()


def data_of_result(result: Mapping[str, Any] | None) -> str:
    """Return the digest in a result document; "" where none is recorded."""
    return str((result or {}).get(RESULT_FIELD, ""))


def code_of_result(result: Mapping[str, Any] | None) -> str:
    """Return the version of the code in a result document; "" where none is recorded."""
    attempts = (result or {}).get("attempts") or [{}]
    return str(attempts[-1].get("code", ""))


def data_text(digest: str) -> str:
    """Return a digest for people."""
    return f"SHA-256 {digest[:12]}…" if digest else "not recorded (a run of an earlier version)"


def differ(one: str, other: str) -> bool:
    """Return whether two digests are of different data; one that was not recorded differs from none."""
    return bool(one and other) and one != other


def mixed_note(results: Iterable[Mapping[str, Any] | None]) -> str:
    """Return a sentence when results shown together are of different data; else an empty text."""
    digests = Counter(digest for result in results if (digest := data_of_result(result)))
    if len(digests) < 2:
        return ""
    parts = (f"{count} of {data_text(digest)}" for digest, count in digests.most_common())
    return f"These runs are of different data under one name and cannot be compared: {', '.join(parts)}."


class Current:
    """A data set as it is in the data folder now, read only when it is asked about.

    Args:
        dataset: its name in a specification.
        data_dir: the data folder.
    """

    def __init__(self, dataset: str, data_dir: Path) -> None:
        self.dataset, self.data_dir = dataset, data_dir

    @cached_property
    def digest(self) -> str:
        """The digest of its content; "" where that is unknown."""
        return content_of(self.dataset, self.data_dir)

    def made(self, result: Mapping[str, Any]) -> bool:
        """Return whether a result is of this data and this code, so that it can stand for a new run.

        A result of an earlier version, which records neither, is not.
        """
        return code_of_result(result) == code_version() and data_of_result(result) == self.digest != ""


def check_data(recorded: str, current: str, dataset: str) -> None:
    """Refuse to go on with a run on other data than it was started with.

    Raises:
        UserError: when both digests are known and differ.
    """
    if differ(recorded, current):
        raise UserError(
            "data.dataset",
            f"the data that this run was started with ({data_text(recorded)})",
            f"other data under the name {dataset} ({data_text(current)})",
            "Put that data back and resume, or launch the settings as a new run.",
        )
