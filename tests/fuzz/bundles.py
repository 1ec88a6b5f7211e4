"""Exported runs with one thing changed: each must be refused, or open everywhere, within two seconds.

By hand, for as long as wanted; prints the inputs, the outcomes, the faults and the seconds:

    python -m tests.fuzz.bundles --seconds 300 --seed 1
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import os
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fairdd_core.__main__ import main as command_line
from fairdd_core.errors import UserError
from fairdd_core.files import DamagedFile
from fairdd_core.report.labels import labels_of
from fairdd_core.report.tables import ordered_counts, run_results
from fairdd_core.runs.storage import archive
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.repeats import members, repeats_document, repeats_of
from fairdd_core.workspace import HOME_VARIABLE, Workspace
from pages.ui.common.cache import Thumbnail
from pages.ui.common.runs import RunView, choice_text, row_of
from pages.ui.compare.model import settings_table
from pages.ui.history.card import card_html
from tests.pages.fake_run import write_fake_run

MOST_SECONDS = 2.0
VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 3.5, 2**31, 2**70, 1e300, -1e300, 1e17),
    *(float("nan"), float("inf"), float("-inf")),
    *("", "x", "../../etc/passwd", "\u202e\x1b[31m\n", "=1+1", "![x](http://x)", "9" * 5000),
    *([], {}, [[]], [None, None], {"a": {}}, [1, 2, 3], ["x"] * 3),
)
DOCUMENTS = ("about.json", "spec.json", "result.json", "events.jsonl")
Bundle = dict[str, bytes]
Path_ = tuple[Any, ...]


@dataclass(frozen=True)
class Change:
    """One change of a bundle.

    Attributes:
        file: which is changed.
        text: what is done to it.
        content: what it is then.
    """

    file: str
    text: str
    content: bytes


def bundle_of(workspace: Workspace, *, whole: bool) -> Bundle:
    """Return the files of an exported run, whole or without what is large.

    Args:
        workspace: where the run is made.
        whole: whether to include images, maps and neighbours.
    """
    store = Store(workspace)
    run = store.enter(lambda folder: write_fake_run(folder.path, iterations=(0, 60)), title="fuzz")
    store.update(run, state=RunState.DONE, started=1.0, finished=2.0, message="Done.")
    folder = store.folder(run)
    _enrich(folder)
    if not whole:
        large = (folder.answers_file, folder.nearest_file, folder.points_file, folder.moments_file)
        for path in (*large, folder.synthetic_file, folder.diagnostics_file, folder.test_file):
            path.unlink(missing_ok=True)
    target = io.BytesIO()
    archive.export_run(workspace, run, target)
    with zipfile.ZipFile(target) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def _enrich(folder: RunFolder) -> None:
    """Let the events and the result hold one of everything, few of each."""
    lines = [json.loads(line) for line in folder.events_file.read_bytes().splitlines()][:3]
    trained = {"arm": "full-data", "network": 0, "architecture": "", "updates": 9, "converged": True}
    environment = {"torch": "2.0", "device": "cpu", "processor": "any", "threads": 1}
    lines += [
        {"event": "phase", "t": 1.0, "name": "distill", "done": 0, "total": 9, "note": ""},
        {"event": "attempt", "t": 1.0, **environment},
        {"event": "snapshot", "t": 1.0, "iteration": 60},
        {"event": "resumed", "t": 1.0, "iteration": 60},
        {"event": "trained", "t": 2.0, **trained, "accuracy": 0.9, "curve": [[1, 2.0], [2, None]]},
        {"event": "reused", "t": 2.0, "kind": "network", "name": "full-data", "run": "x"},
    ]
    folder.events_file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    document = folder.result() or {}
    outcome = {"updates": 9, "converged": True, "accuracy": 0.9}
    document |= {"training": {"full-data": [outcome]}, "attempts": [environment], "data": "0" * 64}
    document |= {"reused": [{"kind": "network", "name": "full-data", "run": "x"}]}
    folder.write_result(document)


def places(document: Any, at: Path_ = ()) -> Iterator[tuple[Path_, bool]]:
    """Yield where every value of a JSON document is, containers included, and whether it is an object."""
    yield at, isinstance(document, dict)
    if isinstance(document, dict | list):
        for key, value in document.items() if isinstance(document, dict) else enumerate(document):
            yield from places(value, (*at, key))


def altered(document: Any, at: Path_, value: Any, *, drop: bool = False) -> Any:
    """Return a document with another value in one place, or without it."""
    if not at:
        return value
    result = copy.deepcopy(document)
    inside = result
    for key in at[:-1]:
        inside = inside[key]
    if drop:
        del inside[at[-1]]
    else:
        inside[at[-1]] = value
    return result


def document_changes(bundle: Bundle, name: str) -> Iterator[Callable[[], Change]]:
    """Yield every change of a document: each value replaced by each of ``VALUES``, dropped, or added to."""
    lines = bundle[name].splitlines() if name.endswith("jsonl") else [bundle[name]]
    for i, line in enumerate(lines):
        document = json.loads(line)

        def content(changed: Any, i: int = i) -> bytes:
            return b"\n".join([*lines[:i], json.dumps(changed).encode(), *lines[i + 1 :]]) + b"\n"

        def change(at: Path_, value: Any, drop: bool, document: Any = document, i: int = i) -> Change:
            text = f"{i}:{'.'.join(map(str, at))} {'dropped' if drop else f'= {value!r:.40}'}"
            return Change(name, text, content(altered(document, at, value, drop=drop), i))

        for at, is_object in places(document):
            for value in VALUES:
                yield partial(change, at, value, False)
            if at:
                yield partial(change, at, None, True)
            if is_object:
                yield partial(change, (*at, "unheard-of"), 1, False)


def byte_changes(bundle: Bundle, rng: np.random.Generator) -> Iterator[Change]:
    """Yield changes of the bytes of any file, without end: bits, holes, ends, nesting, another file."""
    names = sorted(bundle)
    while True:
        name = names[rng.integers(len(names))]
        content, kind = bytearray(bundle[name]), int(rng.integers(6))
        at = int(rng.integers(max(1, len(content))))
        if kind == 0 and content:
            content[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del content[at:]
        elif kind == 2:
            content[at : at + 64] = bytes(len(content[at : at + 64]))
        elif kind == 3:
            content = bytearray(b"[" * 20_000)
        elif kind == 4:
            content = bytearray(bundle[names[rng.integers(len(names))]])
        else:
            content[at:at] = rng.bytes(16)
        yield Change(name, f"bytes, kind {kind} at {at}", bytes(content))


def shape_changes(bundle: Bundle, rng: np.random.Generator) -> Iterator[Change]:
    """Yield changes of tables and arrays that keep their format, without end."""
    from safetensors.numpy import load, save

    names = sorted(name for name in bundle if name.endswith(("safetensors", "parquet")))
    odd = (-1, 0, 2**15 - 1, 2**31 - 1)
    while names:
        name = names[rng.integers(len(names))]
        value = odd[rng.integers(len(odd))]
        if name.endswith("parquet"):
            table = pd.read_parquet(io.BytesIO(bundle[name]))
            column = table.columns[rng.integers(len(table.columns))]
            kind = int(rng.integers(5))
            if kind == 0:
                table = table.drop(columns=column)
            elif kind == 1:
                table = table.iloc[:0]
            elif kind == 2:
                table[column] = "x"
            elif kind == 3:
                table[column] = np.inf
            else:
                table[column] = value
            yield Change(name, f"column {column}, kind {kind}, {value}", table.to_parquet(index=False))
            continue
        arrays = load(bundle[name])
        key = sorted(arrays)[rng.integers(len(arrays))]
        array, kind = arrays[key].copy(), int(rng.integers(5))
        if kind == 0:
            arrays["unheard-of"] = arrays.pop(key)
        elif kind == 1:
            arrays[key] = array[:0]
        elif kind == 2:
            arrays[key] = array[None]
        elif kind == 3:
            arrays[key] = np.full_like(
                array, np.nan if array.dtype.kind == "f" else np.array(value).astype(array.dtype)
            )
        else:
            arrays[key] = array.astype(np.float64)
        yield Change(name, f"array {key}, kind {kind}, {value}", save(arrays))


def packed(bundle: Bundle, change: Change) -> io.BytesIO:
    """Return the zip file of a bundle with a change."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, content in (bundle | {change.file: change.content}).items():
            file.writestr(name, content)
    target.seek(0)
    return target


