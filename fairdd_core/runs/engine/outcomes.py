"""Why a run ended, in words: the state, the cause, and one thing to do next."""

from __future__ import annotations

import errno
import signal
import time
from dataclasses import dataclass
from typing import Any

from fairdd_core.errors import Diverged, UserError
from fairdd_core.runs.engine.process import signal_name
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunRecord, RunState

# Exit codes of a worker that could not write its ending into the index itself.
SETTLED, CRASHED, NO_MEMORY, DISK_FULL, NOT_CLAIMED = 0, 1, 71, 73, 75
_FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SMALLER = (
    "If something else filled the memory, resume; else launch again with a smaller network, fewer images per "
    "class or a smaller batch."
)
_SEE_LOG = "See the log of the run; if the cause has passed, resume it."
_FREE_SPACE = "Free some space, for example by pruning old runs, then resume."
_CHANGE = "Change that setting and launch again."
# Refusals of these settings are about what this machine has; another time it may have it.
_OF_THE_MACHINE = {"device", "data.dataset"}


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes:
        state, message, hint, final: as in the index.
        code: the worker's exit code where it must speak for itself.
    """

    state: RunState
    message: str
    hint: str = ""
    code: int = SETTLED
    final: bool = False

    def columns(self, message: str) -> dict[str, Any]:
        """Return what the index is to say of a run that ended so just now."""
        values = {"state": self.state, "message": message, "hint": self.hint, "final": self.final}
        return {**values, "finished": time.time()}


class StopRequested(BaseException):
    """The run was asked to stop (SIGTERM): like KeyboardInterrupt a wish, not an error."""


def explain_error(error: BaseException) -> Ending:
    """Return the ending of a run whose worker met ``error``."""
    match error:
        case StopRequested():
            return Ending(RunState.STOPPED, "Stopped", "Resume to go on from there.")
        case UserError():
            message = f"{error.field}: expected {error.expected}, got {error.got}."
            final = error.field not in _OF_THE_MACHINE
            return Ending(
                RunState.FAILED, message, error.hint or (_CHANGE if final else _SEE_LOG), CRASHED, final
            )
        case Diverged():
            return Ending(RunState.FAILED, str(error), error.hint, CRASHED, final=True)
        case _ if _is_full_disk(error):
            return Ending(RunState.FAILED, "The disk is full or takes no more.", _FREE_SPACE, DISK_FULL)
        case _ if _is_out_of_memory(error):
            return Ending(RunState.FAILED, "Out of memory.", _SMALLER, NO_MEMORY)
        case _:
            text = f"{type(error).__name__}: {error}".splitlines()[0][:300]
            return Ending(RunState.FAILED, text, _SEE_LOG, CRASHED)


def explain_exit(code: int | None, cancelled: bool, memory_killed: bool) -> Ending:
    """Return the ending of a run whose worker is gone without having written one.

    Args:
        code: its exit code, negative for a signal; None when the worker was not a child of the asker.
        cancelled: whether a user had asked it to stop.
        memory_killed: whether the kernel killed processes for want of memory meanwhile.
    """
    if cancelled:
        return explain_error(StopRequested())
    if code is None:
        return Ending(
            RunState.LOST, "The process of this run is gone: killed, or the machine restarted.", _RESUME
        )
    if code == DISK_FULL:
        return explain_error(OSError(errno.ENOSPC, ""))
    if code == NO_MEMORY or (code == -signal.SIGKILL and memory_killed):
        return explain_error(MemoryError())
    if code in {-signal.SIGKILL, -signal.SIGTERM}:
        message = f"The process of this run was killed from outside ({signal_name(-code)})."
        return Ending(RunState.LOST, message, _RESUME)
    how = f"with {signal_name(-code)}" if code < 0 else f"with exit code {code}"
    return Ending(RunState.FAILED, f"The process of this run crashed {how}.", _SEE_LOG)


_RESUME = "Resume to go on from the last checkpoint."


def describe(ending: Ending, run: RunRecord, folder: RunFolder) -> str:
    """Return the message of an ending with where the run stood and what was kept."""
    if ending.state is RunState.DONE:
        return ending.message
    last = max(folder.snapshot_iterations(), default=None)
    done = max(run.done, last or 0) if run.phase == "distill" else run.done  # the index may lag a little
    where = f" at {done} of {run.total} ({run.phase})" if run.total else " before the first step"
    text = f"{ending.message}{where if ending.state is RunState.STOPPED else ''}".rstrip(".") + "."
    return text if last is None else f"{text} Images up to iteration {last} are kept."


def _is_full_disk(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in _FULL_DISK:
        return True
    # SQLite and pyarrow say it in words only.
    words = ("disk is full", "disk I/O error", "No space left on device", "File too large")
    return any(text in str(error) for text in words)


def _is_out_of_memory(error: BaseException) -> bool:
    # torch's own class is matched by name, for importing torch here would cost every reader seconds.
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return named or "can't allocate memory" in str(error) or "not enough memory" in str(error)
