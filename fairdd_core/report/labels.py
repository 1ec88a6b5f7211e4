"""Names of the classes and groups of a run."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from fairdd_core.data.card import Labels
from fairdd_core.data.registry import card_of
from fairdd_core.errors import UserError
from fairdd_core.files import DamagedFile
from fairdd_core.runs.storage.folder import RunFolder


def labels_of(folder: RunFolder, data_dir: Path) -> Labels:
    """Return the names that a run has saved, else those of its data set, else numbers.

    Args:
        folder: of the run.
        data_dir: folder with the custom data sets.
    """
    spec, shape = folder.spec(), None
    with suppress(DamagedFile):  # reported where the counts are shown
        shape = next(((c.shape[-1], c.shape[1]) for c in folder.counts().values()), None)
    try:
        known = [folder.labels(), card_of(spec.data.dataset, data_dir).labels(spec.data)]
    except UserError:
        known = [folder.labels()]
    for labels in known:
        if labels and shape in {None, (len(labels.classes), len(labels.groups))}:
            return labels
    classes, groups = shape or (10, spec.data.groups)
    return Labels(tuple(map(str, range(classes))), tuple(f"group {g + 1}" for g in range(groups)))
