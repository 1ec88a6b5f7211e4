"""Crossing attributes: by hand, and back again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairdd_core.data.bias.crossing import SIGN, cross
from fairdd_core.errors import UserError


def test_by_hand() -> None:
    a_N, names = cross([np.array([1, 0, 1, 1]), np.array([0, 2, 0, 2])], [("young", "old"), ("a", "b", "c")])
    assert names == ("young × c", "old × a", "old × c")
    assert a_N.tolist() == [1, 0, 1, 2]
    assert a_N.dtype == np.int64


def test_one_column_only_drops_what_does_not_occur() -> None:
    a_N, names = cross([np.array([2, 0, 2])], [("x", "y", "z")])
    assert (a_N.tolist(), names) == ([1, 0, 1], ("x", "z"))


def test_hundreds_of_columns_are_crossed_as_a_few_are() -> None:
    one, other = np.array([0, 1, 1, 0]), np.array([1, 1, 0, 1])
    a_N, names = cross([one, other] * 150, [("a", "b")] * 300)
    assert a_N.tolist() == [0, 2, 1, 0]
    assert [name.split(SIGN)[:2] for name in names] == [["a", "b"], ["b", "a"], ["b", "b"]]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 1)), min_size=1, max_size=60))
def test_names_tell_every_attribute_of_every_image(rows: list[tuple[int, int, int]]) -> None:
    names = (("p", "q", "r"), ("1", "2", "3", "4"), ("-", "+"))
    a_N, groups = cross(list(np.array(rows).T), names)
    reported = [groups[a].split(SIGN) for a in a_N]
    assert reported == [[values[i] for values, i in zip(names, row, strict=True)] for row in rows]
    assert set(a_N) == set(range(len(groups))), "no empty group"


@pytest.mark.parametrize(
    ("columns", "names", "words"),
    [
        ([], [], "at least one column"),
        ([np.zeros(2, int)], [], "at least one column"),
        ([np.zeros(2, int), np.zeros(3, int)], [("a",), ("b",)], "lengths 2, 3"),
        ([np.array([0, 1])], [("a",)], "indices below 1"),
        ([np.array([-1, 0])], [("a",)], "indices below 1"),
    ],
)
def test_columns_that_do_not_fit_are_refused(
    columns: list[np.ndarray], names: list[tuple[str, ...]], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        cross(columns, names)
