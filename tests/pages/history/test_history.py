"""The list of runs, without a browser."""

from __future__ import annotations

import io
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.config.presets import quick
from fairdd_core.errors import UserError
from fairdd_core.runs import engine
from fairdd_core.runs.storage import archive, trash
from fairdd_core.runs.storage.cache import ResultCache
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.units import age_text, bytes_text
from fairdd_core.workspace import Workspace
from pages.ui.common.cache import Thumbnail, thumbnail_of
from pages.ui.common.errors import escape_markdown
from pages.ui.common.runs import row_of, title_of
from pages.ui.history.actions import rename
from pages.ui.history.card import card_html
from pages.ui.history.filters import matches
from pages.ui.history.listing import _watch, signature
from tests.pages.conftest import settled, words
from tests.pages.fake_run import write_fake_run

Visit = Callable[..., AppTest]


def add(workspace: Path, state: RunState = RunState.DONE, title: str | None = None, **values: Any) -> str:
    """Put a fake run into the workspace."""
    store = Store(Workspace(workspace))
    run_id = store.create(quick(), title_of(quick()) if title is None else title)
    if not state.live:
        folder = write_fake_run(store.folder(run_id).path, iterations=(0, 60))
        if state is not RunState.DONE:
            folder.result_file.unlink()
    store.update(run_id, state=state, **values)
    return run_id


@pytest.fixture
def runs_page(visit: Visit, no_examples: None) -> Visit:
    """Open the list as a second screen, as the navigation does."""

    def run(**params: str) -> AppTest:
        app = visit().switch_page("runs.py")
        for name, value in params.items():
            app.query_params[name] = value
        return settled(app.run())

    return run


def cards(app: AppTest) -> list[str]:
    found = [str(part.proto.body) for part in app.get("html")]
    return [body for body in found if "<article" in body]


def keys(app: AppTest) -> set[str]:
    return {str(button.key) for button in app.button}


def test_an_empty_workspace_says_what_to_do(runs_page: Visit) -> None:
    text = words(runs_page())
    assert "No runs yet." in text
    assert "press **Launch**" in text


def test_finished_run_shows_its_settings_and_results(runs_page: Visit, workspace: Path) -> None:
    run_id = add(workspace)
    (card,) = cards(runs_page())
    for part in ("Done", "skew 90%", "separation 1", "10 images per class", "600 iterations", run_id):
        assert part in card
    assert card.count("</b> %") == 2
    assert card.count("</b> pt") == 2
    assert "one per class: Vanilla, then COBRA" in card


@pytest.mark.parametrize("state", list(RunState))
def test_every_state_has_a_word_and_its_actions(runs_page: Visit, workspace: Path, state: RunState) -> None:
    run_id = add(workspace, state, message="The disk is full.", hint="Free some space, then resume.")
    app = runs_page()
    assert (f"stop-{run_id}" in keys(app)) == state.live
    assert (f"resume-{run_id}" in keys(app)) == state.early
    assert f"edit-{run_id}" not in keys(app)
    assert (f"delete-{run_id}" in keys(app)) == (not state.live)
    assert ("The disk is full. Free some space, then resume." in cards(app)[0]) == state.early


def test_a_run_that_would_fail_again_leads_to_its_settings(runs_page: Visit, workspace: Path) -> None:
    spec = quick().model_copy(update={"seed": 77})
    store = Store(Workspace(workspace))
    run_id = store.create(spec)
    store.update(run_id, state=RunState.FAILED, message="Not a number.", hint="Smaller steps.", final=True)
    app = runs_page()
    assert f"resume-{run_id}" not in keys(app)
    assert "Not a number. Smaller steps." in cards(app)[0]
    app.button(key=f"edit-{run_id}").click().run()
    settled(app)
    assert app.session_state["control-seed"] == 77
    assert app.session_state["view"] == "data"
    assert app.button(key="launch-button")


def test_the_studio_does_not_offer_to_repeat_a_failure(
    visit: Visit, workspace: Path, no_examples: None
) -> None:
    spec = quick().model_copy(update={"seed": 77})
    store = Store(Workspace(workspace))
    run_id = store.create(spec)
    store.update(run_id, state=RunState.FAILED, message="Not a number.", final=True)
    app = visit(run=run_id, seed="3")
    assert "resume" not in keys(app)
    app.button(key="edit").click().run()
    settled(app)
    assert app.session_state["control-seed"] == 77
    assert "run" not in app.query_params


