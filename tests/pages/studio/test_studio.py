"""The Studio, without a browser."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from fairdd_core.__main__ import main as command_line
from fairdd_core.config.presets import arms_named, preset_named, quick, standard
from fairdd_core.config.recipes import SHORT
from fairdd_core.files import write_arrays
from fairdd_core.runs.storage.cache import ResultCache
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui.common.runs import title_of
from tests.pages.conftest import words
from tests.pages.fake_run import write_fake_run

Studio = Callable[..., AppTest]


def finished(workspace: Path, state: RunState = RunState.DONE) -> str:
    """Put an invented run into the workspace."""
    store = Store(Workspace(workspace))
    run_id = store.create(quick(), title_of(quick()))
    store.update(run_id, state=state)
    write_fake_run(store.folder(run_id).path)
    return run_id


def test_empty_home_without_examples_shows_the_data(studio: Studio, no_examples: None) -> None:
    app = studio()
    assert app.session_state["view"] == "data"
    assert "1\u202f297 training images" in words(app)
    assert not app.error


def test_first_visit_shows_the_example_and_says_so(studio: Studio, one_example: None) -> None:
    app = studio()
    assert app.session_state["view"] == "images"
    assert "**Example.**" in app.info[0].value
    assert "With **COBRA** instead of" in words(app)


def test_example_is_not_shown_once_there_are_runs(studio: Studio, workspace: Path, one_example: None) -> None:
    address = {
        name: value if isinstance(value, str) else value[0]
        for name, value in studio(view="maps").query_params.items()
    }
    finished(workspace)
    app = studio(view="maps")
    assert "**Example.**" not in words(app)
    assert "open an earlier one" in words(app)
    assert "**Example.**" in words(studio(**address)), "unless a link asks for it"


@pytest.mark.parametrize("view", ["data", "images", "maps", "fairness"])
def test_every_view_of_a_finished_run(studio: Studio, workspace: Path, no_examples: None, view: str) -> None:
    app = studio(run=finished(workspace), view=view)
    assert not app.error
    assert app.session_state["view"] == view
    assert app.title[0].value == "Colored Digits (digit coloured)"


def test_fairness_states_n_and_definitions(studio: Studio, workspace: Path, no_examples: None) -> None:
    app = studio(run=finished(workspace), view="fairness")
    text = words(app)
    assert "n = 50 test images" in text
    assert "max over a − min over a" in text
    assert "95 % confidence interval" in text


def test_moving_skew_redraws_the_data(studio: Studio, no_examples: None) -> None:
    app = studio()
    app.select_slider(key="control-skew").set_value(0.5).run()
    assert not app.exception
    assert "in each class 50% of one group" in words(app)
    assert "50" in app.query_params["skew"]


def test_the_data_say_how_the_test_set_is_shown_in_the_groups(studio: Studio, no_examples: None) -> None:
    app = studio()
    assert "500 test pictures, each in every group" in words(app)
    app.selectbox(key="control-test-groups").set_value("dealt").run()
    assert "500 test pictures, each in one group" in words(app)
    assert "dealt" in app.query_params["test-groups"]
    app.number_input(key="control-test-images").set_value(100).run()
    assert "a fixed draw of 100 of the 500 test pictures" in words(app)
    assert not app.exception


def test_settings_of_synthetic_groups_are_offered_and_kept_for_these_only(
    studio: Studio, no_examples: None
) -> None:
    app = studio(dataset="colored-mnist-fg", rendering="published", **{"test-groups": "dealt"})
    shown = {box.key for box in app.selectbox}
    assert {"control-rendering", "control-test-groups"} <= shown
    app.selectbox(key="control-dataset").set_value("utkface").run()
    assert not app.exception
    assert [error.value for error in app.error] == []
    assert not {"control-rendering", "control-test-groups"} & {box.key for box in app.selectbox}
    assert app.session_state["control-test-groups"] == "crossed"
    assert app.session_state["control-rendering"] == "smooth"


def test_fewer_groups_lift_the_skew_to_what_is_possible(studio: Studio, no_examples: None) -> None:
    app = studio(skew="20")
    app.select_slider(key="control-groups").set_value(3).run()
    assert not app.exception
    assert app.session_state["control-skew"] == 0.33
    assert not app.error


def test_preset_sets_every_control(studio: Studio, no_examples: None) -> None:
    app = studio(iterations="50")
    app.button_group(key="control-preset").set_value("standard").run()
    assert app.session_state["control-dataset"] == "colored-mnist-fg"
    assert app.session_state["control-iterations"] == standard().distill.iterations
    assert not app.exception


def test_missing_files_are_explained_and_the_embedded_set_offered(studio: Studio, no_examples: None) -> None:
    app = studio(dataset="colored-mnist-fg", skew="70", view="data")
    assert "Colored MNIST" in app.warning[0].value
    assert app.code[0].value == "python -m fairdd_core data download colored-mnist-fg"
    files = app.dataframe[0].value
    assert files["file or folder"].str.startswith("MNIST/raw/").all()
    assert files["bytes"].sum() == 54_950_048
    app.button(key="use-embedded").click().run()
    assert not app.exception
    assert app.session_state["control-dataset"] == "colored-digits-fg"
    assert app.session_state["control-skew"] == 0.7
    assert "1\u202f297 training images" in words(app)


def faces(folder: Path, per_cell: int = 4) -> None:
    """Write tiny images with UTKFace's names: three ages, four races, two genders."""
    folder.mkdir(parents=True)
    for age in (5, 25, 60):
        for race in range(4):
            for n in range(per_cell + 4 * (race == 0)):
                Image.new("RGB", (40, 50), (60 * race, 2 * age, 40)).save(
                    folder / f"{age}_{n % 2}_{race}_2017{n:04d}.jpg"
                )


