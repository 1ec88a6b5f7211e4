"""Every screen for everybody: axe-core in light and dark, narrow and enlarged windows, and keys alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from tests.e2e.conftest import READY, SLOW, Server, Visitor, serving, visiting
from tests.pages.fake_run import HOSTILE, rename, write_fake_run


class Exclusion(NamedTuple):
    """What axe finds in the DOM of Streamlit, where nothing of ours can mend it."""

    rule: str
    within: str
    reason: str


STREAMLITS = (
    Exclusion(
        "presentation-role-conflict",
        "[data-testid=stFileUploaderDropzone]",
        "The drop zone has no role, but a name; files are chosen by the button in it, which has both.",
    ),
    Exclusion("region", "[data-floating-ui-portal]", "Popovers are drawn outside of the page's landmarks."),
    Exclusion("region", "[role=listbox]", "Lists of options are drawn outside of the page's landmarks."),
)
NARROW, ENLARGED = (420, 900, 1), (640, 450, 2)
"""Width and height in CSS pixels, and device pixels for each: a phone, and 1280 pixels at 200 %."""
AXE = Axe().axe_script
SCREENS = {
    "data": ("/?view=data", "role=heading[name='Training images per class and group']"),
    "images": ("/?run={run}&view=images", "role=heading[name='Distillation curves']"),
    "maps": ("/?run={run}&view=maps", "role=heading[name='Distance of each group to the target']"),
    "fairness": ("/?run={run}&view=fairness", "role=heading[name='Accuracy against the gap']"),
    "sweep": ("/sweep", "role=table[name='Results of the run in focus']"),
    "data sets": ("/data", "role=heading[name='Benchmarks']"),
    "data of one's own": ("/data?do=add", "role=radiogroup[name='Where are the images?']"),
    "runs": ("/runs", "role=button[name='More']"),
    "compare": ("/compare", "role=heading[name='Final images']"),
    "playground": ("/learn", "text=Theorem 4.1"),
    "step 1": ("/learn?step=1&q1=9", "text=You said"),
    "step 2": ("/learn?step=2", "text=What do you expect?"),
    "step 3": ("/learn?step=3&q3=50", "text=You said"),
    "step 4": ("/learn?step=4&q4=rises", "text=You said"),
    "step 5": ("/learn?step=5&q5=residuals", "text=You said"),
}
"""Screen -> its address, and the selector of what is drawn late on it."""


FOREIGN = {
    "images": "text=Distillation curves",
    "maps": "text=Distance of each group to the target",
    "fairness": "text=Confusion matrix of each group",
}
"""View -> what is drawn late on it."""


class Gallery(NamedTuple):
    """Somebody at an application that has runs."""

    visitor: Visitor
    run: str

    def open(self, screen: str) -> Page:
        """Open a screen and unfold everything on it."""
        address, selector = SCREENS[screen]
        page = self.visitor.open(address.format(run=self.run))
        expect(page.locator(selector).first).to_be_visible()
        still(page)
        page.evaluate("document.querySelectorAll('[data-testid=stExpander] summary').forEach(s => s.click())")
        still(page)
        return page


@pytest.fixture(scope="module")
def gallery(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """One window for all screens: what is seen does not depend on what was seen before."""
    workspace = tmp_path_factory.mktemp("gallery") / "home"
    titles = ("A run with a name", "")
    Store(Workspace(workspace)).enter(
        lambda folder: rename(write_fake_run(folder.path), lambda kind, i: f"{kind}{i} {HOSTILE}"),
        title=HOSTILE,
        state=RunState.DONE,
    )
    runs = [
        Store(Workspace(workspace)).enter(
            lambda folder: write_fake_run(folder.path), title=title, state=RunState.DONE
        )
        for title in titles
    ]
    with serving(workspace) as server, visiting(server, browser) as visitor:
        yield Gallery(visitor, runs[0])


def still(page: Page) -> None:
    """Wait until nothing is being drawn any more."""
    page.locator(READY).wait_for(timeout=SLOW)
    expect(page.locator("[data-testid=stSkeleton], [data-stale=true]")).to_have_count(0)
    # What turns for ever, as the sign of a busy page does, is not waited for.
    page.evaluate(
        "Promise.all(document.getAnimations().filter(a => a.effect?.getComputedTiming().endTime < 5000)"
        ".map(a => Promise.race([a.finished, new Promise(r => setTimeout(r, 1000))]).catch(() => 0)))"
    )


def violations(page: Page, rules: list[str] | None = None) -> list[str]:
    """Return what axe finds, but what is Streamlit's; an element and a reason each."""
    page.mouse.move(0, 0)
    expect(page.get_by_test_id("stTooltipContent")).to_have_count(0)
    still(page)  # what fades in has less contrast than it will have
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    if not page.evaluate("'axe' in window"):  # once for each page that was loaded, for it is large
        page.evaluate(AXE)
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]} {node['failureSummary'][:300]}"
        for rule in found
        for node in rule["nodes"]
        if not any(_inside(page, node["target"][0], e.within) for e in STREAMLITS if e.rule == rule["id"])
    ]


