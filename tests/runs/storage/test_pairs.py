"""Pairs of arms of one run or two."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fairdd_core.evaluate.counts import count
from fairdd_core.files import read_arrays, write_arrays
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.pairs import arm_pairs
from tests.pages.fake_run import NETWORKS, write_fake_run


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return write_fake_run(tmp_path / "run")


def test_network_k_stands_beside_network_k(folder: RunFolder) -> None:
    pairs, counts = arm_pairs((folder, "cobra"), (folder, "vanilla")), folder.counts()
    assert len(pairs) == NETWORKS
    for k, pair in enumerate(pairs):
        shape = (pair.groups, pair.classes)
        assert np.array_equal(count(pair.one_N, pair.y_N, pair.a_N, shape), counts["cobra"][k])
        assert np.array_equal(count(pair.other_N, pair.y_N, pair.a_N, shape), counts["vanilla"][k])


def test_predictions_that_do_not_give_the_counts_are_not_paired(folder: RunFolder) -> None:
    counts = read_arrays(folder.counts_file)[0]
    write_arrays(folder.counts_file, counts | {"cobra": counts["cobra"][:, ::-1].copy()})
    assert arm_pairs((folder, "cobra"), (folder, "vanilla")) == []
    assert arm_pairs((folder, "random-subset"), (folder, "vanilla"))


def test_a_run_without_predictions_has_no_pairs(folder: RunFolder) -> None:
    folder.answers_file.unlink()
    assert arm_pairs((folder, "cobra"), (folder, "vanilla")) == []
