"""The commands for existing runs, and ``submit``, which queues a new one."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from fairdd_core.cli import report
from fairdd_core.cli.output import file_errors, write_output
from fairdd_core.cli.show import show_run, state_text
from fairdd_core.errors import UserError
from fairdd_core.runs import engine
from fairdd_core.runs.engine import process
from fairdd_core.runs.storage import archive, trash
from fairdd_core.runs.storage.cache import ResultCache
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.repair import repair, take_dispatchers_lock
from fairdd_core.text import one_line
from fairdd_core.units import age_text, bytes_text, counted
from fairdd_core.workspace import Workspace

Command = Callable[[argparse.Namespace], int]
CANCEL_SECONDS, REPAIR_SECONDS = 10.0, 5.0
_MOST = 1e15
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}


def add_parsers(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands; each sets ``function``, which takes the arguments and returns the exit code."""
    from fairdd_core.cli.run import add_fresh_argument, add_seeds_argument, add_spec_arguments

    def add(name: str, function: Command, text: str, run: bool = True) -> argparse.ArgumentParser:
        parser = subparsers.add_parser(name, help=text, description=text)
        parser.set_defaults(function=function)
        if run:
            parser.add_argument("run", metavar="ID", help="id of a run, or its beginning or end")
        return parser

    runs = add("runs", list_runs, "List runs, newest first.", run=False)
    runs.add_argument("--trash", "--bin", dest="trash", action="store_true", help="list the deleted runs")
    runs.add_argument("--json", action="store_true", help="as JSON")
    show = add("show", show_run, "Show the state, settings and results of a run.")
    show.add_argument("--json", action="store_true", help="as JSON")
    show.add_argument("--log", type=int, default=0, metavar="N", help="with the last N lines of its log")
    add("cancel", cancel_run, "Stop a run; what it has made is kept.")
    add("resume", resume_run, "Resume a run that ended early.")
    delete = add("delete", delete_run, "Move a run to the trash.")
    delete.add_argument("--undo", action="store_true", help="restore it instead")
    export = add("export", report.export_with(export_run), "Write a run to a zip file, or parts of it.")
    report.add_export_arguments(export)
    load = add("import", import_run, "Add the run in a zip file; prints its id.", run=False)
    load.add_argument("file", type=Path, metavar="FILE.zip")
    wait = add("wait", wait_for_run, "Wait until a run has ended; exit code 0 when it is done.")
    wait.add_argument("--timeout", type=float, metavar="SECONDS", help="give up after this time")
    prune = add("prune", prune_runs, "Empty the trash, then remove the oldest runs for good.", run=False)
    prune.add_argument("--keep", metavar="SIZE", help="size that the remaining runs may have, e.g. 2G")
    prune.add_argument("--yes", action="store_true", help="remove them; else only print how much there is")
    kept = add("cache", show_cache, "Print how large the results are that later runs reuse.", run=False)
    kept.add_argument("--empty", action="store_true", help="remove them; later runs compute them anew")
    add("repair", repair_index, "Rebuild a damaged index of runs from their folders.", run=False)
    text = "Queue a run, or one for each seed; prints the ids and returns at once."
    submit = add("submit", submit_run, text, run=False)
    submit.add_argument("--title", default="", help="a name for the run")
    add_fresh_argument(submit)
    add_spec_arguments(submit)
    add_seeds_argument(submit)


def _id(args: argparse.Namespace, deleted: bool = False) -> str:
    """Return the id of the run that the user named."""
    return Store(Workspace.default()).find(args.run, deleted=deleted).id


def list_runs(args: argparse.Namespace) -> int:
    """List runs with their sizes."""
    workspace = Workspace.default()
    engine.wake(workspace)
    runs = Store(workspace).list(deleted=args.trash)
    sizes = trash.sizes(workspace)
    if args.json:
        print(json.dumps([{**asdict(run), "bytes": sizes.get(run.id, 0)} for run in runs], indent=2))
        return 0
    for run in runs:
        age, size = age_text(run.created), bytes_text(sizes.get(run.id, 0))
        print(f"{run.id}  {state_text(run):<22} {age:>11}  {size:>9}  {one_line(run.title)}".rstrip())
    total = bytes_text(sum(sizes.get(run.id, 0) for run in runs))
    print(f"{counted(len(runs), 'run')}, {total} in {workspace.root}", file=sys.stderr)
    return 0


def cancel_run(args: argparse.Namespace) -> int:
    """Stop a run and print where it stopped."""
    workspace, run_id = Workspace.default(), _id(args)
    engine.cancel(workspace, run_id)
    print(engine.wait(workspace, run_id, CANCEL_SECONDS).message)
    return 0


