"""Skew on annotated groups: what is kept, what is refused, and the tint that separates them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.data.bias.separation import STRENGTH, tint_table
from fairdd_core.data.bias.subsampling import kept_sizes, reachable, subsample
from fairdd_core.data.rows import ImageRows
from fairdd_core.errors import UserError

sizes = st.lists(st.integers(1, 500), min_size=2, max_size=6).map(np.array)


def test_known_answers() -> None:
    assert kept_sizes(np.array([300, 100]), 0.5).tolist() == [100, 100]
    assert kept_sizes(np.array([300, 100]), 0.9).tolist() == [300, 33]
    assert kept_sizes(np.array([100, 50, 50]), 0.5).tolist() == [100, 50, 50], "no image needs to go"
    assert kept_sizes(np.array([1000, 10, 10]), 0.5).tolist() == [20, 10, 10]
    assert kept_sizes(np.array([100, 60, 20, 0]), 0.8).tolist() == [100, 19, 6, 0]


@settings(deadline=None)
@given(found_G=sizes, where=st.floats(0, 1))
def test_the_largest_group_has_the_share_and_no_cell_is_lost(found_G: np.ndarray, where: float) -> None:
    low, high = reachable(found_G)
    skew = low + where * (high - low)
    kept_G = kept_sizes(found_G, skew)
    assert (kept_G <= found_G).all()
    assert (kept_G >= 1).all()
    largest, total = kept_G[np.argmax(found_G)], kept_G.sum()
    assert largest == kept_G.max()
    assert abs(largest - skew * total) <= len(found_G), "whole images"


@settings(deadline=None)
@given(
    found_G=st.lists(st.integers(50, 500), min_size=2, max_size=4).map(np.array), where=st.floats(0.05, 0.9)
)
def test_nothing_more_can_be_kept(found_G: np.ndarray, where: float) -> None:
    low, high = reachable(found_G)
    skew = low + where * (high - low)
    kept_G = kept_sizes(found_G, skew)
    major = int(np.argmax(found_G))
    others_G = np.delete(found_G, major)
    best = max(
        m + round((1 - skew) / skew * m)
        for m in range(1, found_G[major] + 1)
        if np.minimum(others_G, m).sum() >= (1 - skew) / skew * m
    )
    assert kept_G.sum() >= best - 2 * len(found_G)


def test_a_larger_skew_keeps_a_part_of_the_same_minority() -> None:
    y_N, a_N = np.zeros(400, int), np.repeat([0, 1], [300, 100])

    def kept(skew: float) -> set[int]:
        rows_N = subsample(y_N, a_N, 2, skew, ("only",), np.random.default_rng(0))
        assert (np.diff(rows_N) > 0).all()
        return set(rows_N[a_N[rows_N] == 1].tolist())

    assert kept(0.95) < kept(0.9) < kept(0.8)


@pytest.mark.parametrize(
    ("counts_CG", "skew", "words"),
    [
        ([[50, 5], [200, 5]], 0.99, ["at most 0.98", "a", "too few"]),
        ([[50, 5, 0], [20, 30, 9]], 0.4, ["at least 0.5", "2 groups"]),
        ([[50, 0], [20, 30]], 0.8, ["as found", "class a", "one group only"]),
    ],
)
def test_what_cannot_be_reached_is_refused_with_what_can(
    counts_CG: list[list[int]], skew: float, words: list[str]
) -> None:
    cells = [(c, g) for c, row in enumerate(counts_CG) for g, n in enumerate(row) for _ in range(n)]
    y_N, a_N = np.array(cells).T
    with pytest.raises(UserError) as caught:
        subsample(y_N, a_N, len(counts_CG[0]), skew, ("a", "b"), np.random.default_rng(0))
    assert caught.value.field == "data.skew"
    assert all(word in str(caught.value) for word in words), caught.value


def test_a_tint_adds_as_much_as_it_takes() -> None:
    assert tint_table(4, 0) is None
    table_GCL = tint_table(2, 1.0)
    assert table_GCL is not None
    red, cyan = table_GCL[:, :, 128].astype(int) - 128
    assert red.tolist() == [round(2 * STRENGTH / 3), round(-STRENGTH / 3), round(-STRENGTH / 3)]
    assert (red == -cyan).all()
    assert red.sum() == 0


@given(st.integers(2, 10), st.floats(0.01, 1))
def test_tints_grow_with_the_separation_and_keep_the_order_of_levels(groups: int, separation: float) -> None:
    table_GCL, full_GCL = tint_table(groups, separation), tint_table(groups, 1.0)
    assert table_GCL is not None
    assert full_GCL is not None
    levels = np.arange(256)
    assert (np.abs(table_GCL - levels.astype(int)) <= np.abs(full_GCL - levels.astype(int))).all()
    assert (np.diff(table_GCL.astype(int), axis=2) >= 0).all()


def test_rows_read_what_an_array_would_give() -> None:
    x_NCHW = np.random.default_rng(0).integers(0, 256, (20, 3, 4, 4), dtype=np.uint8)
    rows_N, a_N = np.array([7, 3, 19, 3]), np.array([0, 1, 1, 0])
    plain = ImageRows(x_NCHW, rows_N)
    assert plain.shape == (4, 3, 4, 4)
    assert len(plain) == 4
    for key in (2, slice(1, 3), np.array([3, 0]), np.array([False, True, True, False]), (slice(None), 1), -1):
        assert (plain[key] == x_NCHW[rows_N][key]).all()
        assert plain[key].shape == x_NCHW[rows_N][key].shape
    table_GCL = tint_table(2, 0.7)
    assert table_GCL is not None
    tinted = ImageRows(x_NCHW, rows_N, table_GCL, a_N)
    for i in range(4):
        expected = np.stack([table_GCL[a_N[i], c][x_NCHW[rows_N[i], c]] for c in range(3)])
        assert (tinted[i] == expected).all()
    assert (np.asarray(tinted)[[2, 0]] == tinted[np.array([2, 0])]).all()