def open_everywhere(workspace: Workspace, run: str) -> None:
    """Open a run as the lists, the command line, the report's tables and Compare do.

    Raises:
        Whatever breaks one of them; a ``UserError`` is what they show.
    """
    store, now = Store(workspace), time.time()
    record, folder = store.get(run), store.folder(run)
    card_html(row_of(record), Thumbnail(), folder.size(), now)
    choice_text(record, row_of(record).spec, now)
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        for arguments in (["show", run], ["show", run, "--json"], ["runs"]):
            command_line(arguments)
    readers = (folder.steps, folder.trainings, folder.reused, folder.labels, folder.attempts, folder.data)
    files = (folder.points, folder.moments, folder.residuals, folder.diagnostics, folder.nearest)
    for read in (*readers, *files, folder.pictures, folder.answers, folder.test_labels, folder.checkpoint):
        with suppressed():
            read()
    with suppressed():
        spec = folder.spec()
        labels_of(folder, workspace.data)
        ordered_counts(folder)
        run_results(folder, "")
        repeats = repeats_of(spec, members(store), first=run)
        repeats_document(repeats) if repeats.several else repeats.results()
        settings_table([RunView(run, folder, spec, record)] * 2)


class suppressed:  # noqa: N801 - used as a function
    """A block whose ``UserError`` a screen shows."""

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        """Let what a screen shows pass."""
        return isinstance(error, UserError | DamagedFile)


