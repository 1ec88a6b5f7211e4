"""The sizes of data sets, kept in the workspace: reading one to count its images can take seconds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fairdd_core.config.cost import DataSize
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.grouped import Split
from fairdd_core.data.registry import card_of, load
from fairdd_core.errors import UserError
from fairdd_core.files import DamagedFile, read_json, write_json
from fairdd_core.workspace import Workspace

_SIZE = TypeAdapter(DataSize)
_BIAS = ("skew", "separation", "label_noise", "known_share", "rendering")
"""Settings of the data that change its size little or not at all."""


def size_of(workspace: Workspace, spec: RunSpec, read: Callable[[], Split] | None = None) -> DataSize:
    """Return the size of a run's data, which is read unless that was done before.

    Args:
        workspace: where sizes are kept.
        spec: of the run.
        read: returns the data, where somebody may have it already.

    Raises:
        UserError: when the data set is unknown or its files are missing.
        OSError: when its files cannot be read.
    """
    exact = _key(workspace, spec, ())
    if (found := _read(workspace, exact)) is None:
        found = DataSize.of(read() if read else load(spec.data, spec.seed, workspace.data))
        workspace.create()
        workspace.speeds.mkdir(exist_ok=True)
        for key in (exact, _key(workspace, spec, _BIAS)):
            write_json(_file(workspace, key), asdict(found))
    return found


def known_size(workspace: Workspace, spec: RunSpec) -> DataSize | None:
    """Return about the size of a run's data without reading files; None where nobody has read them yet.

    It may be that of the same data set with another bias.
    """
    try:
        found = _read(workspace, _key(workspace, spec, ())) or _read(workspace, _key(workspace, spec, _BIAS))
        if found is None and not card_of(spec.data.dataset, workspace.data).files:
            return size_of(workspace, spec)
        return found
    except UserError:
        return None


def _key(workspace: Workspace, spec: RunSpec, left_out: tuple[str, ...]) -> str:
    """Return a digest of what the size depends on: the settings of the data, and the set as it is today."""
    card = card_of(spec.data.dataset, workspace.data)
    data = spec.data.model_dump(mode="json", exclude=set(left_out))
    seed = None if left_out else spec.seed
    document: Mapping[str, Any] = {"data": data, "seed": seed, "card": [card.size, card.side]}
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:32]


def _read(workspace: Workspace, key: str) -> DataSize | None:
    try:
        document = read_json(_file(workspace, key))
        return None if document is None else _SIZE.validate_python(document)
    except (DamagedFile, OSError, ValidationError):
        return None


def _file(workspace: Workspace, key: str) -> Path:
    return workspace.speeds / "sizes" / f"{key}.json"
