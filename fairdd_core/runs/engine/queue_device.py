"""Which runs wait for each other: those of one device. Found without importing torch."""

from __future__ import annotations

from fairdd_core.device import gpu_count
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
