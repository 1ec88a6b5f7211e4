"""The error analysis: which gap, the images with their predictions, and the nearest synthetic images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.analysis.gaps import gaps, largest_gap
from fairdd_core.analysis.metrics import recall_KGC
from fairdd_core.files import write_arrays
from fairdd_core.runs.storage.folder import RunFolder

Studio = Callable[..., AppTest]


def words(app: AppTest) -> str:
    """Return what is written on the page."""
    parts = [*app.markdown, *app.caption, *app.info, *app.header, *app.subheader]
    return "\n".join(str(part.value) for part in parts)


def charts(app: AppTest) -> list[str]:
    return [chart.proto.id for chart in app.get("plotly_chart") if "errors-" in chart.proto.id]


def test_the_largest_gap_is_analysed_by_default(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="fairness")
    found = {arm: largest_gap(run.counts()[arm]) for arm in ("vanilla", "cobra")}
    arm = max(found, key=lambda name: found[name].size)  # type: ignore[union-attr]
    assert app.selectbox(key="gap-arm").value == arm
    assert app.selectbox(key="gap-class").value == found[arm].class_id  # type: ignore[union-attr]
    assert len(charts(app)) == 2
    assert "gap" not in app.query_params, "nothing was chosen yet"


def test_k_of_n_are_those_of_the_chosen_network(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="fairness", gap="4.cobra")
    app.selectbox(key="gap-network").set_value(2).run()
    assert not app.exception
    counts = run.counts()["cobra"]
    gap = gaps(counts)[4]
    assert gap is not None
    for group in (gap.worst, gap.best):
        right = int(counts[2, group, 4, 4])
        assert f"**{right} of 50** test images of class 4 classified correctly" in words(app)
        assert right == round(50 * recall_KGC(counts)[2, group, 4])
    assert all("-cobra-4-2-" in name for name in charts(app))


def test_a_chosen_class_reaches_the_address(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="fairness")
    app.selectbox(key="gap-class").set_value(6).run()
    app.selectbox(key="gap-arm").set_value("cobra").run()
    assert not app.exception
    assert app.query_params["gap"] == "6.cobra"
    app.run()
    assert app.selectbox(key="gap-class").value == 6


@pytest.mark.parametrize("gap", ["99.vanilla", "².", "9" * 5000 + ".vanilla"], ids=["beyond", "odd", "huge"])
def test_an_unknown_gap_falls_back_with_a_message(studio: Studio, run: RunFolder, gap: str) -> None:
    app = studio(run=run.path.name, view="fairness", gap=gap)
    assert "which is unknown" in words(app)
    assert len(charts(app)) == 2


def test_an_image_shows_its_neighbours_by_pixels_and_by_features(studio: Studio, run: RunFolder) -> None:
    app = studio(run=run.path.name, view="fairness", gap="3.vanilla")
    box = app.selectbox(key="test-image")
    assert "predicted as" in box.options[0]
    for by, sentence in (("Pixels", "root mean squared"), ("Features", "trained on all real images")):
        (control,) = [w for w in app.button_group if w.label == "Compare by"]
        control.set_value(by).run()
        assert not app.exception
        assert sentence in words(app)
    first = app.session_state["test-image"]
    app.selectbox(key="test-image").select_index(1).run()
    assert not app.exception
    assert app.session_state["test-image"] != first


def test_images_of_another_size_are_not_compared_by_pixels(studio: Studio, run: RunFolder) -> None:
    found = run.synthetic()
    write_arrays(
        run.synthetic_file, {name: a[..., :8, :8] if name.endswith("/x") else a for name, a in found.items()}
    )
    app = studio(run=run.path.name, view="fairness", gap="3.vanilla")
    assert not app.exception
    (control,) = [w for w in app.button_group if w.label == "Compare by"]
    assert list(control.options) == ["Features"]


def test_predictions_for_other_images_are_refused_in_one_sentence(studio: Studio, run: RunFolder) -> None:
    answers = {f"{arm}/{k}": row for arm, rows in run.answers().items() for k, row in rows.items()}
    write_arrays(run.answers_file, {name: np.roll(row, 1) for name, row in answers.items()})
    app = studio(run=run.path.name, view="fairness")
    assert "the data set has changed since this run" in words(app)
    assert not charts(app)
    assert "test images of class" in words(app), "the counts are shown all the same"


def test_an_older_run_has_its_counts_only(studio: Studio, run: RunFolder) -> None:
    run.answers_file.unlink()
    app = studio(run=run.path.name, view="fairness")
    assert "did not save the prediction for each image" in words(app)
    assert not charts(app)


def test_without_saved_neighbours_pixels_remain(studio: Studio, run: RunFolder) -> None:
    run.nearest_file.unlink()
    app = studio(run=run.path.name, view="fairness")
    assert "Nearest images by features were not saved by this run" in words(app)
    (control,) = [w for w in app.button_group if w.label == "Compare by"]
    assert len(control.options) == 1


def test_a_gap_of_one_group_is_undefined_and_not_zero(studio: Studio, run: RunFolder) -> None:
    counts = run.count_series()
    for counts_KGCC in counts.values():
        counts_KGCC[:, 1:, 5] = 0
    write_arrays(run.counts_file, counts)
    app = studio(run=run.path.name, view="fairness", gap="5.vanilla")
    assert "The gap of class 5 is undefined" in words(app)
    assert "5 · undefined" in app.selectbox(key="gap-class").options
