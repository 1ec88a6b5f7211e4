"""Executing runs: what callers need is here, the rest serves the processes that do the work."""

from fairdd_core.runs.engine.service import (
    POLL_SECONDS,
    cancel,
    request_warm_worker,
    resume,
    submit,
    wait,
    wake,
)

__all__ = ["POLL_SECONDS", "cancel", "request_warm_worker", "resume", "submit", "wait", "wake"]
