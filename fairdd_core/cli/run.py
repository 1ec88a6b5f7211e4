"""``run``: a run in the foreground, and the arguments that describe a run."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fairdd_core.analysis.results import results_text
from fairdd_core.cli.budget import Planned, add_budget_argument, with_budget
from fairdd_core.config.adapt import CHOICES, adapt
from fairdd_core.config.checks import check_names, check_sizes
from fairdd_core.config.presets import PRESETS, preset_named
from fairdd_core.config.recipes import with_backbone
from fairdd_core.config.settings import SETTINGS, changed
from fairdd_core.config.spec.base import user_error
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from fairdd_core.nets.registry import NETWORKS
from fairdd_core.runs import engine
from fairdd_core.runs.storage.blown_up import blown_up_text
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.workspace import Workspace

POLL_SECONDS = 0.25
LINE_WIDTH = 78


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``run``."""
    text = "Distil, evaluate and embed in the foreground; Ctrl-C stops it and keeps what is there."
    parser = subparsers.add_parser("run", help=text, description=text)
    parser.set_defaults(function=run)
    add_spec_arguments(parser)
    add_seeds_argument(parser)
    add_fresh_argument(parser)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="copy the run's folder here; with --seeds, one for each seed"
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON document")


def add_fresh_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--fresh``."""
    parser.add_argument(
        "--fresh", action="store_true", help="compute everything anew; reuse no result of an earlier run"
    )


def add_seeds_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--seeds``, which asks for a run of each seed."""
    parser.add_argument(
        "--seeds",
        metavar="A-B",
        help="a run for each of these seeds, as in 0-4 or 0,3,7, and their results as one: mean, standard "
        "deviation and t-interval; a seed that is finished with the same settings is not run again",
    )


def add_spec_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that describe a run."""
    parser.add_argument(
        "--preset",
        default="quick",
        help=f"start from {', '.join(PRESETS)}, controlled-BACKBONE, published-BACKBONE or long-BACKBONE; "
        "see: list presets (default: quick)",
    )
    parser.add_argument(
        "--spec", type=Path, metavar="FILE", help="start from a spec.json instead of a preset"
    )
    parser.add_argument(
        "--eval-network",
        help=f"architectures trained on each synthetic set, joined by commas: {', '.join(NETWORKS)}; results "
        "are quoted for the first",
    )
    for setting in SETTINGS.values():
        if setting.option:
            text = " ".join(filter(None, (setting.help, setting.bounds and f"({setting.bounds})")))
            parser.add_argument(f"--{setting.option}", help=text.replace("%", "%%"))
    add_budget_argument(parser)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="any other setting, as in distill.momentum=0.9; see: list settings. May be repeated",
    )


def spec_from_args(args: argparse.Namespace) -> RunSpec:
    """Return the specification that the arguments describe; see ``planned_from_args``."""
    return planned_from_args(args).spec


def planned_from_args(args: argparse.Namespace, always: Mapping[str, Any] | None = None) -> Planned:
    """Return the run that the arguments describe, with its budget.

    Args:
        args: of the command line.
        always: dotted path -> value of what the command sets itself.

    Raises:
        UserError: naming the field at fault.
    """
    data_dir = Workspace.default().data
    values = dict(_values(args))
    dataset, label, group, backbone, ipc = (values.get(path) for path in CHOICES.values())
    spec = (
        _from_file(args.spec) if args.spec else preset_named(args.preset, backbone, ipc or 0, dataset or "")
    )
    if not (dataset is label is group is None):
        spec = adapt(spec, dataset or spec.data.dataset, label or "", group or "", data_dir=data_dir)
    if backbone not in (None, spec.distill.backbone):
        spec = with_backbone(spec, backbone)
    for text in args.set:
        path, _, value = text.partition("=")
        if path not in SETTINGS:
            raise UserError("set", "a setting, as in distill.momentum=0.9", repr(text), "See: list settings.")
        values[path] = SETTINGS[path].parse(value)
    values |= always or {}
    spec = changed(spec, values)
    check_names(spec, data_dir)
    check_sizes(spec, data_dir)
    if args.budget is None:
        return Planned(spec)
    fitted = with_budget(args.budget, spec, values)
    return Planned(fitted.spec, args.budget, fitted)


def _values(args: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    """Yield the path and the value of every setting that has an option of its own, and was given."""
    for path, setting in SETTINGS.items():
        text = getattr(args, setting.option.replace("-", "_")) if setting.option else None
        if text is not None:
            yield path, setting.parse(text)
    if args.eval_network is not None:
        first, *others = (name.strip() for name in args.eval_network.split(","))
        yield "evaluation.network.name", first
        yield "evaluation.others", tuple(others)


def _from_file(path: Path) -> RunSpec:
    try:
        return RunSpec.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UserError("spec", "a readable spec.json", str(path), str(error)) from error
    except ValidationError as error:
        raise user_error(error) from error


def run(args: argparse.Namespace) -> int:
    """Queue the run, follow it to its end and print what came out."""
    if args.seeds is not None:
        from fairdd_core.cli.repeats import run_repeats

        return run_repeats(args)
    planned = planned_from_args(args)
    if args.out is not None:
        make_folder(args.out)
    workspace = Workspace.default()
    said = planned.announce()
    run_id = engine.submit(workspace, planned.spec, fresh=args.fresh)
    print(f"run {run_id} in {workspace.root}", file=sys.stderr)
    record = follow_or_stop(workspace, run_id)
    folder = Store(workspace).folder(run_id)
    if args.out is not None:
        copy_run(folder, args.out)
    if record.state is not RunState.DONE:
        print(f"{record.state}: {record.message} {record.hint}".strip(), file=sys.stderr)
        return 1
    result = {**(folder.result() or {}), **said}
    print(json.dumps(result, indent=2) if args.json else as_text(result))
    if warning := blown_up_text(folder):
        print(f"warning: {warning}", file=sys.stderr)
    return 0


def copy_run(folder: RunFolder, path: Path) -> None:
    """Copy the files of a run to a folder."""
    shutil.copytree(folder.path, path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.lock"))


def make_folder(path: Path) -> None:
    """Make the folder of the result before any work is done."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        taken = any(path.iterdir())
    except OSError as error:
        raise UserError("out", "a folder that can be written", str(path), str(error)) from error
    if taken:
        raise UserError("out", "a folder that is new or empty", str(path), "Choose another one.")


