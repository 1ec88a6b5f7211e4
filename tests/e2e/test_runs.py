"""The list of runs in a real browser; the live run is a real one, of a tiny network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.runs import engine
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui.common.runs import title_of
from tests.e2e.conftest import ROOT, SLOW, Server, Visitor
from tests.helpers import tiny_distill, tiny_evaluation
from tests.pages.fake_run import write_fake_run


def long_run() -> RunSpec:
    """A run that goes on until it is stopped, in small steps."""
    return RunSpec(
        distill=tiny_distill(iterations=50_000, snapshots=200),
        evaluation=tiny_evaluation(),
        embedding=EmbeddingSpec(umap=False),
    )


def finished(workspace: Path, title: str) -> str:
    """Put an invented finished run into the workspace."""

    def fill(folder: RunFolder) -> None:
        write_fake_run(folder.path)

    # Entered as done: the server's dispatcher would take one that is queued for a moment, and run it.
    return Store(Workspace(workspace)).enter(fill, title=title, state=RunState.DONE)


def card(page: Page, run_id: str) -> Locator:
    """The card of a run; while it moves from the live ones to the others, there are two for a moment."""
    return page.locator(f".st-key-run-{run_id}").last


def steps(page: Page, run_id: str, above: int = 0) -> int:
    """Wait until more than ``above`` iterations are done, and return how many."""
    pattern = re.compile(r"Distil: (\d+) of")
    handle = page.wait_for_function(
        "([key, above]) => { const m = document.querySelector('.st-key-run-' + key)?.innerText"
        ".match(/Distil: (\\d+) of/); return m && +m[1] > above ? m[0] : null }",
        arg=[run_id, above],
        timeout=SLOW,
    )
    found = pattern.search(str(handle.json_value()))
    assert found
    return int(found[1])


def cli(server: Server, *arguments: str | Path, code: int = 0) -> str:
    """Use the command line on the server's workspace; return what it prints."""
    command = [sys.executable, "-m", "fairdd_core", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env=server.environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout.strip()


def test_two_tabs_and_a_command_line_use_one_workspace(visitor: Visitor, tmp_path: Path) -> None:
    server = visitor.server
    one = visitor.open("/runs")
    two = one.context.new_page()
    two.goto(f"{server.url}/runs")
    tabs = (one, two)
    for page in tabs:
        expect(page.get_by_text("No runs yet.")).to_be_visible()

    (tmp_path / "spec.json").write_text(long_run().model_dump_json())
    run_id = cli(server, "submit", "--spec", tmp_path / "spec.json", "--title", "First")
    waiting = cli(server, "submit", "--spec", tmp_path / "spec.json", "--title", "Second")
    for page in tabs:  # without a click
        assert steps(page, run_id, steps(page, run_id)) > 0
        expect(card(page, waiting)).to_contain_text("It starts next.")

    card(one, waiting).get_by_role("button", name="Stop run").click()
    expect(card(two, waiting)).to_contain_text("Stopped before it started.")
    assert cli(server, "wait", waiting, code=1).startswith("stopped: Stopped before it started.")

    rename_while_it_refreshes(one, run_id)
    expect(card(two, run_id)).to_contain_text("Watched twice")
    assert "Watched twice" in cli(server, "runs")

    reached = steps(two, run_id)
    assert cli(server, "cancel", run_id).startswith("Stopped at ")
    for page in tabs:
        expect(card(page, run_id)).to_contain_text("Stopped at")
    card(one, run_id).get_by_role("button", name="Resume").click()
    for page in tabs:
        assert steps(page, run_id, reached) > reached

    cli(server, "delete", waiting)
    for page in tabs:
        expect(card(page, waiting)).to_have_count(0)
    cli(server, "delete", "--undo", waiting[-6:])
    for page in tabs:
        expect(card(page, waiting)).to_be_visible()

    card(two, run_id).get_by_role("link", name="Open").click()
    expect(two).to_have_url(re.compile(f"run={run_id}"))
    expect(two.get_by_role("heading", name="Watched twice")).to_be_visible()
    expect(two.get_by_role("button", name="Stop run")).to_be_visible()
    two.close()
    assert Store(Workspace(server.workspace)).check() == "ok"


def test_a_killed_server_loses_no_run_and_its_tab_comes_back(visitor: Visitor) -> None:
    server, store = visitor.server, Store(Workspace(visitor.server.workspace))
    run_id = engine.submit(store.workspace, long_run(), title_of(long_run()))
    page = visitor.open("/runs")
    reached = steps(page, run_id)
    server.kill()
    while store.get(run_id).done <= reached:  # nobody watches, and it goes on
        assert store.get(run_id).state.live
        page.wait_for_timeout(100)
    server.start()
    reached = store.get(run_id).done
    assert steps(page, run_id, reached) > reached
    card(page, run_id).get_by_role("button", name="Stop run").click()
    expect(card(page, run_id)).to_contain_text("Stopped at")
    visitor.complaints.clear()  # that the server was gone is what the browser must complain about


def rename_while_it_refreshes(page: Page, run_id: str) -> None:
    """Type slowly enough that the list is drawn anew meanwhile."""
    card(page, run_id).get_by_role("button", name="More").click()
    field = page.get_by_role("textbox", name="Name", exact=True)
    field.fill("Watched")
    page.wait_for_timeout(2500)
    field.press_sequentially(" twice")
    field.press("Enter")
    expect(card(page, run_id).locator(".fx-run-title")).to_contain_text("Watched twice")
    page.keyboard.press("Escape")


def send(page: Page, file: Path) -> None:
    """Import a file, in the open popover; the field is empty again afterwards."""
    page.locator("input[type=file]").set_input_files(file)
    remove = page.get_by_role("button", name=f"Remove {file.name}")
    expect(remove).to_be_visible()
    page.get_by_role("button", name="Import run").click()
    expect(remove).to_have_count(0)


def test_delete_undo_export_and_import(visitor: Visitor, tmp_path: Path) -> None:
    run_id = finished(visitor.server.workspace, "To be *sent*")
    other = finished(visitor.server.workspace, "")
    page = visitor.open("/runs")
    expect(page.locator(".fx-run")).to_have_count(2)
    expect(page.get_by_role("img", name=re.compile("one per class: Vanilla, then COBRA"))).to_have_count(2)
    card(page, run_id).get_by_role("button", name="More").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as zip").click()
    archive = tmp_path / download.value.suggested_filename
    assert archive.name == f"run-{run_id}.zip"
    download.value.save_as(archive)

    page.get_by_role("button", name="Delete").click()
    expect(card(page, run_id)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(card(page, run_id)).to_be_visible()

    (tmp_path / "notes.zip").write_bytes(b"no zip at all")
    page.get_by_role("button", name="Import", exact=True).click()
    send(page, tmp_path / "notes.zip")
    expect(page.get_by_text("notes.zip could not be imported; nothing was changed.")).to_be_visible()
    send(page, archive)
    expect(page.get_by_text("was imported from")).to_be_visible()
    expect(page.locator(".fx-run-title", has_text="To be *sent*")).to_have_count(2)

    page.get_by_role("searchbox", name="Search").fill("sent")
    page.keyboard.press("Enter")
    expect(card(page, other)).to_have_count(0)
    expect(page).to_have_url(re.compile("search=sent"))
    page.reload()
    expect(page.locator(".fx-run-title", has_text="To be *sent*")).to_have_count(2)
    expect(card(page, other)).to_have_count(0)