class Attack:
    """A workspace that bundles are imported into, one after the other.

    Attributes:
        outcomes: how many were refused, and how many were shown.
        faults: what broke or took too long, with the change.
        slowest: seconds of the slowest input.
    """

    def __init__(self, workspace: Workspace, *, whole: bool, screens: bool = False) -> None:
        self.workspace, self.store, self.screens = workspace, Store(workspace), screens
        self.bundle = bundle_of(workspace, whole=whole)
        self.victim = self._import(Change("about.json", "", self.bundle["about.json"]))
        self.outcomes: Counter[str] = Counter()
        self.faults: list[str] = []
        self.slowest = 0.0

    def _import(self, change: Change) -> str:
        return archive.import_run(self.workspace, packed(self.bundle, change))

    def __call__(self, change: Change) -> None:
        """Import a changed bundle and open it; also open it as if an earlier version had imported it."""
        began = time.process_time()  # other work on the machine does not count
        try:
            outcome = self._imported(change)
            self.outcomes[outcome] += 1
            if outcome == "refused":
                self._placed(change)
        except Exception:
            self.faults.append(f"{change.file} {change.text}\n{traceback.format_exc(limit=-4)}")
        seconds = time.process_time() - began
        self.slowest = max(self.slowest, seconds)
        if seconds > MOST_SECONDS and not self.screens:  # which take longer to test than to see
            self.faults.append(f"{change.file} {change.text}: {seconds:.1f} s")

    def _imported(self, change: Change) -> str:
        try:
            run = self._import(change)
        except UserError:
            return "refused"
        try:
            open_everywhere(self.workspace, run)
            if self.screens:
                open_screens(run)
        finally:
            gone = self.workspace.runs / f".removed-{run}"
            self.store.remove(self.store.get(run), gone)
            _delete(gone)
        return "shown"

    def _placed(self, change: Change) -> None:
        path = self.store.folder(self.victim).path / change.file
        if change.file == "about.json":
            return
        try:
            path.write_bytes(change.content)
            os.utime(path, ns=(0, time.time_ns()))  # what is cached goes by this
            open_everywhere(self.workspace, self.victim)
            if self.screens:
                open_screens(self.victim)
        finally:
            path.write_bytes(self.bundle[change.file])


def _delete(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def open_screens(run: str) -> None:
    """Open a run on the screens of the application.

    Raises:
        AssertionError: when one of them shows a traceback.
    """
    from streamlit.testing.v1 import AppTest

    from fairdd_core.runs.engine import service

    service._ensure_dispatcher = lambda workspace: None  # no processes beside this one
    main_page = Path(__file__).resolve().parents[2] / "pages" / "_main.py"
    for view in ("images", "maps", "fairness"):
        app = AppTest.from_file(str(main_page), default_timeout=60)
        app.query_params["run"], app.query_params["view"] = run, view
        app.run()
        assert not app.exception, f"{view}: {app.exception[0].value} {app.exception[0].stack_trace}"


def sampled(changes: Sequence[Callable[[], Change]], count: int, rng: np.random.Generator) -> list[Change]:
    """Return some changes, drawn evenly without repetition."""
    chosen = rng.permutation(len(changes))[:count]
    return [changes[i]() for i in sorted(chosen)]


def attack_for(seconds: float, seed: int, attack: Attack) -> int:
    """Attack for so many seconds, each kind of change in turn; return how many inputs there were."""
    rng, deadline, inputs = np.random.default_rng(seed), time.monotonic() + seconds, 0
    documents = {name: list(document_changes(attack.bundle, name)) for name in DOCUMENTS}
    endless = [byte_changes(attack.bundle, rng), shape_changes(attack.bundle, rng)]
    while time.monotonic() < deadline:
        for changes in documents.values():
            attack(changes[rng.integers(len(changes))]())
        for source in endless:
            attack(next(source))
        inputs += len(documents) + len(endless)
    return inputs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the long part; return 1 when there were faults."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small", action="store_true", help="documents and counts only, which is faster")
    parser.add_argument("--screens", action="store_true", help="also open every accepted run on screens")
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        os.environ[HOME_VARIABLE] = name
        attack = Attack(Workspace(Path(name)), whole=not args.small, screens=args.screens)
        began = time.monotonic()
        inputs = attack_for(args.seconds, args.seed, attack)
        seconds = time.monotonic() - began
    for fault in attack.faults:
        print(fault, end="\n\n")
    print(
        f"{inputs} inputs in {seconds:.0f} s (seed {args.seed}): {dict(attack.outcomes)}, slowest "
        f"{attack.slowest:.2f} s, {len(attack.faults)} faults"
    )
    return 1 if attack.faults else 0


if __name__ == "__main__":
    sys.exit(main())
