from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fairdd_core.files import DamagedFile, read_arrays, write_arrays, write_bytes, write_table
from fairdd_core.runs.storage.documents import POINTS, RESIDUALS
from fairdd_core.runs.storage.folder import RunFolder
from tests.runs.conftest import MakeSpec

NAMES = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8)
IMAGES = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 3), st.integers(1, 3), st.just(3), st.just(4), st.just(4))
)
COUNTS = arrays.arrays(np.int64, st.tuples(st.integers(1, 3), st.integers(1, 3), st.just(2), st.just(2)))


@pytest.fixture
def folder(tmp_path: Path, make_spec: MakeSpec) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    folder.create(make_spec())
    return folder


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.integers(0, 999_999), st.dictionaries(NAMES, IMAGES, min_size=1), max_size=3))
def test_snapshots_come_back_as_written(snapshots: dict[int, dict[str, np.ndarray]]) -> None:
    with tempfile.TemporaryDirectory() as path:
        folder = RunFolder(path)
        for iteration, images in snapshots.items():
            folder.write_snapshot(iteration, images)
        assert folder.snapshot_iterations() == sorted(snapshots)
        for iteration, images in snapshots.items():
            read = folder.snapshot(iteration)
            assert set(read) == set(images)
            assert all(np.array_equal(read[arm], images[arm]) for arm in images)
            assert all(array.dtype == np.uint8 for array in read.values())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.dictionaries(NAMES, st.integers() | NAMES, max_size=3), max_size=8), st.data())
def test_events_are_read_whole_wherever_the_writer_is(
    values: list[dict[str, Any]], data: st.DataObject
) -> None:
    lines = [json.dumps({**value, "event": "x", "t": 0.0}, ensure_ascii=False).encode() for value in values]
    content = b"".join(line + b"\n" for line in lines)
    cut = data.draw(st.integers(0, len(content)))
    with tempfile.TemporaryDirectory() as path:
        folder = RunFolder(path)
        folder.events_file.write_bytes(content[:cut])
        first, offset = folder.events()
        folder.events_file.write_bytes(content)
        rest, end = folder.events(offset)
        assert first + rest == [{**value, "event": "x", "t": 0.0} for value in values]
        assert end == len(content)


def test_an_absent_folder_reads_as_empty(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "none")
    assert folder.events() == ([], 0)
    assert folder.steps().empty
    assert list(folder.steps().columns) == ["arm", "iteration", "loss", "worst_residual", "seconds"]
    assert folder.snapshot_iterations() == []
    assert folder.snapshot(3) == folder.counts() == folder.synthetic() == {}
    assert folder.points() is folder.residuals() is folder.result() is None
    assert folder.log_tail(5) == ""
    assert folder.size() == 0
    assert not folder.complete


def test_repeated_steps_count_once(folder: RunFolder) -> None:
    events = [("step", 1), ("step", 2), ("step", 3), ("resumed", 1), ("step", 2)]
    lines = [
        {"t": n, "event": name, "arm": "a", "iteration": iteration, "loss": n, "worst_residual": None}
        for n, (name, iteration) in enumerate(events)
    ]
    folder.events_file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    steps = folder.steps()
    assert steps["iteration"].tolist() == [1, 2]
    assert steps["loss"].tolist() == [0, 4]


def test_a_torn_line_is_skipped(folder: RunFolder) -> None:
    folder.events_file.write_bytes(b'{"event": "a", "t": 0}\n{"event": "b", "t\n{"event": "c", "t": 1}\n')
    assert [event["event"] for event in folder.events()[0]] == ["a", "c"]


def test_a_write_that_fails_leaves_the_old_file(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bytes(folder.result_file, b"old")

    def fail(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fairdd_core.files.os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_bytes(folder.result_file, b"new")
    assert folder.result_file.read_bytes() == b"old"
    assert sorted(path.name for path in folder.path.iterdir()) == ["result.json", "spec.json"]


def test_temporary_files_are_removed(folder: RunFolder) -> None:
    left = folder.path / "snapshots" / "000001.safetensors.123.tmp"
    left.parent.mkdir()
    left.write_bytes(b"half")
    folder.remove_temporary_files()
    assert not left.exists()


def test_thinning_keeps_the_ends(folder: RunFolder) -> None:
    images = {"a": np.zeros((2, 2, 3, 8, 8), np.uint8)}
    for iteration in range(0, 100, 10):
        folder.write_snapshot(iteration, images)
    one = folder.snapshot_file(0).stat().st_size
    folder.thin_snapshots(5 * one)
    kept = folder.snapshot_iterations()
    assert kept[0] == 0
    assert kept[-1] == 90
    assert 2 < len(kept) <= 5
    folder.thin_snapshots(0)
    assert folder.snapshot_iterations() == [0, 90]


def test_tables_and_counts_round_trip(folder: RunFolder) -> None:
    points = pd.DataFrame({"arm": ["a", ""], "pca_x": [0.5, float("nan")], "class_id": [1, -1]})
    points = points.assign(kind="real", **dict.fromkeys(POINTS - {*points, "kind"}, 0.0))
    residuals = pd.DataFrame({"arm": ["a"], **{name: [3] for name in RESIDUALS - {"arm"}}})
    folder.write_tables(points, residuals)
    pd.testing.assert_frame_equal(folder.points(), points, check_dtype=False)
    pd.testing.assert_frame_equal(folder.residuals(), residuals, check_dtype=False)


def test_log_tail(folder: RunFolder) -> None:
    folder.log_file.write_bytes(b"one\ntwo\nthr\xffee\n")
    assert folder.log_tail(2).splitlines()[0] == "two"
    assert Path(folder.path).exists()


def test_files_of_another_form_read_as_damaged(folder: RunFolder) -> None:
    table = pd.DataFrame({"arm": ["a"]})
    folder.write_tables(table, table, table)
    write_table(folder.diagnostics_file, table)
    array = np.zeros((2, 0), np.int64)
    for file in (folder.counts_file, folder.test_file, folder.answers_file, folder.nearest_file):
        write_arrays(file, {"a/b": array})
    folder.write_snapshot(1, {"a": array})
    write_arrays(folder.checkpoint_file, {"a": array}, {"iteration": "many"})
    readers = [folder.points, folder.residuals, folder.moments, folder.diagnostics, folder.counts]
    readers += [folder.test_labels, folder.answers, folder.nearest, folder.checkpoint]
    for read in (*readers, lambda: folder.snapshot(1)):
        with pytest.raises(DamagedFile):
            read()


@given(st.dictionaries(st.text(max_size=6), st.text(max_size=6), max_size=5), IMAGES)
@settings(max_examples=60, deadline=None)
def test_the_same_arrays_and_metadata_give_the_same_bytes(about: dict[str, str], x: np.ndarray) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder) / "one", Path(folder) / "other"
        write_arrays(one, {"x": x}, about)
        write_arrays(other, {"x": x}, dict(reversed(about.items())))
        assert one.read_bytes() == other.read_bytes()
        found, metadata = read_arrays(one)
        assert metadata == about
        assert (found["x"] == x).all()
