"""Where the files of a set come from: a folder or files that were uploaded one by one.

A source lists plain files under safe relative names and reads nothing else. Links are listed, never followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from fairdd_core.data.custom.options import MAX_FILES
from fairdd_core.data.custom.problems import Problems, shown
from fairdd_core.zip_guard import leads_out

HIDDEN = ("__MACOSX", "Thumbs.db", "desktop.ini")


class Source(Protocol):
    """Files to read from.

    Attributes:
        title: what to call the source.
        files: relative name with ``/`` -> size in bytes.
        links: names of links and of other things that are no plain files.
        flat: whether folders were lost on the way, so that a table's paths count by their last part.
    """

    @property
    def title(self) -> str: ...  # noqa: D102 - described above

    @property
    def files(self) -> Mapping[str, int]: ...  # noqa: D102

    @property
    def links(self) -> frozenset[str]: ...  # noqa: D102

    @property
    def flat(self) -> bool: ...  # noqa: D102

    def read(self, name: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file.

        Raises:
            OSError: when it cannot be read.
        """
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


def hidden(name: str) -> bool:
    """Return whether a file is one that systems leave behind: nobody means it to be a sample."""
    return any(part.startswith(".") or part in HIDDEN for part in PurePosixPath(name).parts)


def is_utf8(name: str) -> bool:
    """Return whether a name is proper text; what is not comes with surrogates."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class FolderSource:
    """A folder of this machine."""

    flat = False

    def __init__(self, root: Path, problems: Problems) -> None:
        self.title = shown(root.name)
        self.root = root
        self.files: dict[str, int] = {}
        links: set[str] = set()
        waiting = [""]
        while waiting and len(self.files) <= MAX_FILES:
            inside = waiting.pop()
            try:
                entries = sorted(os.scandir(root / inside), key=lambda entry: entry.name)
            except OSError as error:
                problems.add(
                    "not-found", f"The folder cannot be read: {error.strerror}.", inside or str(root)
                )
                continue
            for entry in entries:
                name = f"{inside}/{entry.name}" if inside else entry.name
                if hidden(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(name)
                elif entry.is_file(follow_symlinks=False):
                    self.files[name] = entry.stat(follow_symlinks=False).st_size
                else:
                    links.add(name)
        self.links = frozenset(links)
        if len(self.files) > MAX_FILES:
            problems.add("size", f"There are more than {MAX_FILES:,} files.", self.title)

    def read(self, name: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file."""
        # The file may have been replaced since it was listed: still follow no link and wait for no pipe.
        handle = os.open(self.root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(handle, "rb") as file:  # noqa: PTH123 - pathlib opens no handles
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError("no plain file")
            return file.read(limit)

    def close(self) -> None:
        """Nothing stays open."""


class FilesSource:
    """Files that lie side by side in memory, by name; the later of two with one name is left out."""

    def __init__(self, title: str, files: Iterable[tuple[str, IO[bytes]]], problems: Problems) -> None:
        self.title = title
        self.files: dict[str, int] = {}
        self.links: frozenset[str] = frozenset()
        self._open: dict[str, IO[bytes]] = {}
        for name, file in files:
            tidy = name.replace("\\", "/").removeprefix("./")
            if leads_out(tidy):
                problems.add("outside", "The name leads out of the folder.", name)
            elif hidden(tidy):
                continue
            elif tidy in self.files:
                problems.add("conflict", "Two files were uploaded under this name.", name)
            else:
                self.files[tidy] = file.seek(0, os.SEEK_END)
                self._open[tidy] = file
        self.flat = not any("/" in name for name in self.files)

    def read(self, name: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a file."""
        file = self._open[name]  # every file is read by one thread only
        file.seek(0)
        return file.read(limit)

    def close(self) -> None:
        """The files belong to whoever uploaded them."""
