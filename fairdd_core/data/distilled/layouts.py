"""The layouts in which published code keeps distilled sets: content of a file -> experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fairdd_core.data.distilled.contents import Experiment, Node, Opaque, Target, outline, refusal
from fairdd_core.data.grouped import Normalisation

IMAGES = ("images", "image", "x", "data", "syn_images", "image_syn", "images_syn", "imgs", "x_train")
LABELS = ("labels", "label", "y", "targets", "target", "syn_labels", "label_syn", "labels_syn", "y_train")
STEP_SIZES = ("lr", "syn_lr", "lr_net", "step_size", "learned_lr", "lrs")
_LAYOUTS = (
    "{'data': [[images, labels], …]}, [images, labels], {'images': …, 'labels': …}, or arrays NAME/x and "
    "NAME/y"
)


def experiments(content: Node, target: Target) -> list[Experiment]:
    """Return the distilled sets in a file.

    Raises:
        UserError: when none is found, with what the file holds.
    """
    found = _found(content, target)
    if not found:
        hint = "Save it again in one of these layouts."
        raise refusal(f"synthetic images as {_LAYOUTS}", outline(content), hint)
    return [replace(found[0], name="")] if len(found) == 1 else found


def _found(node: Node, target: Target, name: str = "") -> list[Experiment]:
    match node:
        case np.ndarray():
            return [Experiment(name, node)] if _is_images(node) else []
        case list():
            return _in_list(node, target, name)
        case dict():
            return _in_dict(node, target, name)
    return []


def _in_list(parts: Sequence[Node], target: Target, name: str) -> list[Experiment]:
    if 2 <= len(parts) <= 3 and _is_images(parts[0]) and _is_labels(parts[1]):
        images, labels = parts[:2]
        assert isinstance(images, np.ndarray) and isinstance(labels, np.ndarray)
        return [Experiment(name, images, labels, notes=_step_size(parts[2:]))]
    if len(parts) == target.classes and all(map(_is_images, parts)):
        return [_by_class(name, [part for part in parts if isinstance(part, np.ndarray)])]
    nested = [part for part in parts if isinstance(part, list | dict)]
    if not nested or len(nested) != len(parts):
        return []
    return [one for i, part in enumerate(parts) for one in _found(part, target, _joined(name, str(i + 1)))]


def _in_dict(parts: Mapping[str, Node], target: Target, name: str) -> list[Experiment]:
    lower = {key.lower(): value for key, value in parts.items()}
    notes = _step_size([lower[key] for key in STEP_SIZES if key in lower])
    stated = _normalisation(lower)
    images, labels = _first(lower, IMAGES), _first(lower, LABELS)
    if _is_images(images):
        assert isinstance(images, np.ndarray)
        kept = labels if isinstance(labels, np.ndarray) else None
        return [Experiment(name, images, kept, stated, notes)]
    if isinstance(images, list | dict):
        found = _found(images, target, name)
        return [replace(one, normalisation=stated, notes=(*one.notes, *notes)) for one in found]
    if paired := _pairs(parts, name, stated):
        return paired
    if sorted(parts) == sorted(map(str, range(target.classes))) and all(map(_is_images, parts.values())):
        of_class = (parts[str(c)] for c in range(target.classes))
        return [_by_class(name, [part for part in of_class if isinstance(part, np.ndarray)])]
    nested = {key: value for key, value in parts.items() if isinstance(value, list | dict)}
    return [one for key, value in nested.items() for one in _found(value, target, _joined(name, key))]


def _pairs(parts: Mapping[str, Node], name: str, stated: Normalisation | None) -> list[Experiment]:
    """Return what is kept as ``NAME/x`` and ``NAME/y``, as in the files of a run."""
    found = []
    for key, images in parts.items():
        prefix, slash, kind = key.rpartition("/")
        if slash and kind.lower() in IMAGES and isinstance(images, np.ndarray) and _is_images(images):
            labels = _first({k.removeprefix(f"{prefix}/").lower(): v for k, v in parts.items()
                             if k.startswith(f"{prefix}/")}, LABELS)  # fmt: skip
            kept = labels if isinstance(labels, np.ndarray) else None
            found.append(Experiment(_joined(name, prefix), images, kept, stated))
    return found


def _by_class(name: str, images: Sequence[np.ndarray]) -> Experiment:
    labels = np.repeat(np.arange(len(images)), [len(part) for part in images])
    return Experiment(name, np.concatenate(images), labels)


def _first(parts: Mapping[str, Node], names: Sequence[str]) -> Node:
    return next((parts[name] for name in names if name in parts), None)


def _joined(outer: str, inner: str) -> str:
    return f"{outer}/{inner}" if outer else inner


def _is_images(node: Node) -> bool:
    return isinstance(node, np.ndarray) and 3 <= node.ndim <= 5 and node.size > 0


def _is_labels(node: Node) -> bool:
    return isinstance(node, np.ndarray) and 1 <= node.ndim <= 2


def _normalisation(parts: Mapping[str, Node]) -> Normalisation | None:
    mean, std = (_channels(parts.get(name)) for name in ("mean", "std"))
    return Normalisation(mean, std) if mean and std and min(std) > 0 else None


def _channels(node: Node) -> tuple[float, ...] | None:
    if isinstance(node, np.ndarray):
        node = [float(value) for value in node.ravel()[:4]]
    numbers = node if isinstance(node, list) else [node]
    values = [float(v) for v in numbers if isinstance(v, int | float) and np.isfinite(v)]
    if len(values) != len(numbers) or len(values) not in {1, 3}:
        return None
    return tuple(values * 3) if len(values) == 1 else tuple(values)


def _step_size(nodes: Sequence[Node]) -> tuple[str, ...]:
    """Return a remark where a file keeps a learned step size."""
    if not [node for node in nodes if node is not None and not isinstance(node, Opaque)]:
        return ()
    return (
        "The file also has a learned step size. It is not used: all sets are tested by the same training.",
    )
