"""The figures of the Learn screen."""

from __future__ import annotations

import pytest

from fairdd_core.playground.scene import (
    DISTANCES,
    PRESETS,
    TARGET_NAMES,
    Scene,
    scene_residuals,
    scene_targets,
)
from fairdd_core.plots.playground import GROUP_STYLES, TARGET_SYMBOLS, residual_bars, scene_figure
from fairdd_core.plots.theme import arm_styles


def test_lengths_look_alike_in_every_direction() -> None:
    assert scene_figure(Scene()).layout.yaxis.scaleanchor == "x"


@pytest.mark.parametrize("name", PRESETS)
def test_a_line_runs_from_every_group_to_both_targets(name: str) -> None:
    scene = PRESETS[name].scene
    fig = scene_figure(scene)
    for label, target_D in (("Vanilla", scene.vanilla_D), ("COBRA", scene.target_D)):
        lines = [trace for trace in fig.data if trace.name and trace.name.startswith(f"{label} to ")]
        assert len(lines) == scene.groups
        for line, signal_D in zip(lines, scene.signals_GD, strict=True):
            assert [line.x[0], line.y[0]] == pytest.approx(list(signal_D))
            assert [line.x[1], line.y[1]] == pytest.approx(list(target_D))


def test_picture_stands_still_while_shares_separation_and_spread_move() -> None:
    ranges = {
        (fig.layout.xaxis.range, fig.layout.yaxis.range)
        for fig in (
            scene_figure(Scene()),
            scene_figure(Scene(skew=40)),
            scene_figure(Scene(separation=10)),
            scene_figure(Scene(spread=80)),
        )
    }
    assert len(ranges) == 1


def test_groups_differ_in_colour_and_shape_and_from_the_methods() -> None:
    colors, symbols = zip(*GROUP_STYLES, strict=True)
    arms = arm_styles(["vanilla", "cobra"]).values()
    assert len(set(colors)) == len(set(symbols)) == 5
    assert not {style.color for style in arms} & set(colors)
    assert not {style.symbol for style in arms} & set(symbols)


def test_every_barycenter_is_named_once() -> None:
    texts = [note.text for note in scene_figure(Scene(distance="l2"), every_target=True).layout.annotations]
    for name, title in TARGET_NAMES.items():
        wanted = f"<b>COBRA: {title}</b>" if name == "l2" else title
        assert texts.count(wanted) == 1
    assert set(TARGET_NAMES) == set(TARGET_SYMBOLS) == set(DISTANCES)


def test_targets_at_one_point_share_a_label() -> None:
    texts = [note.text for note in scene_figure(PRESETS["balanced"].scene).layout.annotations]
    assert any("Vanilla" in text and "COBRA: mean" in text for text in texts)


def test_origin_is_shown_where_it_matters() -> None:
    names = {
        distance: [t.name for t in scene_figure(Scene(distance=distance)).data]
        for distance in ("cosine", "l2")
    }
    assert "origin" in names["cosine"]
    assert "origin" not in names["l2"]


def test_tables_have_the_numbers_of_the_figures() -> None:
    scene = PRESETS["far"].scene
    table = scene_residuals(scene)
    bars = {trace.name: list(trace.x) for trace in residual_bars(table).data if trace.type == "bar"}
    assert bars["Vanilla"] == pytest.approx(list(scene.verdict().vanilla_G))
    assert bars["COBRA"] == pytest.approx(list(scene.verdict().aligned_G))
    targets = scene_targets(scene).set_index("target")
    assert targets["largest residual"].idxmin() == "smallest ball"


def test_no_figure_fixes_its_ground_or_its_font_colour() -> None:
    for fig in (scene_figure(Scene(), every_target=True), residual_bars(scene_residuals(Scene()))):
        assert fig.layout.paper_bgcolor == fig.layout.plot_bgcolor == "rgba(0,0,0,0)"
        assert fig.layout.font.color is None
        assert all(note.font.color is None for note in fig.layout.annotations)
