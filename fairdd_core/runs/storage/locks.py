"""File locks that the kernel releases with their process. Linux and macOS only."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

_POLL_SECONDS = 0.01


def acquire(path: Path, timeout: float = 0.0) -> int | None:
    """Lock ``path`` until this process ends or closes the returned file descriptor.

    The file then holds the process id, for signals. A held lock proves that its holder is alive, which a
    process id alone does not.

    Args:
        path: of the lock file; created when absent, never removed. Its folder must be there.
        timeout: seconds to wait for another holder.

    Returns:
        The file descriptor, or None when another process holds the lock.
    """
    deadline = time.monotonic() + timeout
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        locked = _try_lock(handle, fcntl.LOCK_EX)
        if locked and is_current(handle, path):
            return take_over(handle)
        os.close(handle)
        if not locked and time.monotonic() >= deadline:
            return None
        time.sleep(_POLL_SECONDS)


def is_current(handle: int, path: Path) -> bool:
    """Return whether an open lock is the file at ``path``, which may have been removed and made anew."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False


def take_over(handle: int) -> int:
    """Write this process's id into a lock that it acquired or inherited; return the descriptor."""
    os.set_inheritable(handle, False)
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def is_held(path: Path) -> bool:
    """Return whether some process holds the lock on ``path``."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(handle, fcntl.LOCK_SH)  # closing the file releases it
    finally:
        os.close(handle)


def holder(path: Path) -> int | None:
    """Return the id of the process that holds the lock on ``path``, or None."""
    text = path.read_text() if path.exists() else ""
    return int(text) if text.isdigit() and is_held(path) else None  # read first: the id is the holder's


def _try_lock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
