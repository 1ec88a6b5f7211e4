"""The results of a run over its repeats, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from fairdd_core.runs.storage.index import RunState
from tests.pages.conftest import settled, words
from tests.pages.fake_repeats import add_seed, add_unfinished

Studio = Callable[..., AppTest]


def figures(app: AppTest) -> set[str]:
    return {name for chart in app.get("plotly_chart") if "seed" in (name := chart.proto.id)}


def test_a_run_without_repeats_has_no_such_section(
    studio: Studio, workspace: Path, no_examples: None
) -> None:
    app = studio(run=add_seed(workspace, 0), view="fairness")
    assert not [part for part in app.header if "seed" in str(part.value)]
    assert not figures(app)


def test_three_seeds_are_one_result_with_links_to_each(
    studio: Studio, workspace: Path, no_examples: None
) -> None:
    runs = [add_seed(workspace, seed) for seed in (0, 1, 2)]
    add_unfinished(workspace, 3, RunState.FAILED)
    app = studio(run=runs[1], view="fairness")
    assert "Over 3 seeds" in [part.value for part in app.header]
    assert "**seed 1** (this run)" in words(app)
    assert {link.proto.label for link in app.get("page_link")} >= {"seed 0", "seed 2"}
    assert "Not counted: seed 3 failed." in words(app)
    assert len(figures(app)) == 2
    assert "mean over 3 seeds" in words(app)
    tables = [table.value for table in app.table if "±" in str(table.value.to_numpy())]
    assert tables
    app.button_group(key="repeats-metric").set_value("accuracy").run()
    assert len(figures(settled(app))) == 2


def test_until_the_second_seed_is_done_the_page_says_so(
    studio: Studio, workspace: Path, no_examples: None
) -> None:
    run = add_seed(workspace, 0)
    add_unfinished(workspace, 1, RunState.STOPPED)
    app = studio(run=run, view="fairness")
    assert "Repeats with other seeds" in [part.value for part in app.header]
    assert any("One seed has finished" in str(info.value) for info in app.info)
    assert not figures(app)
