"""Files that a command writes where the user says."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fairdd_core.errors import UserError
from fairdd_core.files import write_atomically

STDOUT = Path("-")
"""Stands for the standard output."""


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turn an error of a file that the user named into a ``UserError``."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UserError("file", "a usable file", f"{path} ({error.strerror or error})") from error


def write_output(path: Path, write: Callable[[Path], object]) -> None:
    """Call ``write`` with a temporary file, then put that in the place of ``path``.

    A file is replaced as a whole, or not at all; a link is followed, and a device or pipe is written to.

    Args:
        path: the file, or ``STDOUT``.
        write: writes the content to the path that it is given.

    Raises:
        UserError: when the file cannot be written; an earlier one is then unchanged.
    """
    target = path.resolve() if path.is_symlink() else path
    with file_errors(path):
        if path != STDOUT and (target.is_file() or not target.exists()):
            target.parent.stat()  # a folder with a mistyped name is not made
            write_atomically(target, write)
        else:
            _stream(path, write)
    if path != STDOUT:
        print(path)


def _stream(path: Path, write: Callable[[Path], object]) -> None:
    with tempfile.TemporaryDirectory(prefix="fairdd-") as folder:
        made = Path(folder) / "output"
        write(made)
        with made.open("rb") as source:
            if path == STDOUT:
                shutil.copyfileobj(source, sys.stdout.buffer)
                sys.stdout.buffer.flush()
            else:
                with path.open("wb") as device:
                    shutil.copyfileobj(source, device)