def resume_run(args: argparse.Namespace) -> int:
    """Queue a run again and print its id."""
    run_id = _id(args)
    remark = engine.resume(Workspace.default(), run_id)
    print(run_id)
    if remark:
        print(remark, file=sys.stderr)
    return 0


def delete_run(args: argparse.Namespace) -> int:
    """Move a run to the trash, or back."""
    workspace, run_id = Workspace.default(), _id(args, deleted=args.undo)
    if args.undo:
        trash.restore(workspace, run_id)
        return 0
    trash.delete(workspace, run_id)
    days = round(trash.RETENTION_SECONDS / 86400)
    print(f"In the trash for {days} days; undo with: delete --undo {run_id}", file=sys.stderr)
    return 0


def export_run(args: argparse.Namespace) -> int:
    """Write a run to a zip file."""
    run_id = _id(args)
    write_output(args.file, lambda path: archive.export_run(Workspace.default(), run_id, path))
    return 0


def import_run(args: argparse.Namespace) -> int:
    """Add the run in a zip file."""
    with file_errors(args.file):
        print(archive.import_run(Workspace.default(), args.file))
    return 0


def wait_for_run(args: argparse.Namespace) -> int:
    """Wait for a run, with its progress on stderr."""
    workspace = Workspace.default()
    store = Store(workspace)
    run, started, shown = store.find(args.run), time.monotonic(), ""
    while run.state.live:
        if args.timeout is not None and time.monotonic() - started > args.timeout:
            print(f"{run.id} is still {run.state}", file=sys.stderr)
            return 1
        if (text := state_text(run)) != shown:
            print(text, file=sys.stderr)
            shown = text
        engine.wake(workspace)
        time.sleep(engine.POLL_SECONDS)
        run = store.get(run.id)
    print(f"{run.state}: {run.message} {run.hint}".strip())
    return 0 if run.state is RunState.DONE else 1


def prune_runs(args: argparse.Namespace) -> int:
    """Remove the oldest runs, or print how large the workspace is."""
    workspace = Workspace.default()
    if args.yes and args.keep is None:
        raise UserError("keep", "a size, e.g. 2G, or 0 to remove every ended run", "nothing", "Add --keep.")
    keep = _bytes(args.keep or "0")
    if not args.yes:
        total = bytes_text(sum(trash.sizes(workspace).values()))
        print(f"The runs take {total}; --yes would remove the oldest beyond {bytes_text(keep)}.")
        return 0
    for run_id in trash.prune(workspace, keep):
        print(run_id)
    return 0


def repair_index(args: argparse.Namespace) -> int:
    """Rebuild the index if it is damaged, and enter the runs that it lacks."""
    workspace = Workspace.default()
    if not workspace.root.exists():
        raise UserError("FAIRDD_HOME", "a workspace", f"{workspace.root}, which does not exist")
    process.signal_holder(workspace.dispatcher_lock, signal.SIGTERM)  # it would use the index meanwhile
    lock = take_dispatchers_lock(workspace, REPAIR_SECONDS)
    try:
        done = repair(workspace)
    finally:
        os.close(lock)
    if done.aside is None:
        print("The index is sound.")
    else:
        print(f"The old index is now {done.aside}: {done.reason}")
    print(f"Runs entered from their folders: {len(done.adopted)}.")
    engine.wake(workspace)
    return 0


def show_cache(args: argparse.Namespace) -> int:
    """Print the size of the cache of results, or empty it."""
    cache = ResultCache(Workspace.default())
    count, size = cache.size()
    if args.empty:
        print(f"Removed from the cache: {cache.clear()}, {bytes_text(size)}. The runs keep their results.")
    else:
        limit = bytes_text(cache.max_bytes)
        print(f"Results in the cache: {count}, {bytes_text(size)} of at most {limit}, in {cache.path}.")
    return 0


def submit_run(args: argparse.Namespace) -> int:
    """Queue a new run, or one for each seed."""
    from fairdd_core.cli.repeats import launch_repeats
    from fairdd_core.cli.run import planned_from_args

    if args.seeds is None:
        planned = planned_from_args(args)
        planned.announce()
        print(engine.submit(Workspace.default(), planned.spec, args.title, fresh=args.fresh))
        return 0
    for one in launch_repeats(args, args.title).launched:
        print(one.run)
    return 0


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d*\.?\d+(?:E\d{1,2})?)([KMG]?)B?", text.strip().upper())
    if match is None:
        raise UserError("--keep", "a size such as 500M or 2G", repr(text))
    return int(min(float(match[1]), _MOST) * _UNITS[match[2]])