def _inside(page: Page, target: str, within: str) -> bool:
    script = (
        "([t, w]) => document.querySelector(t)?.closest(w) ?? document.querySelector(t)?.querySelector(w)"
    )
    return page.evaluate(f"args => !!({script})(args)", [target, within])


def paint(page: Page, scheme: str) -> None:
    """Turn to light or dark, as the system of a visitor may at any time."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.wait_for_function(
        "s => getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme === s", arg=scheme
    )
    still(page)


def overflow(page: Page, width: int, height: int, scale: int) -> int:
    """Return by how many pixels the page is wider than a window."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setDeviceMetricsOverride", metrics)
    page.wait_for_function("w => innerWidth === w", arg=width)
    still(page)
    wide = page.evaluate(
        "Math.max(...[document.documentElement, document.querySelector('[data-testid=stMain]')]"
        ".map(e => e.scrollWidth - e.clientWidth))"
    )
    focusable = violations(page, ["scrollable-region-focusable"])
    session.send("Emulation.clearDeviceMetricsOverride")
    session.detach()
    assert focusable == []
    return int(wide)


@pytest.mark.parametrize("screen", SCREENS)
def test_everybody_can_read_a_screen(gallery: Gallery, screen: str) -> None:
    page = gallery.open(screen)
    assert violations(page) == []
    paint(page, "dark")
    assert violations(page, ["color-contrast"]) == []
    paint(page, "light")
    assert overflow(page, *ENLARGED) == 0
    assert overflow(page, *NARROW) == 0
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert gallery.visitor.complaints == []


def test_what_opens_over_a_screen(gallery: Gallery) -> None:
    page = gallery.open("images")
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_text("The same from the command line")).to_be_visible()
    assert violations(page) == []
    page = gallery.open("runs")
    page.get_by_role("button", name="More").first.click()
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []
    page = gallery.open("compare")
    page.get_by_role("combobox", name="Runs to compare").click()
    expect(page.get_by_role("listbox")).to_be_visible()
    assert violations(page) == []


def answer(server: Server, path: str, host: str, origin: str = "") -> int:
    """Return the status with which the server answers a request that names ``host``."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest("GET", path, skip_host=True)
    headers = {"Host": host} | ({"Origin": origin} if origin else {})
    if path.endswith("stream"):
        key = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        headers |= {"Connection": "Upgrade", "Upgrade": "websocket", **key}
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_page_of_another_site_reaches_nothing(gallery: Gallery) -> None:
    server = gallery.visitor.server
    own = f"127.0.0.1:{server.port}"
    for path, good in (("/", 200), ("/_stcore/health", 200), ("/_stcore/stream", 101)):
        assert answer(server, path, own, f"http://{own}") == good
        assert answer(server, path, "evil.example", "http://evil.example") == 403
        assert answer(server, path, own, "http://127.0.0.1:3000") == 403


def test_names_fetch_nothing_and_link_nowhere(gallery: Gallery) -> None:
    runs = Store(Workspace(gallery.visitor.server.workspace)).list()
    run = next(run.id for run in runs if run.title == HOSTILE)
    addresses = {f"/?run={run}&view={view}": late for view, late in FOREIGN.items()}
    addresses |= {"/runs": "text=zq.example", f"/compare?runs={run},{gallery.run}": "text=Final images"}
    for address, late in addresses.items():
        page = gallery.visitor.open(address)
        expect(page.locator(late).first).to_be_visible()
        still(page)
        links = page.evaluate("[...document.querySelectorAll('a, img, image')].map(e => e.outerHTML)")
        assert [text for text in links if re.search(r"(href|src)=.(https?:)?//\w*\.?zq", text)] == [], address
    assert gallery.visitor.complaints == []


def focus_by_tab(page: Page, wanted: Locator, most: int = 120) -> None:
    """Go to an element by the Tab key alone."""
    expect(wanted).to_be_visible()
    for _ in range(most):
        if wanted.evaluate("e => e === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} cannot be reached by Tab")


def test_a_whole_run_by_keys_alone(visitor: Visitor) -> None:
    page = visitor.open("/?view=data&iterations=20&pairs=4&samples=8&networks=1&epochs=20&umap=0")
    expect(page.get_by_text("Training images per class and group")).to_be_visible()
    still(page)
    focus_by_tab(page, page.get_by_role("slider", name="Skew"))
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("in each class 89% of one group")).to_be_visible()
    still(page)
    focus_by_tab(page, page.get_by_role("button", name="Launch"))
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"Running on|Waiting for")).first).to_be_visible()
    expect(page.get_by_role("slider", name="Iteration")).to_be_visible(timeout=4 * SLOW)
    expect(page.get_by_role("img", name=re.compile("COBRA after 20"))).to_be_visible()
    still(page)
    focus_by_tab(page, page.get_by_role("radio", name="Data"))  # the first of the group; arrows go on
    for name in ("Images", "Maps", "Fairness"):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        expect(page.get_by_role("radio", name=name)).to_be_checked()
        expect(page.locator(SCREENS[name.lower()][1]).first).to_be_visible()
        still(page)
