"""Starting and signalling the processes of the engine. Linux and macOS only."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import fairdd_core
from fairdd_core.runs.storage import locks

_OOM_SCORE = 500  # of 1000: when memory runs out, the kernel should kill a run, not the server
_NICENESS = 5  # the dashboard stays responsive while a run uses every core


def command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of this package with the same interpreter."""
    return [sys.executable, "-m", f"fairdd_core.runs.engine.{module}", *arguments]


def spawn(
    arguments: Sequence[str], log: Path, pipe: bool = False, keep: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that no signal to this process reaches it.

    Args:
        arguments: the command.
        log: file that its output is appended to.
        pipe: whether its standard input is a pipe from this process; else it is empty.
        keep: open files that it inherits, under the same numbers.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE if pipe else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment(),
            start_new_session=True,
            pass_fds=keep,
        )


def spawn_detached(arguments: Sequence[str], log: Path, keep: int) -> None:
    """Start a process that is not a child of this one: it needs no reaping and outlives this process.

    It inherits the open file ``keep``, and with it the lock that this process holds on it.
    """
    spawn(["/bin/sh", "-c", '"$@" &', "sh", *arguments], log, keep=[keep]).wait()


def environment() -> dict[str, str]:
    """Return the environment variables of the engine's processes, where this package can be imported."""
    source = str(Path(fairdd_core.__file__).parent.parent)
    paths = [source, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    return {
        # Large pages: training on the CPU allocates and frees tens of megabytes in every step.
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        # Threads that wait must sleep, not spin: on two cores that anything else uses too, spinning made a
        # training step thirty times slower.
        "OMP_WAIT_POLICY": "PASSIVE",
        **os.environ,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(filter(None, paths))),
        "PYTHONUNBUFFERED": "1",
    }


def signal_holder(lock: Path, number: int) -> None:
    """Send a signal to the process group of the holder of a lock, if there is one."""
    if (holder := locks.holder(lock)) is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(holder, number)


def lower_priority() -> None:
    """Let this process yield to others: a lower priority, and first to be killed when memory runs out."""
    os.nice(_NICENESS)
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))


def count_oom_kills() -> int:
    """Return how many processes the kernel has killed for lack of memory; 0 where that is unknown."""
    try:
        match = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(match[1]) if match else 0


def signal_name(number: int) -> str:
    """Return e.g. ``SIGSEGV``."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
