"""The measured speed of the devices of this machine, kept in the workspace.

A device is measured once, in a process of its own, and again when torch, the processor, the GPUs or the
number of threads have changed. Nothing here imports torch.
"""

from __future__ import annotations

import os
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fairdd_core.config.cost import DeviceSpeed
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.device import gpu_names, queue_device
from fairdd_core.errors import UserError
from fairdd_core.files import DamagedFile, read_json, write_json
from fairdd_core.runs.engine import process
from fairdd_core.runs.engine.environment import processor
from fairdd_core.runs.storage import locks
from fairdd_core.workspace import Workspace

VERSION = 2
"""Of what is measured and how; another version measures again."""
BUSY_SECONDS = 600.0
"""How long a measurement holds that was made while the machine did other work."""
PATIENCE_SECONDS = 900.0
POLL_SECONDS = 0.1
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "CUDA_VISIBLE_DEVICES")


def machine(device: str) -> dict[str, Any]:
    """Return what the speed of a device (``cpu`` or ``cuda:n``) depends on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    variables = {name: os.environ[name] for name in _THREADS if name in os.environ}
    of_gpu = {"gpus": list(gpu_names())} if device != "cpu" else {}
    return {
        "version": VERSION,
        "device": device,
        "torch": metadata.version("torch"),
        "processor": processor(),
        "cores": cores,
        "environment": variables,
        **of_gpu,
    }


def known(workspace: Workspace, device: str) -> DeviceSpeed | None:
    """Return the speed of a device; None where it must be measured.

    That is so as well where its file is damaged, and some time after a measurement on a busy machine.
    """
    try:
        document = read_json(_file(workspace, device))
        if document is None or document.get("machine") != machine(device):
            return None
        found = DeviceSpeed.model_validate(document.get("speed"))
        age = time.time() - _file(workspace, device).stat().st_mtime
        return None if found.busy and age > BUSY_SECONDS else found
    except (DamagedFile, OSError, ValidationError):
        return None


def speed_for(workspace: Workspace, spec: RunSpec) -> DeviceSpeed | None:
    """Return the speed of the device of a run; None where it was not measured, or does not exist."""
    try:
        return known(workspace, queue_device(spec.device))
    except UserError:
        return None


def write(workspace: Workspace, device: str, measured: DeviceSpeed) -> None:
    """Keep the speed of a device."""
    document = {"machine": machine(device), "speed": measured.model_dump(mode="json")}
    write_json(_file(workspace, device), document)


def start(workspace: Workspace, device: str) -> None:
    """Start measuring a device in a process of its own, unless that is under way. Returns at once."""
    workspace.create()
    workspace.speeds.mkdir(exist_ok=True)
    lock = locks.acquire(_lock(workspace, device))
    if lock is None:
        return
    try:
        arguments = process.command("calibration", str(workspace.root), device)
        process.spawn_detached(arguments, log_file(workspace, device), keep=lock)
    finally:
        os.close(lock)


def is_measuring(workspace: Workspace, device: str) -> bool:
    """Return whether a process is measuring a device."""
    return locks.is_held(_lock(workspace, device))


def measured(workspace: Workspace, device: str) -> DeviceSpeed:
    """Return the speed of a device; where it is not known, measure it first, which takes some 20 seconds.

    Raises:
        UserError: when it could not be measured.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    if (found := known(workspace, device)) is None:
        start(workspace, device)
        while is_measuring(workspace, device) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        found = known(workspace, device)
    if found is None:
        raise unmeasured(workspace, device)
    return found


def unmeasured(workspace: Workspace, device: str) -> UserError:
    """Return the error to raise or show when a device could not be measured."""
    hint = f"The reason is in {log_file(workspace, device)}. Runs without a budget do not need it."
    return UserError("budget", f"a measured speed of {device}", "none", hint)


def log_file(workspace: Workspace, device: str) -> Path:
    """Return the log of the process that measures a device."""
    return workspace.speeds / f"{_name(device)}.log"


def _name(device: str) -> str:
    return device.replace(":", "-")


def _file(workspace: Workspace, device: str) -> Path:
    return workspace.speeds / f"{_name(device)}.json"


def _lock(workspace: Workspace, device: str) -> Path:
    return workspace.speeds / f"{_name(device)}.lock"