def test_found_groups_start_as_found_and_say_what_a_skew_leaves_out(
    studio: Studio, workspace: Path, no_examples: None
) -> None:
    faces(workspace / "data" / "UTKFace")
    app = studio(dataset="utkface", view="data")
    assert not app.error
    assert app.session_state["control-groups"] == 4
    assert app.toggle(key="skew-as-found").value
    assert "White, Black, Asian, Indian" in words(app)
    app.toggle(key="skew-as-found").set_value(False).run()
    assert not app.exception
    assert app.session_state["control-skew"] == 0.25
    assert "training images are left out" in words(app)
    before = next(frame.value for frame in app.dataframe if "left out" in frame.value)
    assert (before["available"] == before["kept"] + before["left out"]).all()
    noisy = studio(dataset="utkface", view="data", skew="25", noise="20", known="60")
    assert "is unknown" in words(noisy)
    assert "in no row" in words(noisy)
    after = next(frame.value for frame in noisy.dataframe if "left out" in frame.value)
    assert after.equals(before)
    app.selectbox(key="control-group").set_value("gender").run()
    assert not app.exception
    assert app.session_state["control-groups"] == 2
    assert app.query_params["group"] == "gender"
    app.selectbox(key="control-dataset").set_value("colored-digits-bg").run()
    assert not app.exception
    assert (app.session_state["control-groups"], app.session_state["control-skew"]) == (10, 0.9)
    assert app.session_state["control-separation"] == 1.0


def test_an_address_that_a_data_set_cannot_have_is_put_right(visit: Studio, no_examples: None) -> None:
    app = visit(dataset="cifar10-s", groups="7", view="data")
    assert "groups=7" in app.warning[0].value
    assert app.session_state["control-groups"] == 2


def test_address_restores_the_controls(studio: Studio, no_examples: None) -> None:
    app = studio(skew="70", separation="0.5", arms="vanilla,fairdd", seed="7")
    assert app.session_state["control-skew"] == 0.7
    assert app.session_state["control-separation"] == 0.5
    assert app.session_state["control-arms"] == ["vanilla", "fairdd"]
    assert app.session_state["control-seed"] == 7


def test_run_in_the_address_restores_its_controls(studio: Studio, workspace: Path, no_examples: None) -> None:
    store = Store(Workspace(workspace))
    spec = quick().model_copy(update={"seed": 9})
    run_id = store.create(spec)
    store.update(run_id, state=RunState.DONE)
    write_fake_run(store.folder(run_id).path, spec)
    assert studio(run=run_id).session_state["control-seed"] == 9


@pytest.mark.parametrize(
    "params", [{"skew": "lots"}, {"preset": "x"}, {"groups": "99"}, {"arms": "best"}, {"device": "tpu"}]
)
def test_bad_values_in_the_address_fall_back_with_a_message(
    visit: Studio, no_examples: None, params: dict[str, str]
) -> None:
    app = visit(**params)
    assert "is not possible" in app.warning[0].value
    assert next(iter(params.values())) in app.warning[0].value


