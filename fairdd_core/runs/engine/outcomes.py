"""How a run ended: the state, the cause, and one thing to do next."""

from __future__ import annotations

import errno
import signal
import time
from dataclasses import dataclass
from typing import Any

from fairdd_core.errors import Diverged, UserError
from fairdd_core.files import DamagedFile
from fairdd_core.runs.engine.environment import describe_drift
from fairdd_core.runs.engine.process import signal_name
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunRecord, RunState

# Exit codes of a worker that could not write its outcome into the index itself.
SETTLED, CRASHED, NO_MEMORY, DISK_FULL, NOT_CLAIMED = 0, 1, 71, 73, 75
_FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SMALLER = (
    "If something else filled the memory, resume; else launch again with a smaller network, fewer images per "
    "class or a smaller batch."
)
_RESUME = "Resume to continue from the last checkpoint."
_SEE_LOG = "See the log of the run; if the cause has passed, resume it."
_FREE_SPACE = "Free some space, for example by pruning old runs, then resume."
_CHANGE = "Change that setting and launch again."
# A run that is refused for one of these may succeed later, on a machine that has what it needs.
_MACHINE_FIELDS = {"device", "data.dataset"}


@dataclass(frozen=True)
class Outcome:
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
        """Return the columns of the index of a run that has just ended this way."""
        values = {"state": self.state, "message": message, "hint": self.hint, "final": self.final}
        return {**values, "finished": time.time()}


class StopRequested(BaseException):
    """The run was asked to stop (SIGTERM): like KeyboardInterrupt, not an error."""


def explain_error(error: BaseException) -> Outcome:
    """Return the outcome of a run whose worker raised ``error``."""
    match error:
        case StopRequested():
            return Outcome(RunState.STOPPED, "Stopped", "Resume to continue from there.")
        case UserError():
            message = f"{error.field}: expected {error.expected}, got {error.got}."
            final = error.field not in _MACHINE_FIELDS
            hint = error.hint or (_CHANGE if final else _SEE_LOG)
            return Outcome(RunState.FAILED, message, hint, CRASHED, final)
        case Diverged():
            return Outcome(RunState.FAILED, str(error), error.hint, CRASHED, final=True)
        case _ if _is_full_disk(error):
            return Outcome(RunState.FAILED, "The disk is full or its quota used up.", _FREE_SPACE, DISK_FULL)
        case _ if _is_out_of_memory(error):
            return Outcome(RunState.FAILED, "Out of memory.", _SMALLER, NO_MEMORY)
        case _:
            text = f"{type(error).__name__}: {error}".splitlines()[0][:300]
            return Outcome(RunState.FAILED, text, _SEE_LOG, CRASHED)


def explain_exit(code: int | None, cancelled: bool, oom_killed: bool) -> Outcome:
    """Return the outcome of a run whose worker is gone without having written one.

    Args:
        code: its exit code, negative for a signal; None when the worker was not the caller's child.
        cancelled: whether a user had asked it to stop.
        oom_killed: whether the kernel has killed processes for lack of memory meanwhile.
    """
    if cancelled:
        return explain_error(StopRequested())
    if code is None:
        message = "The process of this run is gone: killed, or the machine restarted."
        return Outcome(RunState.LOST, message, _RESUME)
    if code == DISK_FULL:
        return explain_error(OSError(errno.ENOSPC, ""))
    if code == NO_MEMORY or (code == -signal.SIGKILL and oom_killed):
        return explain_error(MemoryError())
    if code in {-signal.SIGKILL, -signal.SIGTERM}:
        message = f"The process of this run was killed from outside ({signal_name(-code)})."
        return Outcome(RunState.LOST, message, _RESUME)
    how = f"with {signal_name(-code)}" if code < 0 else f"with exit code {code}"
    return Outcome(RunState.FAILED, f"The process of this run crashed {how}.", _SEE_LOG)


def completed(folder: RunFolder) -> Outcome | None:
    """Return the outcome of a run whose result is complete, however its process ended; None without one."""
    try:
        if folder.result() is None:
            return None
    except DamagedFile:
        return None
    return Outcome(RunState.DONE, "Done.", describe_drift(folder.attempts()))


def describe(outcome: Outcome, run: RunRecord, folder: RunFolder) -> str:
    """Return the message of an outcome with the progress of the run and what was kept."""
    if outcome.state is RunState.DONE:
        return outcome.message
    last = max(folder.snapshot_iterations(), default=None)
    done = max(run.done, last or 0) if run.phase == "distill" else run.done  # the index may lag a little
    where = f" at {done} of {run.total} ({run.phase})" if run.total else " before the first step"
    text = f"{outcome.message}{where if outcome.state is RunState.STOPPED else ''}".rstrip(".") + "."
    return text if last is None else f"{text} Images up to iteration {last} are kept."


def _is_full_disk(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in _FULL_DISK:
        return True
    # SQLite and pyarrow have no error numbers.
    words = ("disk is full", "disk I/O error", "No space left on device", "File too large")
    return any(text in str(error) for text in words)


def _is_out_of_memory(error: BaseException) -> bool:
    # torch's own class is matched by name: importing torch here would take seconds.
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return named or "can't allocate memory" in str(error) or "not enough memory" in str(error)
