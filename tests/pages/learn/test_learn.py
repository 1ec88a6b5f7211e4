"""The Learn screen: its address, its steps, and statements that follow the numbers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from fairdd_core.analysis.neighbours import nearest_color
from fairdd_core.playground.scene import DISTANCES, LIMITS, PRESETS, Scene, adapted, validated
from fairdd_core.runs.storage.validation import validate_run
from pages.ui.controls.address import from_address as from_studio_address
from pages.ui.learn import narrative
from pages.ui.learn.facts import RUNS, Facts, facts
from pages.ui.learn.state import CHOICES, SCALES, SECTIONS, Lesson, from_query, to_query
from tests.helpers import ROOT

MAIN = ROOT / "pages" / "_main.py"
Visit = Callable[..., AppTest]
ANSWERS = {1: 10, 2: 40, 3: 70, 4: "falls", 5: "nothing"}


@pytest.fixture
def learn(workspace: Path) -> Visit:
    """Open the Learn screen with an address."""

    def run(**params: str) -> AppTest:
        app = AppTest.from_file(str(MAIN), default_timeout=60)
        for name, value in params.items():
            app.query_params[name] = value
        app.switch_page("learn.py").run()
        assert not app.exception, app.exception[0].value
        return app

    return run


def text_of(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def addresses(app: AppTest) -> dict[str, str]:
    return {name: value[0] if isinstance(value, list) else value for name, value in app.query_params.items()}


# The address

scenes = st.builds(
    Scene,
    **{name: st.integers(*limits) for name, limits in LIMITS.items()},
    distance=st.sampled_from(list(DISTANCES)),
).map(adapted)
answers = st.fixed_dictionaries(
    {},
    optional={step: st.integers(*limits) for step, limits in SCALES.items()}
    | {step: st.sampled_from(names) for step, names in CHOICES.items()},
)
lessons = st.builds(Lesson, st.integers(0, len(SECTIONS) - 1), scenes, st.booleans(), answers)


@settings(deadline=None, max_examples=100)
@given(lesson=lessons)
def test_an_address_gives_the_lesson_back(lesson: Lesson) -> None:
    assert from_query(to_query(lesson)) == (lesson, [])


def test_the_start_needs_no_parameters() -> None:
    assert to_query(Lesson()) == {}


@settings(deadline=None, max_examples=100)
@given(
    params=st.dictionaries(
        st.sampled_from([*LIMITS, "distance", "step", "all", "q1", "q4"]), st.text(max_size=4)
    )
)
def test_any_address_gives_a_possible_lesson(params: dict[str, str]) -> None:
    lesson, complaints = from_query(params)
    validated(lesson.scene)
    assert from_query(to_query(lesson)) == (lesson, [])
    assert len(complaints) <= len(params)


def test_values_that_do_not_fit_together_are_all_named() -> None:
    lesson, complaints = from_query({"groups": "2", "largest": "5", "skew": "30"})
    assert complaints == ["skew=30", "largest=5"]
    assert (lesson.scene.largest, lesson.scene.skew) == (2, 50)


def test_bad_values_fall_back_with_a_message(learn: Visit) -> None:
    app = learn(groups="2", skew="30", distance="l9", step="12", q4="never", spread="50")
    said = app.warning[0].value
    for complaint in ("skew=30", "distance=l9", "step=12", "q4=never"):
        assert complaint in said
    assert app.slider(key="play-groups").value == 2
    assert app.slider(key="play-skew").value == 50
    assert app.slider(key="play-spread").value == 50, "good values are kept"
    assert app.session_state["learn-section"] == "Playground"
    assert not app.run().warning, "the message is shown once"


# The playground


def test_moving_a_control_moves_everything(learn: Visit) -> None:
    app = learn()
    assert "The condition holds" in text_of(app)
    assert len(app.get("plotly_chart")) == 2
    app.slider(key="play-skew").set_value(33).run()
    assert "same point" in text_of(app)
    assert addresses(app) == {"skew": "33"}
    app.selectbox(key="play-distance").set_value("linf").run()
    assert "same point" not in text_of(app)
    assert addresses(app) == {"skew": "33", "distance": "linf"}


def test_fewer_groups_take_the_other_controls_along(learn: Visit) -> None:
    app = learn(groups="5", largest="5", skew="20")
    app.slider(key="play-groups").set_value(2).run()
    assert not app.exception
    assert app.session_state["play-largest"] == 2
    assert app.slider(key="play-skew").value == 50


def test_presets_set_the_scene_and_keep_the_distance(learn: Visit) -> None:
    app = learn(distance="l2")
    presets: Any = next(group for group in app.get("button_group") if group.key == "play-preset")
    presets.set_value("far-majority").run()
    assert addresses(app) == {"distance": "l2"} | to_query(Lesson(scene=PRESETS["far-majority"].scene))
    assert PRESETS["far-majority"].description in text_of(app)


def test_the_share_plays_to_its_end_and_starts_again_from_balance(learn: Visit) -> None:
    app = learn(skew="99")
    app.button(key="play-play").click().run()
    assert app.slider(key="play-skew").value == 33
    assert app.button(key="play-play").label == "Pause"
    app.button(key="play-play").click().run()
    assert app.button(key="play-play").label == "Play the share"


# The steps


@pytest.mark.parametrize("step", ANSWERS)
def test_an_answer_comes_only_after_a_prediction(learn: Visit, step: int) -> None:
    app = learn(step=str(step))
    assert "bundled run" not in text_of(app), "nothing is given away"
    assert not app.get("plotly_chart"), "nothing is given away"
    key = f"guess-{step}"
    if step in SCALES:
        app.slider(key=key).set_value(ANSWERS[step]).run()
    else:
        assert app.button(key=f"show-{step}").disabled, "first a prediction"
        app.radio(key=key).set_value(ANSWERS[step]).run()
    app.button(key=f"show-{step}").click().run()
    assert not app.exception
    assert not app.error
    assert "You said" in text_of(app)
    assert "bundled run" in text_of(app)
    assert addresses(app)[f"q{step}"] == str(ANSWERS[step])
    app.button(key=f"again-{step}").click().run()
    assert f"q{step}" not in addresses(app)
    assert "You said" not in text_of(app)


def test_links_open_the_run_with_its_settings_in_the_studio(learn: Visit) -> None:
    app = learn(step="5", q5="residuals")
    run = "example-colored-digits-fg-balanced"
    app.button(key=f"studio-{run}-fairness").click().run()
    assert not app.exception
    assert addresses(app)["run"] == run
    assert addresses(app)["view"] == "fairness"
    assert app.session_state["control-skew"] == 0.1
    assert app.session_state["view"] == "fairness"
    titles = [head.value for head in (*app.header, *app.subheader)]
    assert "Recall of each group, class by class" in titles


@pytest.mark.parametrize("name", RUNS)
def test_a_link_alone_brings_a_run_and_its_settings(name: str) -> None:
    spec, unusable = from_studio_address(facts(name).link("fairness"))
    assert not unusable
    assert spec == facts(name).view.spec


def test_nothing_is_lost_on_another_page(learn: Visit) -> None:
    app = learn(groups="4", far="200", distance="huber", q1="7")
    app.button(key="learn-next").click().run()
    app.switch_page("runs.py").run()
    app.query_params.clear()
    app.switch_page("learn.py").run()
    assert app.session_state["learn-section"] == "Bias"
    assert "You said 7" in text_of(app)
    assert addresses(app) == {"step": "1", "groups": "4", "far": "200", "distance": "huber", "q1": "7"}
    app.button(key="learn-back").click().run()
    assert app.slider(key="play-groups").value == 4
    assert app.selectbox(key="play-distance").value == "huber"


def test_the_lesson_goes_by_keyboard(learn: Visit) -> None:
    app = learn()
    keys = {app.button(key=key).proto.shortcut for key in ("learn-back", "learn-next")}
    assert all(keys)
    assert len(keys) == 2
    assert app.button(key="learn-back").disabled
    for section in SECTIONS[1:]:
        app.button(key="learn-next").click().run()
        assert app.session_state["learn-section"] == section
    assert app.button(key="learn-next").disabled


def test_without_the_bundled_runs_the_page_stays_up(learn: Visit, no_examples: None) -> None:
    app = learn(step="3")
    assert "cannot be read" in app.error[0].value
    app.button(key="learn-back").click().run()
    assert app.session_state["learn-section"] == "Distil"


@pytest.mark.parametrize("name", RUNS)
def test_bundled_runs_are_valid_and_small(name: str) -> None:
    folder = facts(name).view.folder
    validate_run(folder)
    assert name == "skewed" or folder.size() < 2_000_000
    assert {"vanilla", "cobra"} <= set(facts(name).counts) or name == "methods"
    assert facts(name).view.spec.seed == facts("skewed").view.spec.seed, "so that only what is named differs"


# The statements


def numbers_in(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+\.?\d*", text)]


@pytest.fixture(scope="module")
def skewed() -> Facts:
    return facts("skewed")


def swapped(f: Facts) -> Facts:
    """Return the run as if vanilla and COBRA had each other's results."""
    counts = f.counts | {"vanilla": f.counts["cobra"], "cobra": f.counts["vanilla"]}
    intervals = f.intervals | {"vanilla": f.intervals["cobra"], "cobra": f.intervals["vanilla"]}
    return replace(f, counts=counts, intervals=intervals)


