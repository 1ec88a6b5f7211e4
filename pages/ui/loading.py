"""The data of a run or of the controls, loaded once for everything that shows its images."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from fairdd_core.data.card import DatasetCard
from fairdd_core.data.grouped import Split
from fairdd_core.data.registry import card_of, load
from fairdd_core.data.spec import DataSpec
from fairdd_core.runs.home import Home


def split_of(spec: DataSpec, seed: int) -> Split:
    """Load and bias a data set, or take the one that was loaded for the same wish before.

    Args:
        spec: which one, and how biased.
        seed: of the run.

    Raises:
        UserError: unknown name, settings that it cannot have, or missing files.
        OSError: files that cannot be read.
    """
    data_dir = Home.default().data
    return _load(
        spec.model_dump_json(), seed, str(data_dir), stamp_of(card_of(spec.dataset, data_dir), data_dir)
    )


def stamp_of(card: DatasetCard, data_dir: Path) -> float:
    """Return the time of the last change of a data set's files and folders, so that new ones are seen."""
    places = (data_dir / file.path for file in card.files)
    return max((place.stat().st_mtime for place in places if place.exists()), default=0.0)


@st.cache_resource(max_entries=4, show_spinner="Loading the data…")
def _load(spec_json: str, seed: int, data_dir: str, stamp: float) -> Split:
    return load(DataSpec.model_validate_json(spec_json), seed, Path(data_dir))
