"""``.pt`` and ``.pth``: opened in a process of its own that can do nothing else (see ``sandbox``)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from fairdd_core.data.distilled import sandbox
from fairdd_core.data.distilled.contents import (
    Experiment,
    Node,
    Opaque,
    Target,
    refusal,
)
from fairdd_core.data.distilled.layouts import experiments
from fairdd_core.zip_guard import Limits, open_zip, violations

SECONDS = 180
"""Until a reader that hangs is stopped; importing torch on a busy machine takes a while."""
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
_HINT = "Save tensors only: torch.save({'images': images.cpu(), 'labels': labels.cpu()}, FILE)."


def read(path: Path, target: Target) -> list[Experiment]:
    """Return the distilled sets in a file written by ``torch.save``.

    Labels in a file of their own beside it (``images_best.pt`` and ``labels_best.pt``) are found by name.

    Raises:
        UserError: when there are none, or the file holds more than numbers and text.
    """
    found = experiments(contents(path), target)
    beside = path.with_name(path.name.replace("images", "labels"))
    if beside == path or not beside.is_file() or any(one.labels is not None for one in found):
        return found
    labels = contents(beside)
    if not isinstance(labels, np.ndarray) or len(found) != 1:
        return found
    note = f"The labels are from {beside.name}."
    return [Experiment(found[0].name, found[0].images, labels, notes=(*found[0].notes, note))]


def contents(path: Path) -> Node:
    """Return what a file holds.

    Raises:
        UserError: when it cannot be read, or holds code or objects of Python.
    """
    _check_zip(path)
    with path.open("rb") as file:
        command = [sys.executable, "-I", "-W", "ignore", sandbox.__file__]
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        alone = {**kept, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        try:
            done = subprocess.run(
                command, stdin=file, capture_output=True, env=alone, cwd="/", timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise refusal("a file that can be read", "one that took too long", _HINT) from error
    if done.returncode:
        raise refusal("tensors, numbers and text only", _reason(done), _HINT)
    return _unpacked(done.stdout)


def _check_zip(path: Path) -> None:
    """Refuse a zip file that unpacks to far more than it is; other files are of older versions of torch."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with open_zip(path) as archive:
            broken = next(
                violations(archive.infolist(), Limits(sandbox.MAX_NODES, sandbox.MAX_BYTES, 200, 10**7)), None
            )
    except zipfile.BadZipFile as error:
        raise refusal("a file written by torch.save", f"a damaged one ({error})", _HINT) from error
    if broken:
        rule, name = broken
        raise refusal(
            "a file written by torch.save", f"a zip file with a forbidden {rule.name.lower()} {name}"
        )


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    text = done.stderr.decode(errors="replace").strip()
    if done.returncode == 3 and text:
        return text.splitlines()[-1]
    return f"one whose reader ended with {done.returncode}: too much memory or time, or a damaged file"


def _unpacked(content: bytes) -> Node:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        size = int.from_bytes(content[:8], "little")
        tree = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["tree"])
        return _node(tree, load(content))
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise refusal("a file written by torch.save", f"an unreadable one ({error})", _HINT) from error


def _node(tree: dict[str, Any], arrays: dict[str, np.ndarray]) -> Node:
    if "array" in tree:
        return arrays[str(tree["array"])]
    if "dict" in tree:
        return {name: _node(value, arrays) for name, value in tree["dict"]}
    if "list" in tree:
        return [_node(value, arrays) for value in tree["list"]]
    return Opaque(tree["opaque"]) if "opaque" in tree else tree.get("value")