def test_statements_follow_the_numbers(skewed: Facts) -> None:
    assert narrative.outcome_of_alignment(skewed) == "rises"
    assert narrative.outcome_of_alignment(swapped(skewed)) == "falls"
    assert narrative.aligned(swapped(skewed)).startswith("Accuracy falls")
    accuracy = 100 * skewed.metric("accuracy", "cobra")
    assert round(accuracy, 1) in numbers_in(narrative.aligned(skewed))


def test_what_is_left_after_balance_follows_the_numbers(skewed: Facts) -> None:
    runs = {name: facts(name) for name in narrative.CONDITIONS}
    assert narrative.outcome_of_balance(runs) == "residuals"
    assert narrative.outcome_of_balance(runs | {"balanced": skewed}) == "everything"
    assert narrative.outcome_of_balance(runs | {"balanced": runs["balanced-alike"]}) == "nothing"
    text = narrative.left_after_balancing(runs)
    gaps = [100 * runs[name].metric("deo_mean", "vanilla") for name in ("skewed", "balanced")]
    residuals = [runs[name].worst_residual("vanilla") for name in ("balanced", "balanced-alike")]
    for number in [*(round(gap, 1) for gap in gaps), *(round(residual, 2) for residual in residuals)]:
        assert number in numbers_in(text)
    data = 100 * runs["balanced"].metric("deo_mean", "full-data")
    assert round(data, 1) in numbers_in(text), "nor is distillation to blame for all of what is left"
    cost = narrative.without_separation(runs["alike"])
    assert "costs" in cost
    assert "by construction" in cost
    assert round(100 * runs["alike"].metric("accuracy", "cobra"), 1) in numbers_in(cost)
    free = replace(runs["alike"], counts=dict.fromkeys(("vanilla", "cobra"), runs["alike"].counts["cobra"]))
    assert "costs" not in narrative.without_separation(free)
    assert "does not change noticeably" in narrative.other_centers(runs["balanced"])


