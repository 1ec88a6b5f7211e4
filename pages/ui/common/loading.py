"""The images of a data set and of a run, loaded once for everything that shows them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.card import DatasetCard
from fairdd_core.data.grouped import GroupedDataset, Split
from fairdd_core.data.registry import card_of, load
from fairdd_core.errors import UserError
from fairdd_core.events import Nearest
from fairdd_core.files import read_table
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.workspace import Workspace
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import RunView


def split_of(spec: DataSpec, seed: int) -> Split:
    """Load and bias a data set, or take the one that was loaded for the same wish before.

    Args:
        spec: which one, and how biased.
        seed: of the run.

    Raises:
        UserError: unknown name, settings that it cannot have, or missing files.
        OSError: files that cannot be read.
    """
    return _load(*_wish(spec, seed))


def _wish(spec: DataSpec, seed: int) -> tuple[str, int, str, float]:
    """Return what decides how a loaded data set is."""
    data_dir = Workspace.default().data
    stamp = stamp_of(card_of(spec.dataset, data_dir), data_dir)
    return spec.model_dump_json(), seed, str(data_dir), stamp


def stamp_of(card: DatasetCard, data_dir: Path) -> float:
    """Return the time of the last change of a data set's files and folders, so that new ones are seen."""
    places = (data_dir / file.path for file in card.files)
    return max((place.stat().st_mtime for place in places if place.exists()), default=0.0)


@st.cache_resource(max_entries=4, show_spinner="Loading the data…")
def _load(spec_json: str, seed: int, data_dir: str, stamp: float) -> Split:
    return load(DataSpec.model_validate_json(spec_json), seed, Path(data_dir))


def _split_or_why(view: RunView, which: str) -> tuple[Split | None, str]:
    try:
        return split_of(view.spec.data, view.spec.seed), ""
    except (UserError, OSError) as error:
        return None, f"The {which} images cannot be shown. {escape_markdown(error)}"


def test_set_of(view: RunView) -> tuple[GroupedDataset | None, str]:
    """Return the test set of a run; or None, with a sentence why its images cannot be shown."""
    split, why = _split_or_why(view, "test")
    return (None if split is None else split.test), why


def training_set_of(view: RunView) -> tuple[GroupedDataset | None, str]:
    """Return the training set of a run; or None, with a sentence why its images cannot be shown.

    The set is checked against the points of the run's maps, for the files may have changed since.
    """
    split, why = _split_or_why(view, "real")
    if split is None:
        return None, why
    train = split.train
    file, wish = view.folder.points_file, _wish(view.spec.data, view.spec.seed)
    if file.exists() and not _agrees(train, wish, str(file), file.stat().st_mtime):
        return None, "The real images are not shown: the data set is no longer the one of this run."
    return train, ""


@st.cache_data(max_entries=32, show_spinner=False)
def _agrees(
    _train: GroupedDataset, wish: tuple[str, int, str, float], points_file: str, stamp: float
) -> bool:
    """Return whether the rows that a run has noted are of the class and group that it says."""
    train = _train  # the wish stands for it in the cache
    points = read_table(Path(points_file))
    assert points is not None
    real = points[points["kind"] == "real"]
    rows, class_N, group_N = (real[name].to_numpy(int) for name in ("index", "class_id", "group_id"))
    if len(rows) and rows.max() >= len(train):
        return False
    column_N = np.where(group_N < 0, train.num_groups, group_N)
    return bool((train.y_N[rows] == class_N).all() and (train.column_N[rows] == column_N).all())


def pictures_of(view: RunView) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return ``RunFolder.pictures``."""
    return _pictures(str(view.folder.path), _changed(view.folder.synthetic_file))


def nearest_of(view: RunView) -> dict[str, Nearest]:
    """Return ``RunFolder.nearest``."""
    return _nearest(str(view.folder.path), _changed(view.folder.nearest_file))


def _changed(file: Path) -> float:
    return file.stat().st_mtime if file.exists() else 0.0


@st.cache_resource(max_entries=4, show_spinner=False)
def _pictures(path: str, stamp: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return RunFolder(path).pictures()


@st.cache_resource(max_entries=4, show_spinner=False)
def _nearest(path: str, stamp: float) -> dict[str, Nearest]:
    return RunFolder(path).nearest()
