"""Whether the classes of a set that was made elsewhere are in the order of the data set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.units import counted

CLEAR = 0.5
"""Share of a class's images that must look like another class before the order is doubted."""


def seen_classes(folder: RunFolder) -> dict[str, np.ndarray]:
    """Return the classes that a network trained on the real data sees in the external sets of a run.

    Returns:
        arm -> number of images by class of the set and class seen, int64 (C, C); none before they were shown
        to it, and for a run without such a network.
    """
    found = {}
    for event in folder.events()[0]:
        if event["event"] == "classesseen":
            counts_CC = np.array(event["counts"], np.int64)
            if counts_CC.ndim == 2 and counts_CC.shape[0] == counts_CC.shape[1]:
                found[event["arm"]] = counts_CC
    return found


def order_doubts(counts_CC: np.ndarray, class_names: Sequence[str]) -> list[str]:
    """Return a sentence for every class most of whose images look like another one, and a likely order.

    Args:
        counts_CC: images by class of the set and class seen.
        class_names: in index order.
    """
    total_C = counts_CC.sum(axis=1)
    seen_C, classes = counts_CC.argmax(axis=1).tolist(), range(len(counts_CC))
    doubted = [c for c in classes if seen_C[c] != c and counts_CC[c].max() > CLEAR * total_C[c]]
    if len(class_names) != len(classes):
        return []
    texts = []
    for c in doubted:
        like, share = (
            class_names[seen_C[c]],
            f"{counts_CC[c, seen_C[c]]} of {counted(int(total_C[c]), 'image')}",
        )
        text = f"Class {class_names[c]} looks like {like} to a network trained on the real data, in {share}"
        texts.append(f"{text}: is the order of the classes right?")
    if doubted and len(set(seen_C)) == len(classes):
        order = ",".join(map(str, seen_C))
        texts.append(f"With the classes in the order {order} (--class-order), all look like themselves.")
    return texts
