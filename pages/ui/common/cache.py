"""What is read from files once, and again when they have changed: data sets, images, results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from fairdd_core.analysis.class_gaps import class_gap_table
from fairdd_core.analysis.differences import difference_table
from fairdd_core.analysis.results import results_table
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.grouped import GroupedDataset, Split
from fairdd_core.data.registry import card_of, load
from fairdd_core.errors import UserError
from fairdd_core.events import Nearest
from fairdd_core.files import DamagedFile
from fairdd_core.plots.images import data_uri, grid_png
from fairdd_core.report.tables import ordered_counts, run_results
from fairdd_core.rng import numpy_stream
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.identity import CHANGED, data_of, differ
from fairdd_core.runs.storage.pairs import arm_pairs
from fairdd_core.runs.storage.predictions import arm_samples
from fairdd_core.workspace import Workspace
from pages.ui.common.errors import escape_markdown, show_damage

if TYPE_CHECKING:
    from pages.ui.common.runs import RunView

P = ParamSpec("P")
T = TypeVar("T")
THUMBNAIL_CLASSES, THUMBNAIL_ARMS = 10, 4
DIFFERENCES = ("accuracy", "deo_mean", "deo_max")
"""The metrics of which differences are shown."""
RESAMPLES = 400
"""Draws behind the intervals of differences and of the gaps of classes."""


def stamp(*files: Path) -> tuple[int, ...]:
    """Return when each file or folder was last changed, in nanoseconds; 0 for one that is absent."""

    def changed(file: Path) -> int:
        try:
            return file.stat().st_mtime_ns
        except OSError:
            return 0

    return tuple(map(changed, files))


def cached(files: Callable[P, Iterable[Path]], size: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Cache a function of hashable positional arguments until one of ``files(*arguments)`` changes.

    All callers share the value, so none may change it.

    Args:
        files: the files that the function reads.
        size: number of values that are kept.
    """

    def decorate(read: Callable[P, T]) -> Callable[P, T]:
        @lru_cache(maxsize=size)
        def kept(stamps: tuple[int, ...], *args: Any, **named: Any) -> T:
            return read(*args, **named)

        @wraps(read)
        def current(*args: P.args, **named: P.kwargs) -> T:
            return kept(stamp(*files(*args, **named)), *args, **named)  # type: ignore[arg-type]  # hashable

        return current

    return decorate


def data_files(spec: DataSpec, data_dir: Path) -> list[Path]:
    """Return the files and folders of a data set."""
    card = card_of(spec.dataset, data_dir)
    files = [data_dir / file.path for file in card.files]
    return files if (images := card.unverified(data_dir)) is None else [*files, images]


def split_of(spec: DataSpec, seed: int) -> Split:
    """Load and bias a data set.

    Args:
        spec: which one, and how biased.
        seed: of the run.

    Raises:
        UserError: unknown name, settings that it cannot have, or missing files.
        OSError: files that cannot be read.
    """
    return _split(spec, seed, Workspace.default().data)


@cached(lambda spec, seed, data_dir: data_files(spec, data_dir), size=4)
def _split(spec: DataSpec, seed: int, data_dir: Path) -> Split:
    with st.spinner("Loading the data…"):
        return load(spec, seed, data_dir)


def _split_or_why(view: RunView, which: str) -> tuple[Split | None, str]:
    try:
        split = split_of(view.spec.data, view.spec.seed)
    except (UserError, OSError) as error:
        return None, f"The {which} images cannot be shown. {escape_markdown(error)}"
    if differ(split.content, data_of_run(view.folder.path)):
        return None, f"The {which} images are not shown: {CHANGED}."
    return split, ""


def test_set_of(view: RunView) -> tuple[GroupedDataset | None, str]:
    """Return the test set of a run; or None, and a sentence why its images cannot be shown."""
    split, why = _split_or_why(view, "test")
    return (None if split is None else split.test), why


def training_set_of(view: RunView) -> tuple[GroupedDataset | None, str]:
    """Return the training set of a run; or None, and a sentence why its images cannot be shown.

    It is checked against the points of the run's maps, for the files may have changed since.
    """
    split, why = _split_or_why(view, "real")
    if split is None:
        return None, why
    file = view.folder.points_file
    if file.exists() and not _agrees(view.spec.data, view.spec.seed, Workspace.default().data, file):
        return None, f"The real images are not shown: {CHANGED}."
    return split.train, ""