def follow_or_stop(workspace: Workspace, run_id: str) -> RunRecord:
    """Show progress on stderr until the run has ended; Ctrl-C stops it."""
    try:
        return follow(Store(workspace), run_id)
    except KeyboardInterrupt:
        with suppress(UserError):  # it ended just now
            engine.cancel(workspace, run_id)
        return engine.wait(workspace, run_id, timeout=10)


def follow(store: Store, run_id: str) -> RunRecord:
    """Show progress on stderr until the run has ended."""
    started, shown, live = time.monotonic(), "", sys.stderr.isatty()
    while True:
        engine.wake(store.workspace)  # the queue goes on even if its dispatcher was killed
        record = store.get(run_id)
        line = _line(record, None if not live else time.monotonic() - started)
        if line != shown:
            print(
                f"\r{line:<{LINE_WIDTH}}" if live else line,
                end="" if live else "\n",
                file=sys.stderr,
                flush=True,
            )
            shown = line
        if not record.state.live:
            if live:
                print(file=sys.stderr)
            return record
        time.sleep(POLL_SECONDS)


def _line(record: RunRecord, seconds: float | None) -> str:
    """Return the progress in a line; where lines pile up (no terminal) without what changes all the time."""
    if record.state is RunState.QUEUED:
        return f"queued, place {record.position} in the queue" if record.position else "queued"
    text = f"{record.phase or record.state} {record.note}".strip()
    if seconds is None:
        return text
    count = f" {record.done}/{record.total}" if record.total else ""
    return f"{text}{count}  [{seconds:.0f} s]"[:LINE_WIDTH]


def as_text(result: Mapping[str, Any]) -> str:
    """Return the result as a table for people."""
    seconds = ", ".join(f"{stage} {value:.0f} s" for stage, value in result["seconds"].items())
    lines = [f"{result['device']}: {seconds}", "", *results_text(result["arms"])]
    for name, arms in result.get("others", {}).items():
        lines += ["", f"evaluated with {NETWORKS[name].title}", *results_text(arms)]
    return "\n".join(lines)
