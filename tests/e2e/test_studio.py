"""The Studio in a real browser, with real runs."""

import os
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import READY, ROOT, SLOW, Visitor

RUN_ENDS = 420_000  # milliseconds for a shortened run on two busy cores
SHOTS = os.environ.get("FAIRDD_SCREENSHOTS")
EXAMPLES = ROOT / "assets" / "examples"


def shoot(page: Page, name: str) -> None:
    """Keep a screenshot where one is asked for."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def shorten(page: Page) -> None:
    """Make the run a short one, by the controls that everybody has."""
    page.get_by_text("Advanced", exact=True).click()
    for label, value in (("Iterations", "60"), ("Test networks", "1"), ("Training epochs", "60")):
        box = page.get_by_label(label, exact=True)
        box.fill(value)
        box.press("Enter")
        expect(page.locator("[data-testid=stApp]")).to_have_attribute("data-test-script-state", "notRunning")
    page.get_by_text("UMAP map", exact=True).click()
    expect(page).to_have_url(re.compile("umap=0"))


def launch(page: Page) -> None:
    page.get_by_role("button", name="Launch").click()


def progress(page: Page) -> int:
    """Iterations done, as the page says it."""
    found = re.search(r"Distil: (\d+) of", page.get_by_test_id("stMain").inner_text())
    return int(found[1]) if found else 0


@pytest.mark.skipif(not EXAMPLES.exists(), reason="no example is bundled")
def test_first_visit_shows_the_bundled_example(reader: Visitor) -> None:
    page = reader.open()
    expect(page.get_by_text("Example.", exact=True)).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Synthetic images of Vanilla"))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Synthetic images of COBRA"))).to_be_visible()
    for view in ("Maps", "Fairness"):
        page.get_by_role("radio", name=view).or_(page.get_by_role("button", name=view)).first.click()
        expect(page.locator(".js-plotly-plot").first).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
        expect(page).to_have_url(re.compile(f"view={view.lower()}"))
    shoot(page, "example-fairness")
    for view in ("Maps", "Images"):  # each view is one step of the browser's history
        page.locator(READY).wait_for(timeout=SLOW)
        page.go_back()
        expect(page.get_by_role("radio", name=view)).to_be_checked()
        expect(page).to_have_url(re.compile(f"view={view.lower()}"))


def test_deep_link_opened_first_reaches_the_studio(reader: Visitor) -> None:
    page = reader.open("/?skew=70&view=data&groups=nine")
    expect(page.get_by_role("button", name="Launch")).to_be_visible()
    expect(page.get_by_text("in each class 70% of one group")).to_be_visible()
    expect(page.get_by_text("groups=nine")).to_be_visible()


def test_preview_follows_the_skew(reader: Visitor) -> None:
    page = reader.open("/?view=data")
    expect(page.get_by_text("in each class 90% of one group")).to_be_visible()
    page.get_by_role("slider", name="Skew").press("ArrowLeft")
    expect(page.get_by_text("in each class 89% of one group")).to_be_visible()
    expect(page).to_have_url(re.compile("skew=89"))


@pytest.mark.alone
def test_launch_on_an_empty_workspace(visitor: Visitor) -> None:
    page = visitor.open("/?view=data")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    shoot(page, "data")
    page.get_by_role("slider", name="Skew").press("ArrowLeft")
    expect(page.get_by_text("in each class 89% of one group")).to_be_visible()
    shorten(page)
    started = time.monotonic()
    launch(page)
    expect(page.get_by_text(re.compile(r"Running on|Waiting for")).first).to_be_visible(timeout=3_000)
    expect(page.locator(".fx-grid img")).to_have_count(2, timeout=10_000)
    print(f"images after {time.monotonic() - started:.1f} s")
    shoot(page, "live")
    page.reload()
    expect(page.get_by_role("button", name="Stop run")).to_be_visible()
    expect(page.get_by_role("slider", name="Iteration")).to_be_visible(timeout=RUN_ENDS)
    expect(page.get_by_text("With COBRA instead of vanilla")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Vanilla after 60"))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("COBRA after 60"))).to_be_visible()
    expect(page.get_by_text(re.compile("skew 89%.* · 60 iterations"))).to_be_visible()
    shoot(page, "images")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("img", name=re.compile("COBRA after 60"))).to_have_count(0)
    results(page)


def results(page: Page) -> None:
    """Both arms are there in the maps and in the fairness view."""
    page.get_by_role("radio", name="Maps").or_(page.get_by_role("button", name="Maps")).first.click()
    expect(page.get_by_role("heading", name="Distance of each group to the target")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(4)
    shoot(page, "maps")
    page.get_by_role("radio", name="Fairness").or_(page.get_by_role("button", name="Fairness")).first.click()
    expect(page.get_by_role("heading", name="Accuracy against the gap")).to_be_visible()
    page.locator(READY).wait_for(timeout=SLOW)  # until then the heads of the maps' table are there, too
    expect(page.get_by_role("columnheader", name=re.compile("COBRA"))).to_be_visible()
    expect(page.get_by_role("columnheader", name=re.compile("Vanilla"))).to_be_visible()
    shoot(page, "fairness")
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_stop_keeps_the_images_and_reload_goes_on(visitor: Visitor) -> None:
    page = visitor.open("/?view=data&iterations=5000")
    launch(page)
    expect(page.locator(".fx-grid img")).to_have_count(2)
    before = progress(page)
    page.reload()
    expect(page.locator(".fx-grid img")).to_have_count(2)
    deadline = time.monotonic() + SLOW / 1000
    while progress(page) <= before and time.monotonic() < deadline:
        page.wait_for_timeout(500)
    assert progress(page) > before
    page.get_by_role("button", name="Stop run").click()
    expect(page.get_by_role("button", name=re.compile("Resume"))).to_be_visible()
    expect(page.get_by_text(re.compile("mages up to iteration"))).to_be_visible()
    expect(page.locator(".fx-grid img")).to_have_count(2)