def test_a_list_without_live_runs_notices_new_ones(
    runs_page: Visit, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fragments do not poll in this kind of test, so it is done by hand."""
    app = runs_page()
    assert "No runs yet." in words(app)
    drawn: list[str] = []
    monkeypatch.setattr("streamlit.rerun", lambda: drawn.append("again"))
    seen = Store(Workspace(workspace)).stamp(), signature()
    _watch(*seen)
    assert drawn == []
    run_id = add(workspace)
    _watch(*seen)
    assert drawn == ["again"]
    assert run_id in cards(settled(app.run()))[0]


def test_queued_runs_show_their_position(runs_page: Visit, workspace: Path) -> None:
    for _ in range(3):
        add(workspace, RunState.QUEUED)
    text = words(runs_page())
    assert "It starts next." in text
    assert "Number 3 in the queue." in text


def test_newest_first_but_live_ones_before_all(runs_page: Visit, workspace: Path) -> None:
    now = time.time()
    running = add(workspace, RunState.RUNNING, created=now - 100)
    old, new = add(workspace, created=now - 90), add(workspace, created=now - 10)
    text = "".join(cards(runs_page()))
    assert text.index(running) < text.index(new) < text.index(old)


def test_filter_by_words_and_state(runs_page: Visit, workspace: Path) -> None:
    lecture, stopped = add(workspace, title="For the lecture"), add(workspace, RunState.STOPPED)
    app = runs_page()
    app.text_input(key="search").set_value("LECTURE cobra").run()
    assert [lecture in card for card in cards(settled(app))] == [True]
    app.text_input(key="search").set_value("").run()
    app.button_group(key="state").set_value(["stopped"]).run()
    assert [stopped in card for card in cards(settled(app))] == [True]
    app.text_input(key="search").set_value("lecture").run()
    assert "No run fits." in words(settled(app))


def test_filter_is_in_the_address(runs_page: Visit, workspace: Path) -> None:
    lecture, _ = add(workspace, title="For the lecture"), add(workspace, RunState.STOPPED)
    app = runs_page(search="lecture", state="done,nonsense")
    assert [lecture in card for card in cards(app)] == [True]
    app.button_group(key="state").set_value([]).run()
    assert "search" in settled(app).query_params
    assert "state" not in app.query_params


def test_a_link_to_a_run_on_the_wrong_screen_leads_to_the_studio(runs_page: Visit, workspace: Path) -> None:
    app = runs_page(run=add(workspace))
    assert app.title[0].value == "Colored Digits (digit coloured)"


def test_a_long_list_comes_in_pages(runs_page: Visit, workspace: Path) -> None:
    for _ in range(14):
        Store(Workspace(workspace)).update(
            Store(Workspace(workspace)).create(quick()), state=RunState.STOPPED
        )
    app = runs_page()
    assert len(cards(app)) == 12
    app.button(key="show-more").click().run()
    assert len(cards(settled(app))) == 14


def test_delete_and_undo(runs_page: Visit, workspace: Path) -> None:
    run_id = add(workspace, title="Precious")
    app = runs_page()
    app.button(key=f"delete-{run_id}").click().run()
    assert "**Precious** is in the trash" in words(settled(app))
    assert cards(app) == []
    app.button(key="undo").click().run()
    assert "is back in the list" in words(settled(app))
    assert len(cards(app)) == 1


def test_restore_from_the_trash_and_empty_it(runs_page: Visit, workspace: Path) -> None:
    kept, lost = add(workspace), add(workspace)
    for run_id in (kept, lost):
        trash.delete(Workspace(workspace), run_id)
    app = runs_page()
    app.button(key=f"restore-{kept}").click().run()
    app.button(key="empty-trash").click().run()
    assert "1 run was removed for good." in words(settled(app))
    assert [run.id for run in Store(Workspace(workspace)).list()] == [kept]
    assert not Store(Workspace(workspace)).list(deleted=True)


def test_rename_and_back_to_the_settings(runs_page: Visit, workspace: Path) -> None:
    run_id = add(workspace)
    app = runs_page()
    app.text_input(key=f"name-{run_id}").set_value("  My   <i>run</i> ").run()
    assert "My &lt;i&gt;run&lt;/i&gt;" in cards(settled(app))[0]
    assert Store(Workspace(workspace)).get(run_id).title == "My <i>run</i>"
    app.text_input(key=f"name-{run_id}").set_value("").run()
    assert Store(Workspace(workspace)).get(run_id).title == title_of(quick())


def test_stop_a_waiting_run_then_resume_it(runs_page: Visit, workspace: Path) -> None:
    run_id = add(workspace, RunState.QUEUED)
    app = runs_page()
    app.button(key=f"stop-{run_id}").click().run()
    assert Store(Workspace(workspace)).get(run_id).state is RunState.STOPPED
    app = settled(app.run())
    app.button(key=f"resume-{run_id}").click().run()
    assert "continues from its last checkpoint" in words(settled(app))
    assert Store(Workspace(workspace)).get(run_id).state is RunState.QUEUED


def test_an_action_that_comes_too_late_is_explained(runs_page: Visit, workspace: Path) -> None:
    run_id = add(workspace, RunState.STOPPED)
    app = runs_page()
    Store(Workspace(workspace)).update(run_id, state=RunState.DONE)
    app.button(key=f"resume-{run_id}").click().run()
    assert "**The run could not be resumed; it stays as it was.**" in words(settled(app))
    assert "which is done" in words(app)


def exported(workspace: Path, run_id: str) -> bytes:
    buffer = io.BytesIO()
    archive.export_run(Workspace(workspace), run_id, buffer)
    return buffer.getvalue()


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader[0].set_value((name, content, "application/zip"))
    return settled(app.button(key="import-uploaded").click().run())


def test_import_adds_the_run(runs_page: Visit, workspace: Path) -> None:
    archive = exported(workspace, add(workspace, title="Sent *around*"))
    app = upload(runs_page(), "run.zip", archive)
    assert r"**Sent \*around\*** was imported from run.zip." in words(app)
    assert len(cards(app)) == 2
    assert len(cards(settled(app.run()))) == 2  # once, however often the page is drawn


def test_importing_no_file_says_what_to_do(runs_page: Visit, workspace: Path) -> None:
    add(workspace)
    app = runs_page()
    assert "Choose the zip file of a run first." in words(
        settled(app.button(key="import-uploaded").click().run())
    )


def test_a_field_that_the_browser_sends_after_its_run_is_gone_renames_nothing(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = add(workspace, title="Old")
    Store(Workspace(workspace)).update(run_id, title="New, from another tab")
    state = {"field": "Old", "notice-outcome": "what the last action did"}
    monkeypatch.setattr("streamlit.session_state", state)
    rename(run_id, "field", "Old")
    assert Store(Workspace(workspace)).get(run_id).title == "New, from another tab"
    assert "notice-outcome" in state


def test_bad_files_are_explained_and_leave_nothing(runs_page: Visit, workspace: Path) -> None:
    archive = exported(workspace, add(workspace))
    bad = [b"", b"no zip", archive[: len(archive) // 2], archive[:200] + b"\xff" * 40 + archive[240:]]
    app = runs_page()
    for content in bad:
        app = upload(app, "bad.zip", content)
        assert "**bad.zip could not be imported; nothing was changed.**" in words(app)
        assert len(cards(app)) == 1


def test_pruning_removes_what_it_announces(workspace: Path) -> None:
    now, store = time.time(), Store(Workspace(workspace))
    for i in range(4):
        add(workspace, created=now - i)
    add(workspace, RunState.RUNNING, created=now - 99)
    sizes = trash.sizes(Workspace(workspace))
    promised = trash.oldest_beyond([(run, sizes[run.id]) for run in store.list()], sum(sizes.values()) // 2)
    assert [run.id for run in promised] == trash.prune(Workspace(workspace), sum(sizes.values()) // 2)
    assert 0 < len(promised) < 4


def test_prune_from_the_page(runs_page: Visit, workspace: Path) -> None:
    add(workspace)
    app = runs_page()
    assert app.button(key="prune").disabled
    app.number_input(key="prune-limit").set_value(0).run()
    assert "the oldest 1 of 1 runs" in words(settled(app))
    app.button(key="prune").click().run()
    assert "1 run was removed for good." in words(settled(app))
    assert "No runs yet." in words(app)


def test_the_cache_is_emptied_from_the_page(runs_page: Visit, workspace: Path) -> None:
    add(workspace)
    cache = ResultCache(Workspace(workspace))
    assert runs_page().button(key="empty-cache").disabled
    cache.put("a" * 64, {"x": np.zeros(1000)}, {}, "run", {})
    app = runs_page()
    app.button(key="empty-cache").click().run()
    assert "1 result was removed" in words(settled(app))
    assert cache.size() == (0, 0)


def test_a_run_without_files_does_not_take_the_list_down(runs_page: Visit, workspace: Path) -> None:
    gone, damaged, fine = add(workspace), add(workspace), add(workspace)
    Store(Workspace(workspace)).folder(gone).spec_file.unlink()
    folder = Store(Workspace(workspace)).folder(damaged)
    folder.snapshot_file(60).write_bytes(b"torn")
    folder.result_file.write_bytes(b"{")
    app = runs_page()
    assert len(cards(app)) == 3
    assert "The files of this run are gone or cannot be read." in words(app)
    assert f"delete-{gone}" in keys(app)
    assert any(fine in card for card in cards(app))


def test_unreadable_index_is_explained(
    runs_page: Visit, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = runs_page()

    def broken(*_: object, **__: object) -> list[object]:
        raise UserError("FAIRDD_HOME", "an index of version 1 or older", "version 9", "Update the program.")

    monkeypatch.setattr(Store, "list", broken)
    monkeypatch.setattr(engine, "request_warm_worker", lambda workspace: None)
    app.run()
    assert "The list of runs cannot be read." in app.error[0].value
    assert "Update the program" in app.error[0].value


def test_the_studio_explains_an_unreadable_index(
    visit: Visit, workspace: Path, no_examples: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> list[object]:
        raise sqlite3.DatabaseError("file is not a database")

    monkeypatch.setattr(Store, "list", broken)
    app = visit()
    assert "file is not a database" in app.error[0].value


@pytest.mark.parametrize("page", ["runs", "studio"])
def test_watching_a_live_run_wakes_the_dispatcher(
    visit: Visit, workspace: Path, no_examples: None, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    run_id = add(workspace, RunState.QUEUED)
    woken: list[Workspace] = []
    monkeypatch.setattr(engine, "wake", woken.append)
    app = visit(**({"run": run_id} if page == "studio" else {}))
    if page == "runs":
        settled(app.switch_page("runs.py").run())
    assert Workspace(workspace) in woken


def test_studio_comes_back_to_the_run_that_was_left(visit: Visit, workspace: Path, no_examples: None) -> None:
    run_id = add(workspace)
    app = visit(run=run_id, view="fairness")
    app.query_params.clear()  # as the navigation does
    settled(app.switch_page("runs.py").run())
    app.query_params.clear()
    settled(app.switch_page("studio.py").run())
    assert app.query_params["run"] in (run_id, [run_id])
    assert app.session_state["view"] == "fairness"


def test_row_of_a_run_that_was_never_named(workspace: Path) -> None:
    store = Store(Workspace(workspace))
    row = row_of(store.get(add(workspace, title="")))
    assert row.name == "Colored Digits (digit coloured)"
    assert matches(row, "digits 90%", {RunState.DONE})
    assert not matches(row, "digits", {RunState.LOST})
    assert thumbnail_of(store.folder(row.id), row.arms).iteration == 60


def test_cards_escape_titles_and_messages(workspace: Path) -> None:
    store = Store(Workspace(workspace))
    run_id = add(workspace, RunState.FAILED, title="<img src=x onerror=1>", message="<script>", hint="&")
    card = card_html(row_of(store.get(run_id)), Thumbnail(), 0, time.time())
    assert "<img src=x" not in card
    assert "<script>" not in card
    assert escape_markdown("![a](http://b) :smile: $x$") == "!\\[a\\](http\u2060\\://b) \\:smile\\: \\$x\\$"


def test_undefined_and_untested_are_not_zero(workspace: Path) -> None:
    store = Store(Workspace(workspace))
    row = row_of(store.get(add(workspace)))
    tested = {"vanilla": {"accuracy": {"mean": None}, "deo_mean": {"mean": 0.0}}}
    card = card_html(replace(row, result={"arms": tested}), Thumbnail(), 0, time.time())
    assert "<td>undefined</td><td><b>0.0</b> pt</td>" in card
    assert "<td>–</td><td>–</td>" in card, "COBRA was not tested"
    assert "<td>" not in card_html(replace(row, result=None), Thumbnail(), 0, time.time())


def test_sizes_and_ages_as_text() -> None:
    assert [bytes_text(n) for n in (0, 10, 4_200_000, 2_500_000_000)] == ["0 kB", "1 kB", "4.2 MB", "2.50 GB"]
    ages = [age_text(0, t) for t in (30, 120, 7200, 86400, 3 * 86400)]
    assert ages == ["just now", "2 min ago", "2 h ago", "1 day ago", "3 days ago"]
