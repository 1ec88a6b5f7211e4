"""Distilled sets that were made elsewhere: kept in the workspace by content, and with every run of them.

A specification names a set by its digest. The workspace keeps what was added once, so that later runs and
other seeds find it; a run gets a copy when it is queued, so that its folder is complete.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from fairdd_core.config.spec.distill import EXTERNAL_MARK, ArmSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.distilled.read import DistilledSet
from fairdd_core.errors import UserError
from fairdd_core.files import read_arrays, write_arrays
from fairdd_core.runs.storage.class_order import order_doubts, seen_classes
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.text import one_line
from fairdd_core.workspace import Workspace

_ABOUT = "about"


def keep(workspace: Workspace, found: DistilledSet) -> str:
    """Keep a set in the workspace and return its digest.

    Raises:
        OSError: when it cannot be written.
    """
    workspace.create()
    path = _file(workspace, found.digest)
    write_arrays(path, {"x": found.x_NCHW, "y": found.y_N}, {_ABOUT: json.dumps(_origin(found))})
    return found.digest


def recall(workspace: Workspace, digest: str) -> DistilledSet:
    """Return a set that the workspace keeps.

    Raises:
        UserError: when it does not.
    """
    path = _file(workspace, digest)
    arrays, metadata = read_arrays(path)
    if not arrays:
        hint = "Add its file again: fairdd judge FILE."
        raise UserError("distill.arms.digest", "a distilled set that the workspace has", digest[:12], hint)
    return _made(arrays["x"], arrays["y"], _json(metadata.get(_ABOUT, "")))


def give(workspace: Workspace, spec: RunSpec, folder: RunFolder) -> None:
    """Copy the external sets of a specification from the workspace to the folder of a run.

    Raises:
        UserError: when the workspace lacks one.
    """
    sets = {arm.name: recall(workspace, arm.digest) for arm in spec.distill.arms if arm.external}
    if not sets:
        return
    arrays = {
        f"{name}/{part}": array
        for name, one in sets.items()
        for part, array in (("x", one.x_NCHW), ("y", one.y_N))
    }
    about = {name: _origin(one) for name, one in sets.items()}
    write_arrays(folder.external_file, arrays, {_ABOUT: json.dumps(about)})


def take(workspace: Workspace, folder: RunFolder) -> None:
    """Keep the external sets of a run, which may have been imported, in the workspace."""
    about = described(folder)
    for name, (x_NCHW, y_N) in folder.external().items():
        keep(workspace, _made(x_NCHW, y_N, about.get(name, {})))


def described(folder: RunFolder) -> dict[str, dict[str, Any]]:
    """Return what is known of the external sets of a run.

    Returns:
        arm -> ``digest``, ``source`` (a file), ``experiment``, ``statements`` on how the file was understood,
        the number of ``images``, and ``doubts`` about the order of the classes.
    """
    sets = folder.external()
    if not sets:
        return {}
    about = _json(read_arrays(folder.external_file)[1].get(_ABOUT, ""))
    seen, labels, found = seen_classes(folder), folder.labels(), {}
    for name, (x_NCHW, y_N) in sets.items():
        own = about.get(name)
        one = _made(x_NCHW, y_N, own if isinstance(own, dict) else {})
        found[name] = {
            "digest": one.digest,
            **_origin(one),
            "images": len(y_N),
            "doubts": order_doubts(seen[name], labels.classes) if labels and name in seen else [],
        }
    return found


def external_texts(folder: RunFolder) -> dict[str, tuple[str, list[str]]]:
    """Return what people are told of the external sets of a run: arm -> its origin, and doubts about it."""
    texts = {}
    for arm, about in described(folder).items():
        origin = " ".join(filter(None, (about["source"], about["experiment"]))) or "a file"
        how = " ".join(about["statements"])
        text = f"made elsewhere, read from {origin}, content {about['digest'][:12]}. {how}"
        texts[arm] = (text, about["doubts"])
    return texts


def external_arms(sets: Iterable[tuple[str, DistilledSet]], taken: Iterable[str] = ()) -> tuple[ArmSpec, ...]:
    """Return an arm for every set, with a name that no other arm has.

    Args:
        sets: wanted names, empty for that of the file, and the sets.
        taken: names of other arms.
    """
    names, arms = set(taken), []
    for wanted, one in sets:
        stem = wanted or " ".join(filter(None, (Path(one.source).stem, one.experiment)))
        tidy = re.sub(r"[^\w.\- ]", "-", stem, flags=re.ASCII).strip()[:60] or "set"
        name, number = f"{EXTERNAL_MARK}{tidy}", 2
        while name in names:
            name, number = f"{EXTERNAL_MARK}{tidy} {number}", number + 1
        names.add(name)
        arms.append(ArmSpec(name=name, alignment="external", digest=one.digest))
    return tuple(arms)


def _file(workspace: Workspace, digest: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise UserError("distill.arms.digest", "a SHA-256 in hexadecimal digits", repr(digest[:80]))
    return workspace.external / f"{digest}.safetensors"


def _origin(one: DistilledSet) -> dict[str, Any]:
    """Return where a set is from and how its file was understood."""
    return {"source": one.source, "experiment": one.experiment, "statements": list(one.statements)}


def _json(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _made(x_NCHW: np.ndarray, y_N: np.ndarray, about: dict[str, Any]) -> DistilledSet:
    """Return a set; what is said of it may come from elsewhere."""
    words = about.get("statements")
    statements = tuple(one_line(word)[:500] for word in words[:20]) if isinstance(words, list) else ()
    source, experiment = (one_line(about.get(name, ""))[:200] for name in ("source", "experiment"))
    return DistilledSet(x_NCHW, y_N, source, experiment, statements)
