"""How a run's tests are read: pictures where they are shown in every group, else cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairdd_core.analysis.results import results_table
from fairdd_core.analysis.sampling import Cells, Pictures
from fairdd_core.files import read_arrays, write_arrays
from fairdd_core.report.tables import run_results
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.predictions import arm_samples
from fairdd_core.runs.storage.summary import summarise
from tests.pages.fake_run import write_fake_run


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return write_fake_run(tmp_path / "run")


def test_a_crossed_test_is_made_of_pictures(folder: RunFolder) -> None:
    samples, counts_KGCC = arm_samples(folder, "cobra"), folder.counts()["cobra"]
    assert len(samples) == len(counts_KGCC)
    for sample, counts_GCC in zip(samples, counts_KGCC, strict=True):
        assert isinstance(sample, Pictures)
        assert (sample.counts_GCC == counts_GCC).all()
        assert sample.predicted_PG.shape == (500, 10)


def test_its_summary_has_floors_and_they_are_shown(folder: RunFolder) -> None:
    summary = summarise(folder, "run", "CPU")["arms"]
    folder.write_result({"arms": summary})
    row = run_results(folder).set_index(["arm", "metric"]).loc[("cobra", "deo_mean")]
    assert [row["floor"], row["floor_std"]] == summary["cobra"]["deo_mean"]["floor"]
    assert 0 < row["floor"] < row["mean"]


def test_an_older_run_is_measured_when_read(folder: RunFolder) -> None:
    folder.write_result({"arms": {"cobra": {"deo_mean": {"mean": 0.5, "ci95": [0.4, 0.6]}}}})
    folder.test_file.unlink()
    assert isinstance(arm_samples(folder, "cobra")[0], Pictures), "the labels are those of the data set"
    table = run_results(folder).set_index(["arm", "metric"])
    assert table.loc[("cobra", "deo_mean"), "floor"] > 0
    assert table["low"].notna().sum() > 0


def test_without_predictions_there_is_no_floor(folder: RunFolder) -> None:
    folder.answers_file.unlink()
    folder.write_result({"arms": {}})
    for _ in range(2):
        (first, *_) = arm_samples(folder, "cobra")
        assert first == Cells(first.counts_GCC, independent=False)
        folder.test_file.unlink(missing_ok=True)
    assert run_results(folder)["floor"].isna().all()


def test_predictions_that_do_not_give_the_counts_are_not_used(folder: RunFolder) -> None:
    arrays = read_arrays(folder.answers_file)[0]
    write_arrays(folder.answers_file, {name: row_N[::-1] for name, row_N in arrays.items()})
    assert isinstance(arm_samples(folder, "cobra")[0], Cells)
    folder.answers_file.write_bytes(b"damaged")
    assert isinstance(arm_samples(folder, "cobra")[0], Cells)


def test_where_each_image_is_in_one_group_cells_are_independent(folder: RunFolder) -> None:
    labels = folder.test_labels()
    assert labels is not None
    folder.write_test_labels(labels[0], labels[1][::-1])
    (first, *_) = arm_samples(folder, "cobra")
    assert isinstance(first, Cells)
    assert first.independent
    assert (
        not results_table(None, folder.counts(), lambda arm: arm_samples(folder, arm))["floor"].isna().all()
    )
