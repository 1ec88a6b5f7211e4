"""How long a visitor waits: for the first page of a server that was just started, and for another page."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import READY, SLOW, serving

LANDMARKS = {
    "Sweep": "When does bias hurt",
    "Data": "Nothing leaves this machine",
    "Runs": "on this machine,",
    "Compare": "Compare runs",
    "Learn": "why balancing the groups",
    "Studio": "Running on",
}
"""Link of a page -> words that are on it and on no other; the Studio shows a run that goes on."""


def drawn(page: Page, words: str) -> None:
    """Wait until a page has its words and stands still."""
    expect(page.get_by_text(words).first).to_be_visible(timeout=SLOW)
    page.locator(READY).wait_for(timeout=SLOW)


def first_paints(browser: Browser, folder: Path, times: int) -> tuple[list[float], list[float]]:
    """Start a server anew and again, and ask for the Studio.

    Returns:
        Seconds until controls and images are there, and until figures are, too, and the page stands still.
    """
    seconds, whole = [], []
    for n in range(times):
        with serving(folder / f"cold-{n}" / "home") as server:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            started = time.perf_counter()
            page.goto(server.url)
            for what in (
                page.get_by_role("button", name="Launch"),
                page.get_by_text("Example.").first,
                page.locator(".st-key-grid-cobra img").first,
            ):
                what.wait_for(timeout=SLOW)
            seconds.append(time.perf_counter() - started)
            page.locator(".js-plotly-plot .main-svg").nth(1).wait_for(timeout=SLOW)
            page.locator(READY).wait_for(timeout=SLOW)
            whole.append(time.perf_counter() - started)
            page.close()
    return seconds, whole


def change(page: Page, name: str) -> float:
    """Go to another page by its link; return the seconds until it stands still."""
    started = time.perf_counter()
    page.get_by_role("link", name=name, exact=True).first.click()
    drawn(page, LANDMARKS[name])
    return time.perf_counter() - started


def line(what: str, seconds: Sequence[float]) -> str:
    """Return the line of a table: median and worst."""
    return f"| {what} | {len(seconds)} | {median(seconds):.2f} s | {max(seconds):.2f} s |"