@pytest.mark.parametrize("run_id", ["261122-000000-abcdef", "../../etc/passwd", "example-none"])
def test_unknown_run_falls_back_with_a_message(visit: Studio, no_examples: None, run_id: str) -> None:
    app = visit(run=run_id)
    assert "names a run that is not here" in app.warning[0].value
    assert "run" not in app.query_params


def test_a_run_of_a_newer_version_asks_for_an_update(
    visit: Studio, run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = json.loads(run.spec_file.read_bytes())
    run.spec_file.write_text(json.dumps({**spec, "version": 99, "unheard-of": 1}))
    app = visit(run=run.path.name)
    assert "that cannot be opened" in app.warning[0].value
    assert "pdate the program" in app.warning[0].value
    assert command_line(["show", run.path.name]) == 2
    shown = capsys.readouterr()
    assert "done" in shown.out, "what can be shown is shown"
    assert "Vanilla" in shown.out or "vanilla" in shown.out
    assert "pdate the program" in shown.err


def test_launch_queues_what_the_controls_say(studio: Studio, workspace: Path, no_examples: None) -> None:
    app = studio(iterations="30", seed="3")
    app.button(key="launch-button").click().run()
    assert not app.exception
    (run,) = Store(Workspace(workspace)).list()
    spec = Store(Workspace(workspace)).folder(run.id).spec()
    assert (spec.seed, spec.distill.iterations) == (3, 30)
    assert run.id in app.query_params["run"]
    assert "Waiting for the processor" in words(app)


def test_stop_of_a_queued_run_keeps_its_settings(studio: Studio, workspace: Path, no_examples: None) -> None:
    app = studio()
    app.button(key="launch-button").click().run()
    app.button(key="stop").click().run()
    assert not app.exception
    assert Store(Workspace(workspace)).list()[0].state is RunState.STOPPED
    assert "Kept: nothing but the settings" in words(app)
    assert app.button(key="resume")


def test_failed_run_says_why_what_was_kept_and_what_next(
    studio: Studio, workspace: Path, no_examples: None
) -> None:
    run_id = finished(workspace, RunState.RUNNING)
    Store(Workspace(workspace)).update(
        run_id, state=RunState.FAILED, message="The disk is full.", hint="Free some space, then continue."
    )
    text = words(studio(run=run_id))
    assert "The disk is full." in text
    assert "images up to iteration 600 of 600" in text
    assert "Free some space" in text


def test_one_method_has_nothing_to_differ_from(studio: Studio, no_examples: None) -> None:
    assert "nothing to compare it with" in words(studio(arms="cobra"))
    assert "differ in **the alignment** only" in words(studio())


def test_a_run_reuses_results_unless_told_otherwise(
    studio: Studio, workspace: Path, no_examples: None
) -> None:
    assert not [box for box in studio().checkbox if box.key == "reuse-results"], "nothing to reuse"
    ResultCache(Workspace(workspace)).put("a" * 64, {"x": np.zeros(1)}, {}, "run", {})
    app = studio()
    app.button(key="launch-button").click().run()
    app.checkbox(key="reuse-results").uncheck().run()
    app.button(key="launch-button").click().run()
    runs = Store(Workspace(workspace)).list()
    assert [run.fresh for run in sorted(runs, key=lambda run: run.created)] == [False, True]


def test_no_method_is_explained_and_cannot_be_launched(studio: Studio, no_examples: None) -> None:
    app = studio()
    app.button_group(key="control-arms").set_value([]).run()
    assert not app.exception
    assert "Choose at least one method" in words(app)
    assert not [button for button in app.button if button.key == "launch-button"]


def test_distances_become_methods_beside_the_others(studio: Studio, no_examples: None) -> None:
    app = studio()
    app.multiselect(key="control-distances").set_value(["cosine", "huber"]).run()
    assert not app.exception
    assert app.session_state["control-arms"] == ["vanilla", "cobra", "cobra:cosine", "cobra:huber"]
    assert app.query_params["arms"] == "vanilla,cobra,cobra:cosine,cobra:huber"
    pills = app.button_group(key="control-arms")
    assert pills.options[-2:] == ["COBRA · cosine", "COBRA · Huber"]
    pills.set_value(["vanilla", "cobra:huber"]).run()
    assert not app.exception
    assert app.multiselect(key="control-distances").value == ["huber"]
    assert app.query_params["arms"] == "vanilla,cobra:huber"
    app.multiselect(key="control-distances").set_value([]).run()
    assert app.session_state["control-arms"] == ["vanilla"]


def test_distances_in_the_address_are_restored(studio: Studio, no_examples: None) -> None:
    app = studio(arms="cobra,cobra:l1")
    assert app.session_state["control-arms"] == ["cobra", "cobra:l1"]
    assert app.multiselect(key="control-distances").value == ["l1"]
    assert "the distance of the barycenter** only" in words(app)


@pytest.mark.parametrize("view", ["images", "maps", "fairness"])
def test_every_view_names_a_method_with_a_distance(
    studio: Studio, workspace: Path, no_examples: None, view: str
) -> None:
    arms = arms_named("vanilla", "cobra:cosine")
    spec = quick()
    spec = spec.model_copy(update={"distill": spec.distill.model_copy(update={"arms": arms})})
    store = Store(Workspace(workspace))
    run_id = store.create(spec)
    store.update(run_id, state=RunState.DONE)
    write_fake_run(store.folder(run_id).path, spec)
    app = studio(run=run_id, view=view)
    assert not app.error
    assert "COBRA · cosine" in "\n".join(element.proto.body for element in app.get("html"))


def test_scrubber_steps_through_the_logged_iterations(
    studio: Studio, workspace: Path, no_examples: None
) -> None:
    app = studio(run=finished(workspace), view="images")
    assert app.select_slider(key="scrub-at").value == 600
    app.button(key="scrub-back").click().run()
    assert app.select_slider(key="scrub-at").value == 60
    assert not app.exception


def test_residuals_and_the_theorem_stand_below_the_fairness_figures(
    studio: Studio, workspace: Path, no_examples: None
) -> None:
    app = studio(run=finished(workspace), view="fairness")
    assert "Residual per group" in words(app)
    assert "Theorem 4.1" in words(app)
    assert "**10 of 10**" in words(app)  # the centre is never farther from anybody than the majority is
    assert "on average the farthest group" in words(app).replace("\n", " ")


def test_a_backbone_brings_its_usual_settings(studio: Studio, no_examples: None) -> None:
    app = studio()
    box = next(box for box in app.selectbox if box.key == "control-backbone")
    box.set_value("dc").run()
    assert app.session_state["control-iterations"] == SHORT["dc"]["iterations"]
    assert app.session_state["control-matching"] == "cosine"
    assert "dc" in app.query_params["backbone"]
    assert not app.error


def test_a_distance_between_clouds_takes_the_barycenters_along(studio: Studio, no_examples: None) -> None:
    app = studio()
    matched = next(box for box in app.selectbox if box.key == "control-matching")
    matched.set_value("wasserstein").run()
    assert app.session_state["control-arms"] == ["vanilla", "cobra:wasserstein"]
    assert not app.error
    next(box for box in app.selectbox if box.key == "control-backbone").set_value("cafe").run()
    assert app.session_state["control-arms"] == ["vanilla", "cobra"]
    assert not app.error


@pytest.mark.parametrize("view", ["data", "images", "maps", "fairness"])
def test_a_run_opens_with_its_names_when_its_data_is_gone(
    studio: Studio, workspace: Path, no_examples: None, view: str
) -> None:
    run_id = finished(workspace)
    folder = Store(Workspace(workspace)).folder(run_id)
    spec = json.loads(folder.spec_file.read_text())
    spec["data"]["dataset"] = "own-gone"
    folder.spec_file.write_text(json.dumps(spec))
    names = {"classes": [f"thing {c}" for c in range(10)], "groups": [f"people {g}" for g in range(10)]}
    with folder.events_file.open("a") as log:
        log.write(json.dumps({"t": 0, "event": "loaded", **names, "colors": []}) + "\n")
    app = studio(run=run_id, view=view)
    assert "own-gone" in words(app)
    shown = "\n".join(element.proto.body for element in app.get("html"))
    if view == "fairness":
        assert "people 7" in shown
    app.selectbox(key="control-dataset").set_value("colored-digits-bg").run()
    assert not app.exception
    assert not app.error


def elsewhere_and_back(app: AppTest, **params: str) -> AppTest:
    """Go to another screen, and from there to the Studio by a link with these parameters."""
    app.query_params.clear()  # as the navigation does
    app.switch_page("runs.py").run()
    app.query_params.clear()
    for name, value in params.items():
        app.query_params[name] = value
    app.switch_page("studio.py").run()
    assert not app.exception
    return app


def test_a_link_sets_controls_and_view_of_a_studio_that_was_in_use(studio: Studio, no_examples: None) -> None:
    app = elsewhere_and_back(studio(skew="50", seed="3"), skew="70", view="fairness")
    assert app.session_state["control-skew"] == 0.7
    assert app.session_state["control-seed"] == 0, "what a link does not name is as in the preset"
    assert app.session_state["view"] == "fairness"


def test_a_link_without_controls_leaves_them_as_they_are(studio: Studio, no_examples: None) -> None:
    app = elsewhere_and_back(studio(skew="50", seed="3"), view="data")
    assert (app.session_state["control-skew"], app.session_state["control-seed"]) == (0.5, 3)


@pytest.mark.parametrize("seed", [0, 9])
def test_a_link_to_a_run_shows_its_images_and_settings(
    studio: Studio, workspace: Path, no_examples: None, seed: int
) -> None:
    store = Store(Workspace(workspace))
    spec = quick().model_copy(update={"seed": seed})
    run_id = store.create(spec)
    store.update(run_id, state=RunState.DONE)
    write_fake_run(store.folder(run_id).path, spec)
    app = studio(seed="3", view="data")
    for _ in range(2):  # the same link works again after the controls were moved
        elsewhere_and_back(app, run=run_id)
        assert app.session_state["control-seed"] == seed
        assert app.session_state["view"] == "images"
        next(box for box in app.number_input if box.label == "Seed").set_value(4).run()
        assert app.session_state["control-seed"] == 4


def test_a_click_that_overtakes_the_address_is_not_undone(studio: Studio, no_examples: None) -> None:
    app = studio(skew="50")
    before = {name: app.query_params[name] for name in app.query_params}
    skew = next(slider for slider in app.select_slider if slider.label == "Skew")
    skew.set_value(0.7).run()
    app.query_params.clear()
    for name, value in before.items():  # the browser has not heard of the new address yet
        app.query_params[name] = value
    next(box for box in app.number_input if box.label == "Seed").set_value(4).run()
    assert (app.session_state["control-skew"], app.session_state["control-seed"]) == (0.7, 4)


@pytest.mark.parametrize("page", ["sweep", "data", "runs", "compare", "learn"])
def test_every_screen_can_be_left_and_visited_again(studio: Studio, workspace: Path, page: str) -> None:
    finished(workspace)
    app = studio()
    for name in (page, "studio", page):
        app.query_params.clear()
        app.switch_page(f"{name}.py").run()
        assert not app.exception, app.exception[0].value
        app.run()
        assert not app.exception, app.exception[0].value


def test_names_of_classes_are_shown_as_they_are(studio: Studio, workspace: Path, no_examples: None) -> None:
    run_id = finished(workspace)
    names = {"classes": ["![x](http://a.b/c)", *map(str, range(1, 10))], "groups": list("abcdefghij")}
    with Store(Workspace(workspace)).folder(run_id).events_file.open("a") as log:
        log.write(json.dumps({"t": 0, "event": "loaded", **names, "colors": []}) + "\n")
    assert "![x](" not in words(studio(run=run_id, view="maps"))


def test_without_a_defined_gap_no_sentence_is_made_of_it(
    studio: Studio, workspace: Path, no_examples: None
) -> None:
    run_id = finished(workspace)
    folder = Store(Workspace(workspace)).folder(run_id)
    counts = folder.counts()
    for counts_KGCC in counts.values():
        counts_KGCC[:, 1:] = 0  # test images of one group only
    write_arrays(folder.counts_file, counts)
    text = words(studio(run=run_id, view="fairness"))
    assert "nan" not in text
    assert "instead of vanilla" not in text


def test_the_example_stays_while_nothing_was_finished(
    studio: Studio, workspace: Path, one_example: None
) -> None:
    finished(workspace, RunState.FAILED)
    assert "**Example.**" in studio().info[0].value


def test_a_title_names_an_unusual_backbone() -> None:
    spec = preset_named("controlled-cafe")
    assert "CAFE" in title_of(spec)
    assert "Distribution" not in title_of(quick())