def test_methods_are_compared_by_paired_differences(skewed: Facts) -> None:
    value, low, high = skewed.difference("deo_mean", "cobra", "vanilla")
    assert value == pytest.approx(skewed.metric("deo_mean", "cobra") - skewed.metric("deo_mean", "vanilla"))
    assert low < value < high < 0
    assert narrative.difference_text((-0.012, -0.03, 0.006)) == "−1.2 points, 95 % interval −3.0 to +0.6"
    assert narrative.may_be_chance((-0.012, -0.03, 0.006))
    assert not narrative.may_be_chance((value, low, high))
    floor = round(100 * skewed.floor("deo_mean", "cobra")[0], 1)
    assert floor in numbers_in(narrative.aligned(skewed))


def test_fairdd_and_cobra_coincide_and_uniform_sampling_does_not() -> None:
    f = facts("methods")
    assert narrative.equal_until(f, "cobra", "fairdd") > 10 > narrative.equal_until(f, "cobra", "uniform")
    assert narrative.pixels_apart(f, "cobra", "fairdd")[0] < narrative.pixels_apart(f, "cobra", "uniform")[0]
    assert "the same method here" in narrative.compare_fairdd(f)
    same = replace(f, images=f.images | {"fairdd": f.images["cobra"]})
    assert "the same images" in narrative.compare_fairdd(same)


def test_the_colours_of_plain_digits_are_recognised(skewed: Facts) -> None:
    palette = np.array(skewed.labels.colors, float)
    plain = np.zeros((1, len(palette), 3, 4, 4), np.uint8)
    plain[0, :, :, 1:3, 1:3] = palette[:, :, None, None]
    assert nearest_color(plain, palette).tolist() == [list(range(len(palette)))]
    assert nearest_color(plain // 2, palette).tolist() == [list(range(len(palette)))], "dim ones too"
    assert narrative.in_majority_color(skewed, "vanilla")[0] > 80
    assert narrative.in_majority_color(skewed, "cobra")[0] < 20


def test_the_lesson_needs_no_torch(tmp_path: Path) -> None:
    code = """
import sys
from fairdd_core.runs import engine
from streamlit.testing.v1 import AppTest
engine.request_warm_worker = lambda workspace: None  # else a warm worker outlives the test
app = AppTest.from_file("pages/_main.py", default_timeout=60)
app.switch_page("learn.py").run()
for step, said in {1: "3", 2: "3", 3: "3", 4: "rises", 5: "nothing"}.items():
    app.query_params["step"], app.query_params[f"q{step}"] = str(step), said
    app.run()
    assert not app.exception
    assert not app.error
print([m for m in ("torch", "umap", "ot", "torchvision") if m in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "FAIRDD_HOME": str(tmp_path)},
    )
    assert done.stdout.strip() == "[]"


def test_a_slider_moved_right_after_a_preset_is_not_undone(learn: Visit) -> None:
    app = learn()

    def presets() -> Any:
        return next(group for group in app.get("button_group") if group.key == "play-preset")

    presets().set_value("far-majority").run()
    app.slider(key="play-skew").set_value(99).run()
    # The browser said the slider and, not having heard that it is taken back, the preset.
    app.slider(key="play-skew").set_value(90)
    presets().set_value("far-majority").run()
    assert app.slider(key="play-skew").value == 90
    presets().set_value("far-majority").run()
    assert app.slider(key="play-skew").value == PRESETS["far-majority"].scene.skew, "now it was meant"
