"""Noise floors in figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from fairdd_core.plots.dots import gap_dots
from fairdd_core.plots.fairness import NARROW, WIDE, dumbbell
from fairdd_core.plots.floor import NAME, draw_floor, gap_text

NUMBERS = {"low": 0.02, "high": 0.2, "floor": 0.07, "floor_std": 0.01, "excess": 0.03}


def floors(fig: go.Figure) -> list[go.Scatter]:
    return [trace for trace in fig.data if trace.name == NAME]


def test_a_band_of_one_standard_deviation_and_a_tick_at_the_mean() -> None:
    fig = go.Figure()
    draw_floor(fig, [0.07, np.nan, 0.01], [0.01, np.nan, 0.02], [0, 1, 2], legend=True)
    band, entry, tick = floors(fig)
    assert list(band.x[:2]) == pytest.approx([0.06, 0.08])
    assert list(band.x[3:5]) == pytest.approx([0, 0.03]), "no gap is below 0"
    assert list(tick.x) == pytest.approx([0.07, 0.01])
    assert list(tick.y) == [0, 2], "unknown floors are left out"
    assert [trace.showlegend for trace in (band, entry, tick)] == [False, True, False]


def test_on_an_axis_of_recalls_it_is_seen_from_the_best_group() -> None:
    fig = go.Figure()
    draw_floor(fig, [0.1], [0.02], [0], best=[0.9])
    band, tick = floors(fig)
    assert list(tick.x) == pytest.approx([0.8])
    assert sorted(band.x[:2]) == pytest.approx([0.78, 0.82])


def test_gaps_have_intervals_and_floors() -> None:
    rows = [
        {"class": name, "arm": arm, "gap": 0.1, **NUMBERS} for name in "ab" for arm in ("vanilla", "cobra")
    ]
    fig = gap_dots(pd.DataFrame(rows), "class", "gap", "gap")
    assert len(floors(fig)) == 4 + 1, "band and tick of each method, and the entry of the legend"
    marks = [trace for trace in fig.data if trace.error_x.array is not None]
    assert [trace.name for trace in marks] == ["Vanilla", "COBRA"]
    assert "by chance alone 7.0 ± 1.0" in marks[0].customdata[0][1]
    assert [trace.name for trace in fig.data if trace.showlegend] == [NAME]
    high = max(fig.layout.xaxis.range)
    assert 0.2 < high < 0.4, "the axis fits the gaps"


def test_a_gap_in_words() -> None:
    unknown = dict.fromkeys(NUMBERS, np.nan)
    assert gap_text(0.1, NUMBERS).count("<br>") == 3
    assert gap_text(0.1, unknown) == "<b>10.0 points</b><br>no interval"


def test_the_dumbbell_writes_the_floor_and_leaves_out_names_without_room() -> None:
    rows = [
        {"class": "cat", "group": group, "recall": recall, "gap": 0.4, "low": 0.1, "high": 0.9, "n": 9}
        for group, recall in (("black-and-white", 0.5), ("in colour", 0.9))
    ]
    table = pd.DataFrame(rows).assign(networks=1)
    gaps = pd.DataFrame([{"class": "cat", **NUMBERS}])
    texts = {
        room: [note.text for note in dumbbell(table, gaps=gaps, room=room).layout.annotations]
        for room in (WIDE, NARROW)
    }
    assert "<b>40</b> (7)  black-and-white → in colour" in texts[WIDE]
    assert "<b>40</b> (7)" in texts[NARROW]
    assert list(floors(dumbbell(table, gaps=gaps))[1].x) == pytest.approx([0.83])
    assert not floors(dumbbell(table)), "without floors nothing is drawn"
