"""Which runs of the list are repeats of one another. No Streamlit here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from fairdd_core.runs.storage.repeats import Member
from pages.ui.common.runs import Row, store


def repeat_labels(rows: Iterable[Row]) -> dict[str, str]:
    """Return a label for every run that has repeats with other seeds, such as ``seed 4: repeat 2 of 3``."""
    keys = {row.id: Member(row.id, store().folder(row.id)).key for row in rows if row.spec is not None}
    seeds = defaultdict[str, set[int]](set)
    for key in filter(None, keys.values()):
        seeds[key[0]].add(key[1])
    labels = {}
    for run, one in keys.items():
        if one is not None and len(every := sorted(seeds[one[0]])) > 1:
            labels[run] = f"seed {one[1]}: repeat {every.index(one[1]) + 1} of {len(every)}"
    return labels
