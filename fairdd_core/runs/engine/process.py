"""Everything that only works on Linux and macOS: locks that die with their process, signals, detachment."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_POLL_SECONDS = 0.01
_OOM_SCORE = 500  # of 1000: when memory runs out, the kernel should take a run, not the server
_NICENESS = 5  # the dashboard stays responsive while a run uses every core


def hold(path: Path, seconds: float = 0.0) -> int | None:
    """Take the lock on ``path`` until this process ends or closes the returned file descriptor.

    The kernel releases it however the process ends, so a lock says what a process id cannot: whoever
    took it still lives. The file then holds the process id, for signals.

    Args:
        path: of the lock file; made when absent, never removed.
        seconds: how long to wait for another holder.

    Returns:
        The file descriptor, or None when somebody else holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    deadline = time.monotonic() + seconds
    while not _try_lock(handle, fcntl.LOCK_EX):
        if time.monotonic() >= deadline:
            os.close(handle)
            return None
        time.sleep(_POLL_SECONDS)
    return adopt(handle)


def adopt(handle: int) -> int:
    """Make a lock that this process took, or was handed at its start, its own; return the descriptor."""
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
        return not _try_lock(handle, fcntl.LOCK_SH)  # given back at once by closing
    finally:
        os.close(handle)


def _try_lock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def signal_holder(path: Path, number: int) -> None:
    """Send a signal to the process group of the holder of the lock on ``path``, if there is one."""
    text = path.read_text() if path.exists() else ""
    if text.isdigit() and is_held(path):  # in this order, so that the number is the holder's
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(int(text), number)


def spawn(
    arguments: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    talk: bool = False,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that no signal to this process reaches it.

    Args:
        arguments: the command.
        log: where its output is appended.
        environment: all of its environment.
        talk: whether its standard input is a pipe from here, else it is empty.
        keep: open files that it inherits, under the same numbers.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            start_new_session=True,
            pass_fds=keep,
        )


def spawn_detached(arguments: Sequence[str], log: Path, environment: Mapping[str, str], keep: int) -> None:
    """Start a process that is nobody's child here: it needs no reaping and outlives this process.

    It inherits the open file ``keep``, and with it the lock that this process holds on it.
    """
    spawn(["/bin/sh", "-c", '"$@" &', "sh", *arguments], log, environment, keep=[keep]).wait()


def step_back() -> None:
    """Let this process yield to others: a lower priority, and first to go when memory runs out."""
    os.nice(_NICENESS)
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))


def memory_kills() -> int:
    """Return how many processes the kernel has killed for want of memory; 0 where it does not tell."""
    try:
        found = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0


def signal_name(number: int) -> str:
    """Return e.g. ``SIGSEGV``."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
