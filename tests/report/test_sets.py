"""The sets of a run go out in every format and come back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fairdd_core.__main__ import main
from fairdd_core.cli.report import SET_FORMATS
from fairdd_core.data.distilled import torch_file
from fairdd_core.data.distilled.contents import Target
from fairdd_core.data.distilled.read import read_distilled
from fairdd_core.report.sets import FORMATS, set_files
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.grids import place_of, row_of
from tests.data.distilled.test_torch_file import flat_file

NAMES = tuple(f"class {c}" for c in range(4))
TARGET = Target(NAMES, 8)
MEAN, STD = (0.2, 0.3, 0.4), (0.3, 0.2, 0.25)
LABELS = np.array([0, 1, 1, 1, 2, 2, 3])


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A folder with a finished set of unequal classes."""
    from fairdd_core.config.presets import arms_named, quick
    from fairdd_core.files import write_arrays

    spec = quick()
    folder = RunFolder(tmp_path / "run")
    distill = spec.distill.model_copy(update={"arms": arms_named("cobra:cosine")})
    folder.create(spec.model_copy(update={"distill": distill}))
    x_NCHW = np.random.default_rng(0).normal(0, 2, (7, 3, 8, 8)).astype(np.float32)
    write_arrays(folder.synthetic_file, {"cobra:cosine/x": x_NCHW, "cobra:cosine/y": LABELS})
    colors = "[]"
    folder.events_file.write_text(
        f'{{"t": 0.0, "event": "loaded", "classes": {list(NAMES)}, "groups": ["a"], "colors": {colors}, '
        f'"mean": {list(MEAN)}, "std": {list(STD)}}}\n'.replace("'", '"')
    )
    return folder


def test_all_formats_are_offered() -> None:
    assert tuple(FORMATS) == SET_FORMATS


@pytest.mark.parametrize("kind", FORMATS)
def test_a_set_comes_back_from_every_format(
    run: RunFolder, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_file, "contents", flat_file)  # its process has tests of its own
    out = tmp_path / "out"
    for name, content in set_files(run, kind, NAMES).items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    (path,) = out.iterdir()
    (one,) = read_distilled(path, TARGET)
    mean_C, std_C = (np.array(values, np.float32)[:, None, None] for values in (MEAN, STD))
    levels = run.synthetic()["cobra:cosine/x"] * std_C + mean_C
    assert one.y_N.tolist() == LABELS.tolist()
    if kind in {"png", "folder"}:
        assert np.abs(one.x_NCHW - np.clip(levels, 0, 1)).max() <= 0.5 / 255 + 1e-6
    else:
        assert np.abs(one.x_NCHW - levels).max() < 1e-5


def test_the_command_writes_a_file_for_each_method(run: RunFolder, tmp_path: Path) -> None:
    assert main(["export", str(run.path), str(tmp_path / "sets"), "--format", "npz"]) == 0
    assert [path.name for path in (tmp_path / "sets").iterdir()] == ["cobra-cosine.npz"]
    assert main(["export", str(run.path), "--format", "npz"]) == 2


def test_rows_and_places_of_unequal_classes() -> None:
    assert [place_of(LABELS, row) for row in range(7)] == [
        *((0, 0), (1, 0), (1, 1), (1, 2)),
        *((2, 0), (2, 1), (3, 0)),
    ]
    assert [row_of(LABELS, *place_of(LABELS, row)) for row in range(7)] == list(range(7))
    assert row_of(LABELS, 0, 1) is None
    assert row_of(LABELS, 3, 1) is None
