"""What is behind a gap: known answers."""

from __future__ import annotations

import numpy as np

from fairdd_core.plots.error_analysis import COLUMNS, Answer, prediction_figure

CLASSES, GROUPS = ("cat", "dog", "emu"), ("red", "blue")
PIXELS = np.full((3, 4, 4), 9, np.uint8)


def test_every_image_that_is_drawn_can_be_clicked() -> None:
    many = 2 * COLUMNS + 5
    answers = [Answer("one", np.array([7]), ["a"]), Answer("many", np.arange(100, 100 + many), ["b"] * many)]
    x_NCHW = np.zeros((1 + many, 3, 4, 4), np.uint8)
    fig = prediction_figure(x_NCHW, answers, chosen=101)
    assert [data[0] for trace in fig.data for data in trace.customdata] == [7, *range(100, 100 + many)]
    assert len(fig.layout.images) == 2
    assert [note.text for note in fig.layout.annotations] == ["one", "many"]
    assert fig.data[1].y[0] < fig.data[1].y[COLUMNS] < fig.layout.yaxis.range[0], "a second line, below"
    assert {shape.x0 for shape in fig.layout.shapes} == {fig.data[1].x[1] - 0.49}
    assert not prediction_figure(x_NCHW, answers, chosen=8).layout.shapes
