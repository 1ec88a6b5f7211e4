"""Which fields of several specifications differ, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]
ABSENT = None
"""What a document has for a field that it lacks."""

TITLES: dict[str, str] = {
    "preset": "Preset",
    "data.dataset": "Data set",
    "data.groups": "Groups",
    "data.skew": "Skew",
    "data.separation": "Separation",
    "distill.arms": "Methods",
    "distill.backbone": "Distillation method",
    "distill.matching": "Matching distance",
    "distill.ipc": "Images per class",
    "distill.iterations": "Iterations",
    "distill.lr": "Step size of the images",
    "distill.lr_decay": "Share of the iterations with a falling step",
    "distill.init": "Starting images",
    "distill.augmentation": "Augmentation",
    "distill.network.width": "Width of the matching network",
    "distill.schedule.pairs": "Target bank",
    "distill.schedule.samples": "Real images per cell",
    "evaluation.networks": "Test networks",
    "evaluation.epochs": "Training epochs",
    "evaluation.lr": "Step size of training",
    "evaluation.network.name": "Test network",
    "evaluation.network.width": "Width of the test network",
    "embedding.umap": "UMAP map",
    "seed": "Seed",
    "device": "Device",
}
"""Names for people; a field without one is called by its path."""


def differing(documents: Sequence[Document]) -> dict[str, list[Any]]:
    """Return the fields that are not the same in all documents, with the value of each document.

    Args:
        documents: specifications as dictionaries, ``RunSpec.model_dump(mode="json")``.

    Returns:
        Dotted path -> a value for each document, ``ABSENT`` where it has no such field; in the order of the
        first document that has it. Lists are compared as wholes.
    """
    flat = [dict(_leaves(document)) for document in documents]
    paths = dict.fromkeys(path for leaves in flat for path in leaves)
    values = {path: [leaves.get(path, ABSENT) for leaves in flat] for path in paths}
    return {path: row for path, row in values.items() if any(value != row[0] for value in row)}


def _leaves(document: Document, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{path}.")
        else:
            yield path, value


def title_of_field(path: str) -> str:
    """Return the name of a field for people."""
    if path in TITLES:
        return TITLES[path]
    return path.replace("_", " ").replace(".", ": ").capitalize()


def same_test(one: Document, other: Document) -> bool:
    """Return whether two specifications test on the same images with networks that start alike.

    Then network k of one can be compared with network k of the other. The skew is that of the training data,
    so it may differ.
    """
    return all(_test_of(one)[name] == _test_of(other)[name] for name in ("data", "seed", "evaluation"))


def _test_of(document: Document) -> dict[str, Any]:
    data = {name: value for name, value in document["data"].items() if name != "skew"}
    network = document["evaluation"]["network"]
    return {"data": data, "seed": document["seed"], "evaluation": network}
