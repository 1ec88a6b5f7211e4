"""``.safetensors`` and ``.npz``: arrays under names. No object is ever made of what is in them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from fairdd_core.data.distilled.contents import Experiment, Node, Target, refusal
from fairdd_core.data.distilled.layouts import experiments
from fairdd_core.data.distilled.sandbox import MAX_BYTES, MAX_NODES
from fairdd_core.zip_guard import UNREADABLE, Limits, open_zip, violations

_KINDS = "fiub"
"""Kinds of NumPy types that are numbers."""


def read_safetensors(path: Path, target: Target) -> list[Experiment]:
    """Return the distilled sets in a safetensors file; its metadata may state ``mean`` and ``std``.

    Raises:
        UserError: when there are none, or the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            names = list(file.keys())
            if len(names) > MAX_NODES:
                raise refusal(f"at most {MAX_NODES} arrays", len(names))
            content: dict[str, Node] = {name: _numbers(name, file.get_tensor(name)) for name in names}
            content |= _stated(dict(file.metadata() or {}))
    except (SafetensorError, OSError, TypeError, KeyError, OverflowError) as error:
        raise refusal("a safetensors file", f"a damaged or different one ({error})") from error
    return experiments(content, target)


def _stated(metadata: dict[str, str]) -> dict[str, Node]:
    """Return the mean and standard deviation that metadata state as JSON."""
    found: dict[str, Node] = {}
    for name in ("mean", "std"):
        try:
            values = json.loads(metadata.get(name, ""))
        except (ValueError, RecursionError):
            continue
        if isinstance(values, list) and all(isinstance(value, int | float) for value in values):
            found[name] = list(values)
    return found


def read_npz(path: Path, target: Target) -> list[Experiment]:
    """Return the distilled sets in a file written by ``numpy.savez``.

    Raises:
        UserError: when there are none, or an array is not of numbers: those are pickles, which can run code.
    """
    content: dict[str, Node] = {}
    left = MAX_BYTES
    try:
        with open_zip(path) as archive:
            _check(archive.infolist())
            for entry in archive.infolist():
                name = entry.filename.removesuffix(".npy")
                with archive.open(entry) as file:
                    array = _array(name, file, left)
                left -= array.nbytes
                content[name] = array
    except zipfile.BadZipFile as error:
        raise refusal("a file written by numpy.savez", f"a damaged or different one ({error})") from error
    return experiments(content, target)


def _check(entries: list[zipfile.ZipInfo]) -> None:
    for rule, name in violations(entries, Limits(MAX_NODES, MAX_BYTES, 1000, 10**7)):
        what = f"a zip file with a forbidden {rule.name.lower()} {name}".strip()
        raise refusal("a file written by numpy.savez", what)
    for entry in entries:
        if not entry.filename.endswith(".npy"):
            raise refusal("a file written by numpy.savez", f"one that also has {entry.filename}")


def _array(name: str, file: IO[bytes], limit: int) -> np.ndarray:
    """Return one array; its header is believed only as far as there are bytes."""
    from numpy.lib import format as npy

    try:
        version = npy.read_magic(file)
        reader = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
        if reader is None:
            raise ValueError(f"version {version} of the format")
        shape, fortran, dtype = reader(file)
        if dtype.hasobject or dtype.kind not in _KINDS:
            hint = "Save arrays of numbers: numpy.savez(FILE, images=…, labels=…)."
            raise refusal(f"numbers in {name}", f"Python objects or text ({dtype})"[:80], hint)
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if not 0 <= size <= limit:
            raise refusal(f"at most {MAX_BYTES // 10**6} MB of numbers", "more")
        content = file.read(size)
        if len(content) != size or file.read(1):
            raise ValueError("as many bytes as the header says")
    except (*UNREADABLE, SyntaxError, TypeError) as error:
        if hasattr(error, "hint"):
            raise
        raise refusal(f"an array in {name}", f"a damaged one ({error})") from error
    array = np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")
    return _numbers(name, array)


def _numbers(name: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in _KINDS:
        raise refusal(f"numbers in {name}", str(array.dtype))
    return array
