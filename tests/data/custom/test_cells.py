"""Names, crossing, the draw of the test images, and what is said about cells."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairdd_core.data.custom.cells import cells_of, drawn_test, ordered
from fairdd_core.data.custom.options import MAX_CLASSES, Options
from fairdd_core.data.custom.problems import Problems
from fairdd_core.data.custom.validation import validate
from tests.data.custom.make import encoded, written


def rows(cells: Mapping[tuple[str, ...], int], split: str = "") -> pd.DataFrame:
    """So many images of each (label, group, …)."""
    found = [("x.png", 0, names[0], names[1:], split) for names, n in cells.items() for _ in range(n)]
    return pd.DataFrame(found, columns=["file", "line", "label", "groups", "split"])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["10", "9", "2"], ("2", "9", "10")),
        (["1.5", "-3", "1"], ("-3", "1", "1.5")),
        (["1", "01", "1"], ("01", "1")),
        (["10", "9", "b"], ("9", "10", "b")),
        (["g10", "g1", "G2", "g2"], ("g1", "G2", "g2", "g10")),
        (["b", "A", "c"], ("A", "b", "c")),
        (["nan", "1"], ("1", "nan")),
        (["inf", "1"], ("1", "inf")),
    ],
)
def test_names_are_sorted_by_value_and_as_people_count(names: list[str], expected: tuple[str, ...]) -> None:
    assert ordered(names) == expected


def test_labels_that_look_like_numbers_are_names() -> None:
    cells = cells_of(rows({("10", "0"): 2, ("9", "0"): 2, ("9", "1"): 2}), Options(), Problems())
    assert cells is not None
    assert (cells.class_names, cells.group_names) == (("9", "10"), ("0", "1"))
    assert cells.y_N.tolist() == [1, 1, 0, 0, 0, 0]


def test_group_columns_are_crossed_in_their_order() -> None:
    table = rows({("cat", "old", "f"): 2, ("cat", "young", "m"): 2, ("dog", "old", "m"): 2})
    cells = cells_of(table, Options(), Problems())
    assert cells is not None
    assert cells.group_names == ("old × f", "old × m", "young × m")
    assert cells.a_N.tolist() == [0, 0, 2, 2, 1, 1]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({("cat", "a"): 9, ("cat", "b"): 9}, "All images have one class, 'cat'"),
        ({("cat", "a"): 9, ("dog", "a"): 9}, "All images have one group, 'a'"),
        ({(f"{i:03}", "ab"[i % 2]): 1 for i in range(MAX_CLASSES + 1)}, "right column"),
        ({}, "No image is left"),
    ],
    ids=["one class", "one group", "too many classes", "none"],
)
def test_too_few_and_too_many_classes_and_groups(table: dict[tuple[str, ...], int], words: str) -> None:
    problems = Problems()
    assert cells_of(rows(table), Options(), problems) is None
    assert any(words in problem.message for problem in problems.fatal)


def test_one_class_and_one_group_are_both_reported() -> None:
    problems = Problems()
    cells_of(rows({("cat", "a"): 9}), Options(), problems)
    assert len(problems.fatal) == 2


def test_an_empty_cell_and_small_ones_are_reported_not_refused() -> None:
    problems = Problems()
    table: dict[tuple[str, ...], int] = {("cat", "a"): 400, ("cat", "b"): 40, ("dog", "a"): 400}
    cells = cells_of(rows(table), Options(test_share=0.25), problems)
    assert cells is not None
    assert cells.counts_CG(test=True).tolist() == [[100, 10], [100, 0]]
    reported = [(problem.kind, problem.message) for problem in problems]
    assert [kind for kind, _ in reported] == ["empty-cell", "small-cell", "empty-cell"]
    assert "No training image of class 'dog', group 'b'" in reported[0][1]
    assert "Only 10 test images of class 'cat', group 'b'" in reported[1][1]
    assert "±31 points" in reported[1][1]  # 98 / √10
    assert not problems.fatal


def test_a_class_without_training_or_test_images_is_refused() -> None:
    table = pd.concat([rows({("cat", "a"): 4, ("dog", "b"): 4}, "train"), rows({("cat", "b"): 4}, "test")])
    problems = Problems()
    cells_of(table.reset_index(drop=True), Options(), problems)
    assert [problem.message for problem in problems.fatal] == ["Class 'dog' has no test images."]


@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=6),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 5),
)
def test_every_cell_gives_its_share_and_keeps_an_image(sizes: list[int], share: float, seed: int) -> None:
    cell_N = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    test_N = drawn_test(cell_N, share, seed)
    for cell, n in enumerate(sizes):
        tested = int(test_N[cell_N == cell].sum())
        assert tested == (0 if n < 2 else min(max(round(share * n), 1), n - 1))
    assert (drawn_test(cell_N, share, seed) == test_N).all()


def test_the_seed_decides_the_draw_and_other_cells_do_not() -> None:
    cell_N = np.repeat([0, 1], 50)
    first, second = drawn_test(cell_N, 0.5, 0), drawn_test(cell_N, 0.5, 1)
    assert (first != second).any()
    assert (drawn_test(np.repeat([0, 1], [50, 7]), 0.5, 0)[:50] == first[:50]).all()


def test_a_split_column_decides(tmp_path: Path) -> None:
    lines = [f"{i}.png,{'ab'[i % 2]},{'xy'[i // 2 % 2]},{'test' if i < 4 else 'train'}" for i in range(12)]
    files = {f"{i}.png": encoded() for i in range(12)}
    files["t.csv"] = "\n".join(["file,label,group,split", *lines]).encode()
    report = validate(written(tmp_path, files), Options(test_share=0.9))
    assert report.cells is not None
    assert report.cells.test_N.tolist() == [True] * 4 + [False] * 8
