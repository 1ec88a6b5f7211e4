"""Choosing the device of a run, and settings that make the CPU fast."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

from fairdd_core.errors import UserError

if TYPE_CHECKING:
    import torch

DEVICE_PATTERN = r"^(auto|cpu|cuda(:[0-9]{1,3})?)$"
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # <malloc.h> of the GNU C library


def resolve_device(name: str) -> torch.device:
    """Return the device called ``auto``, ``cpu``, ``cuda`` or ``cuda:n``; ``auto`` prefers a GPU.

    Raises:
        UserError: for another name, or a GPU that this machine does not have.
    """
    import torch

    if not re.match(DEVICE_PATTERN, name):
        raise UserError("device", "auto, cpu, cuda or cuda:N", repr(name))
    return torch.device(_among(name, torch.cuda.device_count() if torch.cuda.is_available() else 0))


@cache
def gpu_names() -> tuple[str, ...]:
    """Return the names of this machine's GPUs, according to the driver; CUDA is not initialised."""
    if not sys.platform.startswith("linux") or metadata.version("torch").endswith("+cpu"):
        return ()
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return ()
    count, names = ctypes.c_uint(0), []
    if nvml.nvmlInit_v2() != 0:
        return ()
    nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
    for index in range(count.value):
        handle, name = ctypes.c_void_p(), ctypes.create_string_buffer(96)
        nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(handle))
        nvml.nvmlDeviceGetName(handle, name, ctypes.c_uint(len(name)))
        names.append(name.value.decode(errors="replace"))
    nvml.nvmlShutdown()
    return tuple(names)


@cache
def gpu_count() -> int:
    """Return the number of GPUs that torch will find, according to the driver; CUDA is not initialised."""
    count, visible = len(gpu_names()), os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return count
    return min(count, len([name for name in visible.split(",") if name.strip() not in {"", "-1"}]))


def queue_device(name: str) -> str:
    """Return the device that a run with this setting will occupy: ``cpu`` or ``cuda:n``; imports no torch.

    Runs of one device wait for each other.

    Raises:
        UserError: for a GPU that this machine does not have.
    """
    return _among(name, gpu_count())


def _among(name: str, gpus: int) -> str:
    """Return ``cpu`` or ``cuda:n`` for a name, given the number of GPUs; a bare ``cuda`` is GPU 0."""
    if name == "cpu" or (name == "auto" and not gpus):
        return "cpu"
    index = int(name.partition(":")[2] or 0)
    if index >= gpus:
        raise UserError("device", f"one of the {gpus} GPUs of this machine", repr(name), "Use auto or cpu.")
    return f"cuda:{index}"


def describe_device(device: torch.device) -> str:
    """Return a readable name, e.g. ``NVIDIA H100 (cuda:0)`` or ``CPU, 2 threads``."""
    import torch

    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} ({device})"
    return f"CPU, {torch.get_num_threads()} threads"


def keep_freed_memory() -> None:
    """Make the C allocator keep freed memory for the rest of the process.

    Activations of tens of megabytes are otherwise mapped, zeroed and unmapped on every layer of every
    step; keeping them halves the time of a training step on the CPU. Does nothing outside glibc.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "gnu_get_libc_version"):
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
