"""A researcher sweeps, compares and exports, in a real browser."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Page, Request, expect

from fairdd_core.config.presets import quick
from fairdd_core.config.settings import changed
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.config.sweep import SweepSpec
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui.sweep.model import BUNDLED
from tests.e2e.conftest import READY, SLOW, Visitor
from tests.helpers import made
from tests.pages.fake_run import write_fake_run

RUN_ENDS = 420_000  # milliseconds for one small run on two busy cores
SMALL = {
    "Steps of skew": "2",
    "Of separation": "2",
    "Iterations": "20",
    "Test networks": "1",
    "Training epochs": "5",
}


def grid() -> SweepSpec:
    """What the controls describe once they say what ``SMALL`` says."""
    base = changed(quick(), {"distill.iterations": 20, "evaluation.networks": 1, "evaluation.epochs": 5})
    return SweepSpec(base=base, skews=(0.1, 0.9), separations=(0.0, 1.0))


def known(workspace: Path) -> list[str]:
    """Put invented runs at all places of the grid but the last, as if they had been made before."""
    store = Store(Workspace(workspace))

    def fill(folder: RunFolder, spec: RunSpec) -> None:
        write_fake_run(folder.path, spec, iterations=(0, 20))
        folder.write_result((folder.result() or {}) | made())

    def enter(spec: RunSpec) -> str:
        # Done from the first: a queued run would be taken by the worker that waits for one.
        return store.enter(partial(fill, spec=spec), state=RunState.DONE)

    return [enter(spec) for spec in grid().runs()[:-1]]


def settle(page: Page) -> None:
    page.locator(READY).wait_for(timeout=SLOW)


def test_a_researcher_sweeps_compares_and_exports(visitor: Visitor, browser: Browser, tmp_path: Path) -> None:
    ids = known(visitor.server.workspace)
    page = visitor.open("/sweep")
    if BUNDLED.exists():
        expect(page.get_by_text("is worst at")).to_be_visible()
        expect(page.locator(".js-plotly-plot")).to_have_count(3)
    sweep(page)
    compare(page, visitor.server.url, ids)
    report = export(page, visitor.server.url, ids[1], tmp_path)
    read_offline(browser, report)


def sweep(page: Page) -> None:
    """Launch a grid of which all but one place is known, watch it fill, and open a cell."""
    page.get_by_text("Advanced", exact=True).click()
    for label, value in SMALL.items():
        box = page.get_by_label(label, exact=True)
        box.fill(value)
        box.press("Enter")
        settle(page)
    expect(page.get_by_text("4 runs, 3 of them exist already.")).to_be_visible()
    page.get_by_role("button", name="Launch the sweep").click()
    expect(page.get_by_text("3 of 4 runs done")).to_be_visible()
    expect(page.get_by_role("button", name="Stop the rest")).to_be_visible()
    expect(page.get_by_role("button", name="Stop the rest")).to_have_count(0, timeout=RUN_ENDS)
    expect(page).to_have_url(re.compile("sweep="))
    settle(page)
    chart = page.locator(".js-plotly-plot").first
    cells = chart.locator(".heatmaplayer").bounding_box()
    assert cells is not None
    page.mouse.click(cells["x"] + cells["width"] * 0.75, cells["y"] + cells["height"] * 0.75)
    expect(page.get_by_text("Skew 10%, separation 1")).to_be_visible()
    expect(page).to_have_url(re.compile("at=0.1"))
    expect(page.get_by_role("link", name="Open the run")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def compare(page: Page, url: str, ids: list[str]) -> None:
    """Two places of the grid side by side, by a link with a mistake in it."""
    page.goto(f"{url}/compare?runs={ids[0]},{ids[1]},nonsense")
    settle(page)
    expect(page.get_by_text("which cannot be compared")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Separation")).to_be_visible()
    expect(page.get_by_test_id("stTable").locator("tbody tr")).to_have_count(1)
    expect(page.get_by_text("unpaired")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(1 + 3 + 3 + 4 + 2)
    expect(page.get_by_role("img", name=re.compile("Synthetic images of COBRA in run B"))).to_be_visible()
    expect(page).not_to_have_url(re.compile("nonsense"))
    page.get_by_role("link", name="Open").first.click()
    expect(page).to_have_url(re.compile(f"run={ids[0]}"))


def export(page: Page, url: str, run_id: str, target: Path) -> Path:
    """Save the report of a run, and its pictures."""
    page.goto(f"{url}/?run={run_id}")
    settle(page)
    expect(page.get_by_role("slider", name="Iteration")).to_be_visible()
    page.get_by_role("button", name="Export").click(timeout=SLOW)
    for name in ("Images (PNG)", "Report"):
        with page.expect_download(timeout=SLOW) as download:
            page.get_by_role("button", name=name).click(timeout=SLOW)
        download.value.save_as(target / download.value.suggested_filename)
    assert (target / f"images-{run_id}.zip").read_bytes()[:2] == b"PK"
    return target / f"report-{run_id}.html"


def read_offline(browser: Browser, report: Path) -> None:
    """The report draws everything without asking for anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((report.as_uri(), "data:", "blob:")):
            asked.append(request.url)

    page.on("request", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(report.as_uri(), timeout=3 * SLOW)
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.locator(".plotly-graph-div")).to_have_count(17)
    expect(page.locator(".js-plotly-plot")).to_have_count(17)
    expect(page.get_by_role("img", name=re.compile("Synthetic images of COBRA after 20"))).to_be_visible()
    with page.expect_download(timeout=SLOW) as download:
        page.locator(".modebar-btn").first.click()
    assert download.value.suggested_filename.endswith(".svg")
    assert "</svg>" in Path(download.value.path()).read_text()
    assert asked == complaints == []
    context.close()
