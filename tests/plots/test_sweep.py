"""Phase diagrams: what is in the cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fairdd_core.analysis.grids import gain_table, grid_table
from fairdd_core.analysis.metrics import METRICS
from fairdd_core.plots.sweep import gain, phase


def table() -> pd.DataFrame:
    rows = []
    for skew in (0.5, 0.9):
        for separation in (0.0, 1.0):
            for seed in (0, 1):
                for arm in ("vanilla", "cobra"):
                    bad = skew * separation if arm == "vanilla" else 0.1
                    state = "waiting" if (skew, separation, seed) == (0.5, 1.0, 1) else "done"
                    value = bad + 0.02 * seed if state == "done" else np.nan
                    row: dict[str, object] = {"skew": skew, "separation": separation, "seed": seed}
                    row |= {"arm": arm, "state": state} | dict.fromkeys(METRICS, value)
                    for name in METRICS:
                        row |= {f"{name}_low": value / 2, f"{name}_high": 1.0, f"{name}_floor": 0.07}
                        row[f"{name}_left_out"] = ""
                    rows.append(row)
    return pd.DataFrame(rows)


def test_numbers_are_written_where_they_belong() -> None:
    fig = phase(grid_table(table(), "vanilla", "deo_mean"), "deo_mean", at=(0.9, 1.0))
    heat = fig.data[0]
    assert heat.z[1, 1] == pytest.approx(0.91)  # upwards is more skew, to the right more separation
    assert (heat.zmin, heat.zmax) == (0, 1)
    (numbers,) = [trace for trace in fig.data if trace.type == "scatter" and trace.mode == "text"]
    written = {(x, y): text for x, y, text in zip(numbers.x, numbers.y, numbers.text, strict=True)}
    assert written == {(0, 0): "1", (1, 0): "50…", (0, 1): "1", (1, 1): "91"}
    assert list(fig.layout.yaxis.ticktext) == ["50%", "90%"]
    assert len(fig.layout.shapes) == 1


def test_marks_that_can_be_clicked_know_their_place() -> None:
    marks = phase(grid_table(table(), "cobra", "accuracy"), "accuracy").data[-1]
    assert [tuple(place) for place in marks.customdata] == [(0.5, 0.0), (0.5, 1.0), (0.9, 0.0), (0.9, 1.0)]
    assert list(zip(marks.x, marks.y, strict=True)) == [(0, 0), (1, 0), (0, 1), (1, 1)]


def test_missing_runs_are_empty_and_never_zero() -> None:
    part = table()
    part.loc[part["skew"] == 0.9, [*METRICS]] = np.nan
    part.loc[part["skew"] == 0.9, "state"] = "failed"
    fig = phase(grid_table(part, "cobra", "deo_max"), "deo_max")
    assert np.isnan(fig.data[0].z[1]).all()
    assert "✕" in set(fig.data[1].text)
    signed = gain(gain_table(part, "cobra", "vanilla", "deo_max"), "deo_max")
    assert (signed.data[0].zmin, signed.data[0].zmax) == (-1, 1)
    assert "-0" not in {text for trace in signed.data[1:3] for text in trace.text}


def test_pointing_at_a_cell_shows_interval_floor_and_what_is_left_out() -> None:
    one_seed = table().query("seed == 0").assign(deo_mean_left_out="over 1 of 2 classes")
    hover = phase(grid_table(one_seed, "vanilla", "deo_mean"), "deo_mean").data[-1].text[-1]
    for part in ("<b>90.0</b> points, over 1 of 2 classes", "45.0 to 100.0", "chance alone 7.0"):
        assert part in hover
    signed = gain(gain_table(one_seed, "cobra", "vanilla", "deo_mean"), "deo_mean").data[-1].text[-1]
    assert "chance" not in signed
    assert "interval" not in signed
