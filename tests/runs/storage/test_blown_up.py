"""Images beyond the range of real pixels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fairdd_core.files import write_arrays
from fairdd_core.runs.storage.blown_up import blown_up, blown_up_text
from fairdd_core.runs.storage.folder import RunFolder
from tests.helpers import ROOT

LOADED = {"event": "loaded", "t": 0.0, "mean": [0.4, 0.5, 0.6], "std": [0.25] * 3}


def written(path: Path, **arms: float) -> RunFolder:
    """A run whose arms have one bright pixel, normalised."""
    folder = RunFolder(path)
    folder.events_file.write_text(json.dumps(LOADED) + "\n")
    arrays: dict[str, np.ndarray] = {}
    for arm, value in arms.items():
        arrays[f"{arm}/x"] = np.zeros((4, 3, 8, 8), np.float32)
        arrays[f"{arm}/x"][2, 1, 3, 3] = value
        arrays[f"{arm}/y"] = np.zeros(4, np.int64)
    write_arrays(folder.synthetic_file, arrays)
    return folder


@pytest.mark.parametrize(("value", "distance"), [(1000.0, 250.0), (-1000.0, 250.0), (np.inf, np.inf)])
def test_the_distance_is_in_ranges_of_real_pixels(tmp_path: Path, value: float, distance: float) -> None:
    assert blown_up(written(tmp_path, calm=70.0, wild=value)) == {"wild": distance}


def test_nan_is_beyond_all_and_the_text_names_the_method(tmp_path: Path) -> None:
    assert list(blown_up(written(tmp_path, wild=np.nan))) == ["wild"]
    text = blown_up_text(written(tmp_path, wild=4000.0), str.upper)
    assert "WILD by 1,000 times" in text


def test_a_run_without_its_normalisation_or_images_has_none(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert blown_up_text(folder) == ""
    written(tmp_path, wild=1000.0).events_file.write_text("")
    assert blown_up_text(folder) == ""


@pytest.mark.parametrize("path", sorted((ROOT / "assets" / "examples").iterdir()), ids=lambda path: path.name)
def test_the_examples_are_within_the_range(path: Path) -> None:
    assert blown_up(RunFolder(path)) == {}
