"""The error analysis of the bundled example in a real browser, by mouse and by keyboard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from fairdd_core.analysis.error_analysis import prediction_table
from fairdd_core.analysis.gaps import gaps, largest_gap
from fairdd_core.runs.storage.folder import RunFolder
from pages.ui.common.runs import EXAMPLES
from tests.e2e.conftest import READY, SLOW, Visitor

FOLDER = RunFolder(EXAMPLES / "colored-digits-fg")
CLASSES = [str(c) for c in range(10)]


def settle(page: Page) -> None:
    page.locator(READY).wait_for(timeout=SLOW)


def box(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stSelectbox").filter(has_text=label)


def choose(page: Page, label: str, text: str) -> None:
    """Pick an option of a select box with the keyboard alone, by the beginning of its text."""
    field = box(page, label).get_by_role("combobox")
    field.focus(timeout=SLOW)
    field.press("ArrowDown")
    field.press_sequentially(text)
    expect(page.get_by_role("option").first).to_contain_text(text)
    field.press("Enter")
    settle(page)


def k_of_n(group: int, class_id: int) -> str:
    """Return what is written about a cell of Vanilla's first network."""
    table = prediction_table(FOLDER.counts()["vanilla"][0], class_id, group, CLASSES)
    right = int(table.loc[table["right"], "images"].sum())
    return f"{right} of {table['images'].sum()} test images of class {class_id} classified correctly"


@pytest.mark.skipif(not FOLDER.answers(), reason="the example that came along has no answers")
def test_the_errors_of_a_gap(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.open("/?run=example-colored-digits-fg&view=fairness")
    counts = FOLDER.counts()
    largest = largest_gap(counts["vanilla"])
    assert largest is not None
    words = largest.describe(CLASSES, [str(name) for name in FOLDER.labels().groups])  # type: ignore[union-attr]
    expect(page.get_by_text(re.compile(f"Largest gap: Vanilla {words}"))).to_be_visible()
    choose(page, "Gap of class", "3 · ")
    expect(page).to_have_url(re.compile("gap=3.vanilla"))
    gap = gaps(counts["vanilla"])[3]
    assert gap is not None
    for group in {gap.worst, gap.best}:
        expect(page.get_by_text(k_of_n(group, 3), exact=True)).to_be_visible()
    expect(page.locator(".fx-near img")).to_have_count(1 + 3 * 2)
    click_an_image(page)
    click_a_gap(page)
    save_a_figure(page, tmp_path)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def click_an_image(page: Page) -> None:
    """Click an image: its nearest synthetic images are shown."""
    chosen = box(page, "Test image").get_by_role("combobox")
    before = chosen.input_value()
    tiles = page.locator("[class*=st-key-errors-best] .nsewdrag, [class*=st-key-errors-best] .drag").first
    tiles.scroll_into_view_if_needed()
    place = tiles.bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + place["width"] * 0.21, place["y"] + 16)
    expect(chosen).not_to_have_value(before)
    settle(page)


def click_a_gap(page: Page) -> None:
    """Click a row of COBRA's figure: its gap is analysed."""
    plot = page.locator("[class*=st-key-dumbbell-cobra] .nsewdrag").first
    plot.scroll_into_view_if_needed()
    place = plot.bounding_box()
    assert place is not None
    # The axes go from -0.03 to 1.9 and from -1.2 to 9.6; the mark of class 8 lies at 1.06.
    page.mouse.click(
        place["x"] + place["width"] * (1.06 + 0.03) / 1.93, place["y"] + place["height"] * (8 + 1.2) / 10.8
    )
    expect(page).to_have_url(re.compile("gap=8.cobra"))
    expect(page.get_by_text("test images of class 8 classified correctly").first).to_be_visible()
    settle(page)


def save_a_figure(page: Page, target: Path) -> None:
    """The button above a figure saves it as SVG, and the one below a table saves that as CSV."""
    with page.expect_download(timeout=SLOW) as download:
        page.locator("[class*=st-key-dumbbell-vanilla]").get_by_role("button", name="Download plot").click()
    assert download.value.suggested_filename == "dumbbell-vanilla-example-colored-digits-fg.svg"
    saved = Path(download.value.path()).read_text()
    assert "</svg>" in saved and "Vanilla: recall of each group" in saved
    expect(page.locator(".g-gtitle").first).to_be_hidden()  # on the page a heading says it
    page.get_by_text("All gaps, the largest first").click()
    with page.expect_download(timeout=SLOW) as download:
        page.locator(".st-key-gaps-table-csv button").locator("visible=true").first.click(timeout=SLOW)
    table = Path(download.value.path()).read_text().splitlines()
    assert download.value.suggested_filename == "gaps-example-colored-digits-fg.csv"
    assert len(table) == 1 + 2 * len(CLASSES)