@cached(lambda spec, seed, data_dir, file: [*data_files(spec, data_dir), file], size=32)
def _agrees(spec: DataSpec, seed: int, data_dir: Path, file: Path) -> bool:
    """Return whether the real images among a run's points have the class and group that the run recorded."""
    train, points = _split(spec, seed, data_dir).train, RunFolder(file.parent).points()
    assert points is not None
    real = points[points["kind"] == "real"]
    rows, class_N, group_N = (real[name].to_numpy(int) for name in ("index", "class_id", "group_id"))
    if len(rows) and rows.max() >= len(train):
        return False
    column_N = np.where(group_N < 0, train.num_groups, group_N)
    return bool((train.y_N[rows] == class_N).all() and (train.column_N[rows] == column_N).all())


@cached(lambda path: [RunFolder(path).synthetic_file], size=4)
def pictures_of(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return ``RunFolder.pictures`` of the run in a folder."""
    return RunFolder(path).pictures()


@cached(lambda path: [RunFolder(path).nearest_file], size=4)
def nearest_of(path: Path) -> dict[str, Nearest]:
    """Return ``RunFolder.nearest`` of the run in a folder."""
    return RunFolder(path).nearest()


@dataclass(frozen=True)
class Thumbnail:
    """A row per arm, an image per class.

    Attributes:
        source: ``data:`` URI; empty when there are no images yet.
        arms: names of the arms, one per row.
        iteration: after which the images were taken.
    """

    source: str = ""
    arms: tuple[str, ...] = ()
    iteration: int = 0


def thumbnail_of(folder: RunFolder, arms: Sequence[str]) -> Thumbnail:
    """Return the latest images of a run, one per class, of its first few arms."""
    iterations = folder.snapshot_iterations()
    if not iterations:
        return Thumbnail()
    return _thumbnail(folder.path, iterations[-1], tuple(arms[:THUMBNAIL_ARMS]))


@cached(lambda path, iteration, arms: [RunFolder(path).snapshot_file(iteration)], size=512)
def _thumbnail(path: Path, iteration: int, arms: tuple[str, ...]) -> Thumbnail:
    try:
        images = RunFolder(path).snapshot(iteration)
    except Exception:  # a damaged file has as many exceptions as formats; the list must stand
        return Thumbnail()
    shown = tuple(arm for arm in arms if arm in images)
    rows = [images[arm][:THUMBNAIL_CLASSES, 0] for arm in shown]
    if not rows or len({row.shape for row in rows}) > 1:
        return Thumbnail()
    return Thumbnail(data_uri(grid_png(np.stack(rows), 240)), shown, iteration)


@cached(lambda path: [RunFolder(path).external_file], size=64)
def external_labels(path: Path) -> dict[str, np.ndarray]:
    """Return the labels of the sets that were made elsewhere, by arm, of the run in a folder."""
    return {arm: y_N for arm, (_, y_N) in RunFolder(path).external().items()}


@cached(lambda path: [RunFolder(path).result_file, RunFolder(path).events_file], size=256)
def data_of_run(path: Path) -> str:
    """Return the digest of the data of the run in a folder (see ``identity.data_of``)."""
    return data_of(RunFolder(path))


def counted(path: Path) -> list[Path]:
    """Return the files of the run in a folder from which results are computed."""
    folder = RunFolder(path)
    return [folder.counts_file, folder.answers_file]


def results_of(view: RunView, architecture: str) -> pd.DataFrame:
    """Return ``results_table`` of a run; from its counts alone where its result document is damaged."""
    try:
        return run_results(view.folder, architecture)
    except DamagedFile as error:
        show_damage(view, error)
        return results_table(None, ordered_counts(view.folder, architecture))


@cached(lambda path, architecture, classes: counted(path), size=16)
def class_gaps_of(path: Path, architecture: str, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return ``class_gap_table`` of every arm and baseline of the run in a folder; shared, do not modify."""
    folder = RunFolder(path)
    with st.spinner("Resampling test images …"):
        samples = {
            arm: arm_samples(folder, arm, architecture) for arm in ordered_counts(folder, architecture)
        }
        return class_gap_table(samples, classes, RESAMPLES, partial(numpy_stream, 0, "classes", path.name))


@cached(lambda path, architecture, reference: counted(path), size=32)
def method_differences(path: Path, architecture: str, reference: str) -> pd.DataFrame:
    """Return how much every arm and baseline of the run in a folder differs from ``reference``.

    Returns:
        ``analysis.differences.difference_table`` with an empty column ``run``; shared, do not modify.
    """
    folder = RunFolder(path)
    counts = ordered_counts(folder, architecture)
    others = {arm: counts[arm] for arm in counts if arm != reference}
    with st.spinner("Resampling test images and networks …"):
        pairs = {arm: arm_pairs((folder, arm), (folder, reference), architecture) for arm in others}
        table = difference_table(
            others,
            dict.fromkeys(others, counts[reference]),
            DIFFERENCES,
            partial(numpy_stream, 0, "methods", path.name, reference),
            RESAMPLES,
            paired=True,
            pairs=pairs,
        )
    return table.assign(run="")
