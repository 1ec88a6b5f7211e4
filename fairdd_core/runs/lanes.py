"""Which runs wait for each other: those of one device. Found without importing torch."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from importlib import metadata

from fairdd_core.errors import UserError


def lane(device: str) -> str:
    """Return the device that a run with this setting will occupy: ``cpu`` or ``cuda:n``.

    Raises:
        UserError: for a GPU that this machine does not have.
    """
    found = gpu_count()
    if device == "auto":
        return "cuda:0" if found else "cpu"
    if device == "cpu":
        return "cpu"
    index = int(device.partition(":")[2] or 0)
    if index >= found:
        raise UserError(
            "device", f"one of the {found} GPUs of this machine", repr(device), "Use auto or cpu."
        )
    return f"cuda:{index}"


@cache
def gpu_count() -> int:
    """Return the number of GPUs that torch will find; the driver is asked, CUDA stays untouched."""
    if not sys.platform.startswith("linux") or metadata.version("torch").endswith("+cpu"):
        return 0
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return 0
    count = ctypes.c_uint(0)
    if nvml.nvmlInit_v2() != 0:
        return 0
    nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
    nvml.nvmlShutdown()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return count.value
    return min(count.value, len([name for name in visible.split(",") if name.strip() not in {"", "-1"}]))
