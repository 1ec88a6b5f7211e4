"""A teacher runs the lesson, start to end, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import READY, ROOT, SLOW, Visitor

pytestmark = pytest.mark.skipif(not (ROOT / "assets" / "examples").exists(), reason="no example is bundled")


def settled(page: Page) -> None:
    page.locator(READY).wait_for(timeout=SLOW)


def show_answer(page: Page) -> None:
    page.get_by_role("button", name="Show the answer").click()
    expect(page.get_by_text(re.compile("^You said"))).to_be_visible()
    settled(page)


def play(page: Page) -> None:
    """The playground: a preset, a slider by keyboard, another distance."""
    expect(page.get_by_text("The condition holds")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    page.get_by_role("radio", name="The far group is the largest").or_(
        page.get_by_role("button", name="The far group is the largest")
    ).first.click()
    expect(page.get_by_text("The condition does not hold")).to_be_visible()
    share = page.get_by_role("slider", name="Share of the largest group")
    share.press("End")
    expect(page).to_have_url(re.compile("skew=99"))
    page.get_by_role("button", name="Play the share").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(share).not_to_have_value("99")
    expect(page.get_by_role("button", name="Play the share")).to_be_visible(timeout=SLOW)
    expect(share).to_have_value("99")
    expect(page).to_have_url(re.compile("skew=99"))


def test_a_teacher_runs_the_lesson(reader: Visitor) -> None:
    page = reader.open()
    page.set_default_timeout(SLOW)
    page.get_by_role("link", name="Learn").click()
    expect(page.get_by_role("heading", name=re.compile("^Learn"))).to_be_visible()
    settled(page)
    play(page)

    for step, title in enumerate(("Bias", "Distil", "See the gap"), start=1):
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("heading", name=f"Step {step}: {title}")).to_be_visible()
        slider = page.get_by_role("slider", name="Your prediction")
        slider.press("ArrowRight")
        settled(page)
        expect(page.get_by_text("bundled run")).to_have_count(0)
        show_answer(page)
        expect(page.get_by_text("bundled run")).to_be_visible()

    for step, title, answer in ((4, "Align", "It rises"), (5, "Balanced", "Less of both")):
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("heading", name=re.compile(f"Step {step}: {title}"))).to_be_visible()
        expect(page.get_by_role("button", name="Show the answer")).to_be_disabled()
        page.get_by_role("radiogroup", name="Your prediction").get_by_text(answer).click()
        expect(page.get_by_role("button", name="Show the answer")).to_be_enabled()
        show_answer(page)
        expect(page.get_by_text("that is correct")).to_be_visible()
    expect(page.get_by_text("5 of 5 questions answered")).to_be_visible()

    page.keyboard.press("Control+Backspace")
    expect(page.get_by_role("heading", name="Step 4: Align")).to_be_visible()
    settled(page)
    address = page.url
    page.reload()
    expect(page.get_by_text(re.compile("^You said"))).to_be_visible()
    expect(page.get_by_text("5 of 5 questions answered")).to_be_visible()
    assert page.url == address

    page.get_by_role("button", name="Open the three methods in the Studio").click()
    expect(page).to_have_url(re.compile("run=example-colored-digits-fg-methods"))
    expect(page.get_by_role("img", name=re.compile("Synthetic images of FairDD"))).to_be_visible()
    page.get_by_role("link", name="Learn").click()
    expect(page.get_by_role("heading", name="Step 4: Align")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
