"""From a file of synthetic images made elsewhere to a set that can be tested. Formats are entered here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from fairdd_core.data.card import DatasetCard
from fairdd_core.data.distilled import array_files, pictures, torch_file
from fairdd_core.data.distilled.contents import MAX_IMAGES, Experiment, Target, refusal
from fairdd_core.data.distilled.sandbox import MAX_BYTES
from fairdd_core.data.distilled.values import Range, understand
from fairdd_core.text import one_line

Reader = Callable[[Path, Target], list[Experiment]]
FORMATS: dict[str, Reader] = {
    ".safetensors": array_files.read_safetensors,
    ".npz": array_files.read_npz,
    ".pt": torch_file.read,
    ".pth": torch_file.read,
    ".png": pictures.read_grid,
    ".zip": pictures.read_folder,
}
"""Ending -> reader. A folder is read as a zip file of it."""
ALL = "all"
"""Stands for every experiment of a file."""
USUAL_NORMALISATIONS = {"colored-": "half", "cifar10": "cifar10"}
"""Beginning of a data set's name -> normalisation that FairDD's and COBRA's code use on it."""


@dataclass(frozen=True)
class Reading:
    """What somebody says about a file; what is empty is guessed.

    Attributes:
        value_range: see ``values.understand``.
        normalisation: see ``values.understand``.
        experiment: name of the one to take, or ``all``.
        hard_labels: whether soft labels may be replaced by their largest share.
        order: of the classes in the file: ``order[i]`` is the class that the file counts as i.
    """

    value_range: Range = ""
    normalisation: str = ""
    experiment: str = ""
    hard_labels: bool = False
    order: tuple[int, ...] = ()


@dataclass(frozen=True)
class DistilledSet:
    """Synthetic images that were made elsewhere, ordered by class.

    Attributes:
        x_NCHW: float32 RGB levels in units of [0, 1]; they may lie beyond.
        y_N: int64 class indices.
        source: file that they are from.
        experiment: its name in the file; empty where there is just one.
        statements: sentences on how the file was understood.
    """

    x_NCHW: np.ndarray
    y_N: np.ndarray
    source: str = ""
    experiment: str = ""
    statements: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of images and labels."""
        digest = hashlib.sha256(f"{self.x_NCHW.shape}\n".encode())
        digest.update(self.y_N.astype("<i8").tobytes())
        digest.update(np.ascontiguousarray(self.x_NCHW, "<f4").tobytes())
        return digest.hexdigest()


def target_of(card: DatasetCard, class_names: tuple[str, ...], dataset: str = "") -> Target:
    """Return what a distilled set must fit.

    Args:
        card: of the data set.
        class_names: of the specification, in index order.
        dataset: name of the data set in the registry.
    """
    usual = next((v for start, v in USUAL_NORMALISATIONS.items() if dataset.startswith(start)), "")
    return Target(class_names, card.side, card.title, usual)


def read_distilled(path: Path, target: Target, reading: Reading | None = None) -> list[DistilledSet]:
    """Return the distilled sets of a file: one, or all that were asked for.

    Nothing in the file is executed and nothing is written.

    Raises:
        UserError: with what was expected, what came, and what to do.
    """
    reading = reading or Reading()
    reader = pictures.read_folder if path.is_dir() else FORMATS.get(path.suffix.lower())
    if reader is None:
        raise refusal(f"a folder or a file that ends in {', '.join(FORMATS)}", path.name)
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise refusal(f"a file of at most {MAX_BYTES // 10**6} MB", "a larger one")
        found = reader(path, target)
    except OSError as error:
        raise refusal("a file that can be read", f"{path.name} ({error.strerror or error})") from error
    return [_understood(one, path.name, target, reading) for one in _chosen(found, reading.experiment)]


def _chosen(found: list[Experiment], name: str) -> list[Experiment]:
    names = [one.name for one in found]
    if name == ALL or (len(found) == 1 and not name):
        return found
    if name in names:
        return [found[names.index(name)]]
    listed = ", ".join(names[:20]) if any(names) else "one without a name"
    hint = "" if name else f"Name one of them (on the command line: --experiment {names[0]}), or {ALL}."
    raise refusal(f"an experiment that the file has: {listed}", repr(name) if name else "none named", hint)


def _understood(one: Experiment, source: str, target: Target, reading: Reading) -> DistilledSet:
    x_NCHW, layout = as_images(one.images, target)
    labels_N, said = as_labels(one.labels, len(x_NCHW), target, reading)
    values = understand(
        x_NCHW,
        stated=one.normalisation,
        value_range=reading.value_range,
        normalisation=reading.normalisation,
        usual=target.normalisation,
    )
    levels = values.normalisation.to_levels(x_NCHW.astype(np.float32))
    order_N = np.argsort(labels_N, kind="stable")
    statements = tuple(one_line(text) for text in (*one.notes, *layout, *said, values.statement))
    return DistilledSet(levels[order_N], labels_N[order_N], source, one.name, statements)


def as_images(images: np.ndarray, target: Target) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return stored images as (N, 3, H, W), and what was done to them.

    Raises:
        UserError: when they are not images of the data set's size.
    """
    notes = []
    if images.dtype.kind == "b":
        images = images.astype(np.uint8)
    if images.ndim == 5 and len(images) == target.classes:
        images = images.reshape(-1, *images.shape[2:])
    if images.ndim == 3:
        images = images[:, None]
    if images.ndim == 4 and images.shape[1] not in {1, 3} and images.shape[3] in {1, 3}:
        images = images.transpose(0, 3, 1, 2)
        notes.append("The channels come last in the file.")
    side, shape = target.side, "×".join(map(str, images.shape))
    expected = f"images of {side}×{side} pixels with 1 or 3 channels, for {target.title}"
    if images.ndim != 4 or images.shape[1] not in {1, 3}:
        raise refusal(expected, f"an array {shape}")
    if images.shape[2:] != (side, side):
        hint = "Choose the data set that they were made for, or pad or resize them as its images are."
        raise refusal(expected, f"images of {images.shape[3]}×{images.shape[2]} pixels", hint)
    if len(images) > MAX_IMAGES:
        raise refusal(f"at most {MAX_IMAGES:,} images", f"{len(images):,}")
    if images.shape[1] == 1:
        images = images.repeat(3, axis=1)
        notes.append("The images are grey; all three channels get the same levels.")
    return images, tuple(notes)


