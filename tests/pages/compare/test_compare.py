"""The comparison page and the export, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.config.presets import arms_named, quick
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui.common.runs import open_run
from pages.ui.compare.choice import parse
from pages.ui.compare.model import difference_table, paired, settings_table
from pages.ui.compare.repeats import sides
from tests.pages.conftest import settled, words
from tests.pages.fake_run import write_fake_run

Visit = Callable[..., AppTest]


def add(workspace: Path, **parts: Any) -> str:
    """Put an invented finished run into the workspace."""
    document = quick().model_dump(mode="json")
    for name, value in parts.items():
        document[name] = document[name] | value if isinstance(value, dict) else value
    spec, store = RunSpec.model_validate(document), Store(Workspace(workspace))
    run_id = store.create(spec)
    write_fake_run(store.folder(run_id).path, spec, iterations=(0, 60))
    store.update(run_id, state=RunState.DONE)
    return run_id


@pytest.fixture
def compare_page(visit: Visit) -> Visit:
    """Open the page as a second screen, as the navigation does."""

    def run(**params: str) -> AppTest:
        app = visit().switch_page("compare.py")
        app.query_params.clear()
        for name, value in params.items():
            app.query_params[name] = value
        return settled(app.run())

    return run


def test_one_run_is_not_enough(compare_page: Visit, workspace: Path, no_examples: None) -> None:
    add(workspace)
    assert "Choose at least two runs above." in words(compare_page())


def test_the_example_can_be_compared_with_a_run_of_ones_own(
    compare_page: Visit, workspace: Path, one_example: None
) -> None:
    run_id = add(workspace, data={"skew": 0.5})
    app = compare_page()
    assert app.multiselect(key="compare-runs").value == [run_id, "example-pair"]
    assert app.table[0].value.to_dict("index") == {"Skew": {"A": "50%", "B": "90%"}}
    assert "**Paired**" in words(app)
    # trade-off, three differences between runs and within them, two methods in two runs, two curves
    assert len(app.get("plotly_chart")) == 1 + 3 + 3 + 4 + 2


def test_other_seeds_are_compared_without_pairs(
    compare_page: Visit, workspace: Path, no_examples: None
) -> None:
    one, other = add(workspace), add(workspace, seed=7)
    app = compare_page(runs=f"{one},{other}", arms="cobra,nonsense")
    assert "**unpaired**" in words(app)
    assert app.button_group(key="compare-arms").value == ["cobra"]
    assert "no method “nonsense”" in words(app)
    # trade-off, three differences between runs and within them, both as two seeds of one run, one method in
    # two runs, two curves
    assert len(app.get("plotly_chart")) == 1 + 3 + 3 + 1 + 2 + 2


def test_bad_links_fall_back_with_a_message(compare_page: Visit, workspace: Path, no_examples: None) -> None:
    one, other = add(workspace), add(workspace, seed=1)
    app = compare_page(runs=f"{one},../../etc,{other},{one},nothing")
    assert app.multiselect(key="compare-runs").value == [one, other]
    assert "which cannot be compared" in words(app)
    assert app.query_params["runs"] in (f"{one},{other}", [f"{one},{other}"])


def test_parse_keeps_order_and_names_what_is_too_much() -> None:
    assert parse("b,a,b", "abcdef") == (["b", "a"], [])
    assert parse("a,x,b,c,d,e", "abcdef") == (["a", "b", "c", "d"], ["x", "e"])
    assert parse("", "ab") == ([], [])


def test_numbers_behind_the_comparison(workspace: Path) -> None:
    views = [
        open_run(add(workspace)),
        open_run(add(workspace, data={"skew": 0.5})),
        open_run(add(workspace, seed=3)),
    ]
    arms = [arm.model_dump() for arm in arms_named("cobra", "uniform")]
    assert settings_table(views).index.tolist() == ["Skew", "Seed"]
    assert [paired(view, views[0]) for view in views] == [True, True, False]
    table = difference_table(views, 0)
    assert set(table["run"]) == {"B", "C"}
    assert set(table["arm"]) == {"vanilla", "cobra"}
    assert (table["difference"].abs() < 1e-12).all()  # the invented counts are the same
    assert (table["low"] < 0).all()
    assert (table["high"] > 0).all()
    assert [len(pairs) for pairs in table[table["run"] == "B"]["by_network"]] == [3] * 6
    assert len(arms) == 2
    assert not np.isnan(table["low"]).any()


def test_devices_differ_only_where_other_ones_were_used(workspace: Path) -> None:
    auto, cpu, elsewhere = (open_run(add(workspace, device=name)) for name in ("auto", "cpu", "auto"))
    assert settings_table([auto, cpu]).empty
    result = elsewhere.folder.result()
    assert result is not None
    elsewhere.folder.write_result(result | {"device": "NVIDIA H100, 80 GB"})
    table = settings_table([auto, elsewhere])
    assert table.to_dict("index") == {"Device": {"A": "CPU", "B": "NVIDIA H100"}}
    elsewhere.folder.result_file.unlink()
    assert settings_table([auto, elsewhere]).loc["Device", "B"] == "auto"


def test_runs_on_other_data_of_the_same_name_are_not_paired(workspace: Path) -> None:
    views = [open_run(add(workspace)) for _ in range(4)]
    for view, digest in zip(views, ("a" * 64, "a" * 64, "b" * 64, ""), strict=True):
        result = view.folder.result()
        assert result is not None
        view.folder.write_result(result | {"data": digest})
    assert [paired(view, views[0]) for view in views] == [True, True, False, True]
    assert settings_table(views[:2]).empty
    (row,) = settings_table(views).to_dict("records")
    assert row["A"] == row["B"] != row["C"]
    assert "not recorded" in row["D"]
    assert [side.letters for side in sides(views[:3])] == ["AB", "C"]


def test_a_run_that_has_ended_can_be_exported(visit: Visit, workspace: Path, no_examples: None) -> None:
    run_id = add(workspace)
    app = visit(run=run_id)
    labels = [button.proto.label for button in app.get("download_button")]
    assert {"Report", "Tables (CSV)", "Images (PNG)", "Figures (HTML)", "Settings (JSON)"} <= set(labels)
    assert any(str(code.value) == "python -m fairdd_core run --preset quick" for code in app.code)
