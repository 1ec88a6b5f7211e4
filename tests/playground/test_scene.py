"""What the playground's controls describe."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairdd_core.config.spec.data import lowest_skew
from fairdd_core.errors import UserError
from fairdd_core.playground.scene import DISTANCES, LIMITS, PRESETS, Scene, adapted, validated
from tests.helpers import ROOT

scenes = st.builds(
    Scene,
    **{name: st.integers(*limits) for name, limits in LIMITS.items()},
    distance=st.sampled_from(list(DISTANCES)),
).map(adapted)


@settings(deadline=None, max_examples=60)
@given(scene=scenes)
def test_every_scene_makes_sense(scene: Scene) -> None:
    validated(scene)
    assert scene.shares_G.sum() == pytest.approx(1)
    assert scene.shares_G.argmax() == scene.largest - 1 or np.ptp(scene.shares_G) < 1e-12
    assert all(len(dots) >= 1 for dots in scene.clouds())
    verdict = scene.verdict()
    assert (verdict.vanilla_G <= verdict.bound_G + 1e-9).all()
    assert verdict.kept or not verdict.holds


@pytest.mark.parametrize("groups", [2, 3, 4, 5])
def test_lowest_skew_is_exactly_balanced(groups: int) -> None:
    scene = Scene(groups=groups, skew=lowest_skew(groups))
    assert scene.shares_G == pytest.approx(np.full(groups, 1 / groups))
    assert scene.verdict().same, "vanilla aims at the mean of equally large groups"


def test_shares_do_not_move_the_barycenter_and_spread_moves_nothing() -> None:
    scene = Scene(distance="l2", far=200)
    assert (replace(scene, skew=40).target_D == scene.target_D).all()
    wide = replace(scene, spread=90)
    assert (wide.target_D == scene.target_D).all()
    assert (wide.vanilla_D == scene.vanilla_D).all()


def test_clouds_grow_without_jumping() -> None:
    few, many = Scene(skew=50).clouds()[0], Scene(skew=90).clouds()[0]
    assert len(few) < len(many)
    assert (many[: len(few)] == few).all()


def test_presets_show_what_they_say() -> None:
    verdicts = {name: validated(preset.scene).verdict() for name, preset in PRESETS.items()}
    assert verdicts["start"].holds
    assert verdicts["start"].worst_aligned < verdicts["start"].worst_vanilla
    assert verdicts["balanced"].same
    assert verdicts["balanced"].worst_vanilla > 1
    assert verdicts["together"].worst_vanilla < 0.1 * verdicts["start"].worst_vanilla
    assert verdicts["far"].worst == verdicts["balanced-far"].worst == 3
    assert not verdicts["far-majority"].holds
    assert not verdicts["far-majority"].kept
    ball = replace(PRESETS["balanced-far"].scene, distance="smallest-ball")
    least = [replace(ball, distance=name).verdict().worst_aligned for name in DISTANCES]
    assert ball.verdict().worst_aligned == pytest.approx(min(least), abs=1e-6)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"groups": 6}, "groups"),
        ({"skew": 100}, "skew"),
        ({"groups": 2, "skew": 40}, "skew"),
        ({"largest": 4}, "largest"),
        ({"distance": "l3"}, "distance"),
    ],
)
def test_impossible_scenes_are_refused(change: dict, field: str) -> None:
    with pytest.raises(UserError) as caught:
        validated(replace(Scene(), **change))
    assert caught.value.field == field


def test_needs_no_torch() -> None:
    code = (
        "import sys; from fairdd_core.playground.scene import Scene;"
        "from fairdd_core.plots.playground import scene_figure;"
        "scene_figure(Scene(distance='l2'), every_target=True);"
        "print([m for m in ('torch', 'umap', 'ot') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