def as_labels(
    labels: np.ndarray | None, images: int, target: Target, reading: Reading
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the class of every image, int64 (N,), and what was assumed.

    Raises:
        UserError: for soft labels, labels out of range, or a class without images.
    """
    classes, notes = target.classes, []
    if labels is None:
        if images % classes:
            hint = "Save labels with them."
            raise refusal(
                f"labels, or equally many images of each of {classes} classes", f"{images} images", hint
            )
        labels = np.repeat(np.arange(classes), images // classes)
        notes.append(
            f"The file has no labels: {images // classes} images of each class, in order, are assumed."
        )
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2:
        labels, note = _hard(labels, classes, reading.hard_labels)
        notes += note
    if labels.shape != (images,):
        raise refusal("as many labels as images", f"{len(labels)} labels for {images} images")
    whole = np.rint(np.nan_to_num(labels.astype(np.float64), nan=-1, posinf=-1, neginf=-1))
    if not np.array_equal(whole, labels):
        raise refusal("whole numbers as labels", "fractions")
    y_N = whole.astype(np.int64)
    if y_N.min() == 1 and y_N.max() == classes:
        y_N = y_N - 1
        notes.append("The labels count from 1.")
    if y_N.min() < 0 or y_N.max() >= classes:
        got = f"{y_N.min()} to {y_N.max()}"
        raise refusal(f"labels from 0 to {classes - 1}, for {target.title}", got, "Choose another data set.")
    if absent := [target.class_names[c] for c in range(classes) if not (y_N == c).any()]:
        raise refusal(f"images of all {classes} classes of {target.title}", f"none of {', '.join(absent)}")
    return _reordered(y_N, classes, reading.order, notes)


def _reordered(
    y_N: np.ndarray, classes: int, order: tuple[int, ...], notes: list[str]
) -> tuple[np.ndarray, tuple[str, ...]]:
    if order:
        if sorted(order) != list(range(classes)):
            expected = f"every class from 0 to {classes - 1} once"
            raise refusal(
                expected, ", ".join(map(str, order)), "It says which class the file counts as 0, 1, …"
            )
        y_N = np.asarray(order, np.int64)[y_N]
        notes = [*notes, f"The classes of the file are taken in the order {', '.join(map(str, order))}."]
    per_class = np.bincount(y_N, minlength=classes)
    low, high = per_class.min(), per_class.max()
    count = f"{low}" if low == high else f"{low} to {high}"
    return y_N, (*notes, f"{len(y_N)} images, {count} of each class.")


def _hard(labels: np.ndarray, classes: int, allowed: bool) -> tuple[np.ndarray, list[str]]:
    """Return the class of each image from a row of shares."""
    if labels.shape[1] != classes:
        raise refusal(f"labels of {classes} classes", f"of {labels.shape[1]}", "Choose another data set.")
    if not np.isfinite(labels).all():
        raise refusal("finite labels", "infinite or undefined ones")
    hard = labels.argmax(axis=1)
    if np.array_equal(labels, np.eye(classes)[hard]):
        return hard, []
    if not allowed:
        hint = (
            "With hard labels (--hard-labels), the class with the largest share counts; results then differ."
        )
        got = "soft ones, which need the training that they were learned for"
        raise refusal("one class for each image", got, hint)
    return hard, ["The labels are soft; each image counts for the class with the largest share."]
