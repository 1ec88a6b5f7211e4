"""What watching a live run costs the server: memory over many polls and page changes, and a share of a core.

    python -m tests.benchmarks.polling --minutes 10

Serves the application from an empty home, starts a run of a tiny network that does not end, and lets Chromium
watch it in the Studio, then in the list of runs, then change between the two pages as fast as they draw.
Prints, for each, the share of a core that the server took (the run's own process does not count), and how its
memory grew: the slope of a straight line through the later four fifths of the samples. Nothing is asserted;
the aim is at most 10 % of a core for watching, and memory that does not grow with the number of polls.
"""

from __future__ import annotations

import argparse
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Page, WebSocket, sync_playwright

from fairdd_core.embed.spec import EmbeddingSpec
from fairdd_core.runs import engine
from fairdd_core.runs.home import Home
from fairdd_core.runs.spec import RunSpec
from tests.e2e.conftest import CHROMIUM, FLAGS, READY, SLOW, Server, stop_runs
from tests.helpers import tiny_distill, tiny_evaluation

SAMPLE_SECONDS = 2.0
SETTLED = 0.2  # share of the samples that are left out of the slope: caches fill up first
MEGABYTE = 1e6


@dataclass
class Meter:
    """Watches the server's process.

    Attributes:
        samples: (seconds, messages from the browser so far, bytes resident, seconds of processor time).
    """

    process: psutil.Process
    messages: int = 0
    samples: list[tuple[float, int, float, float]] = field(default_factory=list)

    def listen(self, socket: WebSocket) -> None:
        """Count what a page asks of the server."""
        socket.on("framesent", lambda _: setattr(self, "messages", self.messages + 1))

    def sample(self) -> None:
        """Take note of the present."""
        used = self.process.cpu_times()
        memory = self.process.memory_info().rss
        self.samples.append((time.monotonic(), self.messages, memory, used.user + used.system))

    def during(self, seconds: float, step: Callable[[], None]) -> np.ndarray:
        """Repeat ``step`` for so long; return the samples of that time, (S, 4)."""
        self.samples.clear()
        self.sample()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            step()
            if time.monotonic() - self.samples[-1][0] >= SAMPLE_SECONDS:
                self.sample()
        return np.array(self.samples)


def report(name: str, samples_S4: np.ndarray) -> str:
    """Return the line of a phase."""
    seconds, messages, memory, used = samples_S4.T
    later = slice(int(SETTLED * len(seconds)), None)
    span, count = seconds[-1] - seconds[0], messages[-1] - messages[0]
    by_message = _slope(messages[later], memory[later]) * 100 / MEGABYTE
    by_hour = _slope(seconds[later], memory[later]) * 3600 / MEGABYTE
    return (
        f"| {name} | {span:.0f} | {count:.0f} | {100 * (used[-1] - used[0]) / span:.1f} % "
        f"| {memory[0] / MEGABYTE:.0f} | {memory[-1] / MEGABYTE:.0f} | {memory.max() / MEGABYTE:.0f} "
        f"| {by_message:+.2f} | {by_hour:+.1f} |"
    )


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.polyfit(x - x[0], y - y[0], 1)[0]) if len(x) > 2 and x[-1] > x[0] else 0.0


def endless_run() -> RunSpec:
    """A run in small steps that outlasts the benchmark and leaves most of a core to the server."""
    return RunSpec(
        distill=tiny_distill(iterations=100_000, snapshots=200),
        evaluation=tiny_evaluation(),
        embedding=EmbeddingSpec(umap=False),
        device="cpu",
    )


def change_page(page: Page) -> None:
    """Go to the other of the two pages and wait until it has been drawn."""
    here = page.url.rpartition("/")[2].startswith("runs")
    page.get_by_role("link", name="Studio" if here else "Runs", exact=True).click()
    page.wait_for_url("**/?*" if here else "**/runs*")
    page.locator(READY).wait_for(timeout=SLOW)


def watch(page: Page, server: Server, run_id: str, minutes: float) -> None:
    """Do everything, and print a line for each phase."""
    assert server.process is not None
    meter = Meter(psutil.Process(server.process.pid))
    page.on("websocket", meter.listen)
    page.set_default_timeout(SLOW)
    print("| phase | s | messages | of a core | MB at first | at last | at most | MB/100 messages | MB/h |")
    print("|" + "---|" * 9)

    def wait() -> None:
        page.wait_for_timeout(500)

    def phase(name: str, share: float, step: Callable[[], None]) -> None:
        print(report(name, meter.during(60 * minutes * share, step)), flush=True)

    phase("nobody looks", 0.05, lambda: time.sleep(0.5))
    page.goto(f"{server.url}/?run={run_id}&view=images")
    page.locator(".fx-grid img").first.wait_for(timeout=SLOW)
    phase("one run in the Studio", 0.5, wait)
    page.goto(f"{server.url}/runs")
    page.locator(f".st-key-run-{run_id}").wait_for(timeout=SLOW)
    phase("the list of runs", 0.2, wait)
    phase("changing pages", 0.25, lambda: change_page(page))


def main() -> None:
    """Set everything up and tear it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to watch in all")
    minutes = parser.parse_args().minutes
    with socket.socket() as probe, tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        probe.bind(("127.0.0.1", 0))
        server = Server(probe.getsockname()[1], Path(folder) / "home")
        probe.close()
        server.home.mkdir()
        try:
            server.start()
            run_id = engine.submit(Home(server.home), endless_run(), "Watched")
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            watch(chromium.new_page(viewport={"width": 1280, "height": 900}), server, run_id, minutes)
            chromium.close()
        finally:
            server.kill()
            stop_runs(server.home)


if __name__ == "__main__":
    main()
