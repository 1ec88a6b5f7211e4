"""The real application, served on a free port from an empty workspace, and Chromium to look at it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.helpers import ROOT

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READY = "[data-testid=stApp][data-test-script-state=notRunning]"
SLOW = 60_000  # milliseconds; two cores may be busy with a run while the page draws


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here as a browser test, and skip it where there is no browser."""
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed (or set CHROMIUM to it)"))


@dataclass
class Server:
    """A served application."""

    port: int
    workspace: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """What a command line needs to use the same workspace."""
        return {**os.environ, "FAIRDD_HOME": str(self.workspace)}

    def start(self) -> None:
        """Serve, and wait until it answers; also once more, after it was killed."""
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        with self.workspace.with_name("server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--server.headless", "true", "--server.fileWatcherType", "none"],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        _wait_for(f"{self.url}/_stcore/health", self.process)

    def kill(self) -> None:
        """End it as a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(20)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The application on 127.0.0.1, with a workspace that is empty."""
    with serving(tmp_path / "home") as served:
        yield served


@pytest.fixture(scope="session")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for everybody who launches nothing; its workspace stays empty."""
    with serving(tmp_path_factory.mktemp("empty") / "home") as served:
        yield served


@contextmanager
def serving(workspace: Path) -> Iterator[Server]:
    """Serve a workspace on a free port of 127.0.0.1, and end all its processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        served = Server(probe.getsockname()[1], workspace)
    served.workspace.mkdir(parents=True, exist_ok=True)
    try:
        served.start()
        yield served
    finally:
        if served.process is not None:
            served.process.terminate()
            served.process.wait(20)
        stop_runs(served.workspace)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.read() == b"ok":
                    return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.2)
    raise TimeoutError(url)


def stop_runs(workspace: Path) -> None:
    """Runs outlive their server by design; those of a test must not."""
    from fairdd_core.runs import engine
    from fairdd_core.runs.storage.index import Store
    from fairdd_core.workspace import Workspace
    from tests.runs.conftest import kill_all

    for run in Store(Workspace(workspace)).live():
        engine.cancel(Workspace(workspace), run.id)
    # Nor must the warm worker, which would wait for another run for minutes.
    Workspace(workspace).warm_worker_request.unlink(missing_ok=True)
    for _ in range(3):  # a dispatcher may be starting a worker at this very moment
        kill_all(Workspace(workspace))
        time.sleep(0.1)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@dataclass
class Visitor:
    """A page, and what went wrong in it."""

    page: Page
    server: Server
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str = "/") -> Page:
        """Open an address and wait until the page stands still."""
        self.page.goto(self.server.url + address)
        self.page.locator(READY).wait_for(timeout=SLOW)
        return self.page

    def console(self, message: ConsoleMessage) -> None:
        """Remember errors, but not that a deep link makes the page look for its server one level too deep."""
        if message.type == "error" and not re.search(r"/\w+/_stcore/", message.location.get("url", "")):
            self.complaints.append(message.text)

    def request(self, request: Request) -> None:
        """Remember whatever leaves the machine."""
        if not request.url.startswith((self.server.url, "data:", "blob:", "about:")):
            self.complaints.append(f"request to {request.url}")


@pytest.fixture
def visitor(server: Server, browser: Browser) -> Iterator[Visitor]:
    """Somebody at the application; an error in the console or a request to elsewhere fails the test."""
    with visiting(server, browser) as guest:
        yield guest


@pytest.fixture
def reader(empty_server: Server, browser: Browser) -> Iterator[Visitor]:
    """The same, who only looks."""
    with visiting(empty_server, browser) as guest:
        yield guest


@contextmanager
def visiting(server: Server, browser: Browser) -> Iterator[Visitor]:
    """Open a browser window of its own for somebody."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    expect.set_options(timeout=SLOW)
    guest = Visitor(page, server)
    page.on("console", guest.console)
    page.on("pageerror", lambda error: guest.complaints.append(str(error)))
    page.on("request", guest.request)
    yield guest
    context.close()
    assert guest.complaints == []
