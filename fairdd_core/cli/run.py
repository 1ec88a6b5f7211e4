"""``run``: a run in the foreground, and the arguments that describe a run."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fairdd_core.analysis.results import results_text
from fairdd_core.config.adapt import adapt
from fairdd_core.config.checks import check_names
from fairdd_core.config.presets import PRESETS, arms_named, preset_named
from fairdd_core.config.recipes import with_backbone
from fairdd_core.config.spec.base import user_error
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.distill.alignments.registry import ALIGNMENTS
from fairdd_core.errors import UserError
from fairdd_core.nets.registry import NETWORKS
from fairdd_core.runs import engine
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.workspace import Workspace

POLL_SECONDS = 0.25
LINE_WIDTH = 78

OPTIONS: dict[str, tuple[str, type, str]] = {
    "dataset": ("data.dataset", str, "name of a data set; see: list datasets"),
    "label": ("data.label", str, "attribute to predict, where there are several; see: list datasets NAME"),
    "group": ("data.group", str, "attribute that makes the groups, or several crossed, as in race+gender"),
    "skew": ("data.skew", float, "share of each class's majority group, 1/G to 0.99"),
    "separation": ("data.separation", float, "how different the groups look, 0 to 1"),
    "groups": ("data.groups", int, "number of groups, where they are made: 2 to 10"),
    "label-noise": ("data.label_noise", float, "share of wrong group labels in the training set, 0 to 0.5"),
    "known-share": ("data.known_share", float, "share of known group labels in the training set, 0.05 to 1"),
    "backbone": ("distill.backbone", str, "distillation method, with its own settings; see: list backbones"),
    "matching": (
        "distill.matching",
        str,
        "distance to the targets, for all arms; see: list discrepancies",
    ),
    "ipc": ("distill.ipc", int, "synthetic images per class"),
    "lr": ("distill.lr", float, "step size of the synthetic images"),
    "iterations": ("distill.iterations", int, "updates of the synthetic images"),
    "eval-networks": ("evaluation.networks", int, "networks trained on each synthetic set"),
    "seed": ("seed", int, "the one seed of the run"),
    "device": ("device", str, "auto, cpu, cuda or cuda:N"),
}
"""Option -> the field of the specification it sets, its type and its help."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``run``."""
    text = "Distil, evaluate and embed in the foreground; Ctrl-C stops it and keeps what is there."
    parser = subparsers.add_parser("run", help=text, description=text)
    parser.set_defaults(function=run)
    add_spec_arguments(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="copy the finished run's folder here")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON document")


def add_spec_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that describe a run."""
    parser.add_argument(
        "--preset",
        default="quick",
        help=f"start from {', '.join(PRESETS)}, controlled-BACKBONE or published-BACKBONE (default: quick)",
    )
    parser.add_argument(
        "--spec", type=Path, metavar="FILE", help="start from a spec.json instead of a preset"
    )
    parser.add_argument(
        "--arms",
        help=f"methods to compare, joined by commas: {', '.join(ALIGNMENTS)}; the distance of a barycenter "
        "follows after a colon, as in cobra:cosine (see: list discrepancies), what else is done for fairness "
        "after a plus, as in vanilla+fair-training (see: list interventions)",
    )
    parser.add_argument(
        "--eval-network",
        help=f"architectures trained on each synthetic set, joined by commas: {', '.join(NETWORKS)}; results "
        "are quoted for the first",
    )
    for option, (_, kind, text) in OPTIONS.items():
        parser.add_argument(f"--{option}", type=kind, help=text)


def spec_from_args(args: argparse.Namespace) -> RunSpec:
    """Return the specification that the arguments describe.

    Raises:
        UserError: naming the field at fault.
    """
    start = _starting_point(args)
    if not (args.dataset is args.label is args.group is None):
        start = adapt(start, args.dataset or start.data.dataset, args.label or "", args.group or "")
    if args.backbone is not None and args.backbone != start.distill.backbone:
        start = with_backbone(start, args.backbone)
    document = start.model_dump(mode="json")
    for option, (field, _, _) in OPTIONS.items():
        value = getattr(args, option.replace("-", "_"))
        if value is not None:
            _set(document, field, value)
    if args.arms is not None:
        names = [name.strip() for name in args.arms.split(",") if name.strip()]
        document["distill"]["arms"] = [arm.model_dump() for arm in arms_named(*names)]
    if args.eval_network is not None:
        first, *others = (name.strip() for name in args.eval_network.split(","))
        document["evaluation"]["network"]["name"] = first
        document["evaluation"]["others"] = others
    try:
        spec = RunSpec.model_validate(document)
    except ValidationError as error:
        raise user_error(error) from error
    check_names(spec, Workspace.default().data)
    return spec


def _starting_point(args: argparse.Namespace) -> RunSpec:
    if args.spec is None:
        return preset_named(args.preset)
    try:
        return RunSpec.model_validate_json(args.spec.read_bytes())
    except OSError as error:
        raise UserError("spec", "a readable spec.json", str(args.spec), str(error)) from error
    except ValidationError as error:
        raise user_error(error) from error


def _set(document: dict[str, Any], field: str, value: object) -> None:
    *parents, last = field.split(".")
    for parent in parents:
        document = document[parent]
    document[last] = value


def run(args: argparse.Namespace) -> int:
    """Queue the run, follow it to its end and print what came out."""
    spec = spec_from_args(args)
    if args.out is not None:
        _make_folder(args.out)
    workspace = Workspace.default()
    run_id = engine.submit(workspace, spec)
    print(f"run {run_id} in {workspace.root}", file=sys.stderr)
    try:
        record = _follow(Store(workspace), run_id)
    except KeyboardInterrupt:
        engine.cancel(workspace, run_id)
        record = engine.wait(workspace, run_id, timeout=10)
    folder = Store(workspace).folder(run_id)
    if args.out is not None:
        shutil.copytree(folder.path, args.out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.lock"))
    if record.state is not RunState.DONE:
        print(f"{record.state}: {record.message} {record.hint}".strip(), file=sys.stderr)
        return 1
    result = folder.result() or {}
    print(json.dumps(result, indent=2) if args.json else as_text(result))
    return 0


def _make_folder(path: Path) -> None:
    """Make the folder of the result before any work is done."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        taken = any(path.iterdir())
    except OSError as error:
        raise UserError("out", "a folder that can be written", str(path), str(error)) from error
    if taken:
        raise UserError("out", "a folder that is new or empty", str(path), "Choose another one.")


def _follow(store: Store, run_id: str) -> RunRecord:
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
