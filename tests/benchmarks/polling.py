"""What watching a live run costs the server, and how long a visitor waits: all numbers of the dashboard.

    python -m tests.benchmarks.polling --minutes 30 --changes 50

First the waiting: ten times the first page of a server that was just started. Then one server, an empty
workspace and a run of a tiny network that does not end. Chromium watches it in the Studio for some minutes,
then for a fifth of that in the list of runs, then changes so many times from page to page. Printed for each
are the share of a core that the server took (the run's own process does not count) and its memory at the
start, in the middle and at the end, with the slope of a straight line through the later four fifths of the
samples. Nothing is asserted; the aims are 3 s for the first page and 1 s for another, at most 10 % of a
core for watching, and memory that does not grow with the number of polls.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Page, WebSocket, sync_playwright

from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.runs import engine
from fairdd_core.workspace import Workspace
from tests.benchmarks import paint
from tests.e2e.conftest import CHROMIUM, FLAGS, SLOW, Server, serving
from tests.helpers import tiny_distill, tiny_evaluation

SAMPLE_SECONDS = 2.0
ENDLESS = 100_000  # iterations: those of the small network take an hour on one core
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
        end = time.monotonic() + seconds
        return self.while_(lambda: time.monotonic() < end, step)

    def while_(self, going: Callable[[], bool], step: Callable[[], None]) -> np.ndarray:
        """Repeat ``step`` as long as ``going``; return the samples of that time, (S, 4)."""
        self.samples.clear()
        self.sample()
        while going():
            step()
            if time.monotonic() - self.samples[-1][0] >= SAMPLE_SECONDS:
                self.sample()
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
        f"| {memory[0] / MEGABYTE:.0f} | {memory[len(memory) // 2] / MEGABYTE:.0f} "
        f"| {memory[-1] / MEGABYTE:.0f} | {memory.max() / MEGABYTE:.0f} "
        f"| {by_message:+.2f} | {by_hour:+.1f} |"
    )


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.polyfit(x - x[0], y - y[0], 1)[0]) if len(x) > 2 and x[-1] > x[0] else 0.0


def endless_run() -> RunSpec:
    """A run in small steps that outlasts the benchmark and leaves most of a core to the server."""
    return RunSpec(
        distill=tiny_distill(
            "vanilla", "cobra", "fairdd", "uniform", "reweight", iterations=ENDLESS, snapshots=200
        ),
        evaluation=tiny_evaluation(),
        embedding=EmbeddingSpec(umap=False),
        device="cpu",
    )


def watch(page: Page, server: Server, run_id: str, minutes: float, changes: int) -> None:
    """Do everything with one server, and print a line for each phase and for each page that was gone to."""
    assert server.process is not None
    meter = Meter(psutil.Process(server.process.pid))
    page.on("websocket", meter.listen)
    page.set_default_timeout(SLOW)
    print(
        "\n| phase | s | messages | of a core | MB at first | in the middle | at last | at most "
        "| MB/100 messages | MB/h |"
    )
    print("|" + "---|" * 10)

    def wait() -> None:
        page.wait_for_timeout(500)

    print(report("nobody looks", meter.during(20, lambda: time.sleep(0.5))), flush=True)
    page.goto(f"{server.url}/?run={run_id}&view=images")
    page.locator(".fx-grid img, [data-testid=stMain] img").first.wait_for(timeout=SLOW)
    print(report("one run in the Studio", meter.during(60 * minutes, wait)), flush=True)
    page.goto(f"{server.url}/runs")
    page.locator(f".st-key-run-{run_id}").wait_for(timeout=SLOW)
    print(report("the list of runs", meter.during(12 * minutes, wait)), flush=True)
    page.goto(f"{server.url}/?run={run_id}&view=images")
    paint.drawn(page, paint.LANDMARKS["Studio"])
    seconds: dict[str, list[float]] = {name: [] for name in paint.LANDMARKS}
    names = islice(cycle(paint.LANDMARKS), changes)

    def go_on() -> None:
        name = next(names)
        seconds[name].append(paint.change(page, name))

    samples = meter.while_(lambda: sum(map(len, seconds.values())) < changes, go_on)
    print(report(f"{changes} changes of the page", samples), flush=True)
    print("\n| page change | times | median | worst |\n|---|---|---|---|")
    for name, found in seconds.items():
        if found:
            print(paint.line(f"to {name}", found))
    print(paint.line("to any", [value for found in seconds.values() for value in found]), flush=True)


def main() -> None:
    """Set everything up and tear it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long to watch the run in the Studio")
    parser.add_argument("--changes", type=int, default=50, help="of the page")
    parser.add_argument("--starts", type=int, default=10, help="of a cold server")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        print("| first page | times | median | worst |\n|---|---|---|---|")
        starts, whole = paint.first_paints(chromium, Path(folder), args.starts)
        print(paint.line("of a server that was just started", starts))
        print(paint.line("the same with its figures", whole), flush=True)
        with serving(Path(folder) / "home") as server:
            run_id = engine.submit(Workspace(server.workspace), endless_run(), "Watched")
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            watch(page, server, run_id, args.minutes, args.changes)
        chromium.close()


if __name__ == "__main__":
    main()
