"""``show``: the state, settings and results of one run."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from fairdd_core.analysis.results import results_text
from fairdd_core.cli.repeats import repeats_text
from fairdd_core.config.spec.evaluation import FULL_DATA
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.config.titles import dataset_title
from fairdd_core.errors import UserError
from fairdd_core.runs import engine
from fairdd_core.runs.storage.external import external_texts
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.identity import data_of, data_text
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.runs.storage.repeats import Repeats, members, repeats_document, repeats_of
from fairdd_core.runs.storage.summary import STAGES, reuse_text, training_text
from fairdd_core.runs.storage.sweeps import result_of
from fairdd_core.text import one_line
from fairdd_core.units import bytes_text, counted
from fairdd_core.workspace import Workspace

_WIDTH = 11


def show_run(args: argparse.Namespace) -> int:
    """Show one run."""
    workspace = Workspace.default()
    engine.wake(workspace)
    store = Store(workspace)
    run = store.find(args.run)
    folder = store.folder(run.id)
    if args.json:
        parts = {"spec": folder.spec().model_dump(mode="json"), "result": folder.result()}
        parts["repeats"] = repeats_document(repeats) if (repeats := _repeats(store, run)).several else None
        print(json.dumps({**asdict(run), "folder": str(folder.path), **parts}, indent=2))
        return 0
    print(f"{run.id}  {one_line(run.title)}".strip())
    try:
        folder.spec()
    except UserError as error:  # of a newer version, for example: what can be shown is shown
        print(f"  {'state':<{_WIDTH}}{state_text(run)}")
        for line in results_text((result_of(folder) or {}).get("arms")):
            print(f"  {one_line(line)}")
        raise error
    for name, text in _facts(run, folder):
        print(f"  {name:<{_WIDTH}}{one_line(text)}")
    for line in results_text((folder.result() or {}).get("arms")):
        print(f"  {line}")
    for line in repeats_text(_repeats(store, run)):
        print(f"  {line}".rstrip())
    if args.log:
        print(folder.log_tail(args.log))
    return 0


def _repeats(store: Store, run: RunRecord) -> Repeats:
    return repeats_of(store.folder(run.id).spec(), members(store), first=run.id)


def state_text(run: RunRecord) -> str:
    """Return the state of a run in a few words."""
    if run.state is RunState.QUEUED:
        return f"queued, {run.position} in line"
    if run.state is RunState.RUNNING and run.total:
        return f"{run.phase} {run.done}/{run.total}"
    return str(run.state)


def _facts(run: RunRecord, folder: RunFolder) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every line."""
    result, spec = folder.result() or {}, folder.spec()
    yield "state", " – ".join(filter(None, (state_text(run), run.message if run.state.early else "")))
    yield from _settings(spec)
    if run.state is not RunState.QUEUED:
        yield "content", data_text(data_of(folder))
    torch = (folder.attempts() or [{}])[-1].get("torch")
    yield "device", str(result.get("device", run.device)) + (f", torch {torch}" if torch else "")
    yield "times", _times(run, result)
    if training := training_text(folder.trainings().get(FULL_DATA, {}).values()):
        yield FULL_DATA, training
    for arm, (origin, doubts) in external_texts(folder).items():
        yield arm, " ".join([origin, *doubts])
    if reused := reuse_text(folder.reused()):
        yield "reused", reused
    snapshots = folder.snapshot_iterations()
    images = f", {len(snapshots)} snapshots up to iteration {snapshots[-1]}" if snapshots else ""
    yield "files", f"{folder.path} ({bytes_text(folder.size())}{images})"
    if run.state is RunState.DONE and run.hint:
        yield "note", run.hint
    if advice := _next_step(run):
        yield "next", advice


def _settings(spec: RunSpec) -> Iterator[tuple[str, str]]:
    data, distill = spec.data, spec.distill
    title = dataset_title(spec, Workspace.default().data)
    shares = f"{data.groups} groups, skew {data.skew_text}, separation {data.separation:g}"
    yield "data", f"{title}: {shares}, seed {spec.seed}"
    arms = ", ".join(arm.name for arm in distill.arms)
    yield "methods", f"{arms} by {distill.backbone.upper()}, matching {distill.matching}"
    size = f"{counted(distill.ipc, 'image')} per class, {counted(distill.iterations, 'iteration')}"
    yield "length", f"{size}, {counted(spec.evaluation.networks, 'test network')} (preset {spec.preset})"


def _times(run: RunRecord, result: Mapping[str, Any]) -> str:
    parts = [time.strftime("submitted %Y-%m-%d %H:%M", time.localtime(run.created))]
    if run.imported:
        parts.append("imported")
    seconds = result.get("seconds") or {}
    if "total" in seconds:
        stages = ", ".join(f"{name} {seconds[name]:.0f}" for name in STAGES if name in seconds)
        parts.append(f"took {seconds['total']:.0f} s ({stages})")
    elif run.started:
        parts.append(f"ran for {(run.finished or time.time()) - run.started:.0f} s")
    if run.resumes:
        parts.append(f"resumed {run.resumes} times" if run.resumes > 1 else "resumed once")
    return ", ".join(parts)


def _next_step(run: RunRecord) -> str:
    """Return what to do next, as a command where there is one."""
    short = run.id[-6:]
    if run.state.live:
        return f"wait {short}, or cancel {short}"
    if not run.state.early:
        return f"export {short} FILE.zip"
    return " ".join(filter(None, (run.hint, f"(resume {short})" if run.resumable else "")))
