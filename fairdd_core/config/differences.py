"""Which fields of several specifications differ, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]
ABSENT = None
"""What a document has for a field that it lacks."""


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
