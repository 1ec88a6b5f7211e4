"""``judge``: test distilled sets that were made elsewhere like those of a run."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from fairdd_core.config.checks import check_names
from fairdd_core.config.settings import ARMS, changed
from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.distilled.read import FORMATS, DistilledSet, Reading, read_distilled, target_of
from fairdd_core.data.distilled.values import NORMALISATIONS, RANGES
from fairdd_core.data.registry import card_of
from fairdd_core.errors import UserError
from fairdd_core.runs import engine
from fairdd_core.runs.storage import external
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace

MOST_IPC = 200
"""Of the random subset that the sets are compared with, as in any run."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``judge``."""
    from fairdd_core.cli.run import add_fresh_argument, add_spec_arguments

    text = (
        "Test distilled sets that were made elsewhere, each as a method of one run. Methods named by --arms "
        "are distilled and tested beside them."
    )
    parser = subparsers.add_parser("judge", help=text, description=text)
    parser.set_defaults(function=judge)
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help=f"a folder CLASS/*.png, or a file that ends in {', '.join(FORMATS)}",
    )
    parser.add_argument("--range", choices=RANGES, default="", help="of the numbers; guessed if left out")
    parser.add_argument(
        "--normalisation",
        default="",
        metavar="NAME",
        help=f"that the numbers have: {', '.join(NORMALISATIONS)}, or MEAN/STD; guessed if left out",
    )
    parser.add_argument(
        "--experiment", default="", metavar="N", help="which of the sets in a file; all for every one"
    )
    parser.add_argument(
        "--hard-labels", action="store_true", help="replace soft labels by the class with the largest share"
    )
    parser.add_argument(
        "--class-order",
        default="",
        metavar="0,1,…",
        help="which class each file counts as its first, second and so on, if not in order",
    )
    parser.add_argument("--check", action="store_true", help="only say how the files are understood")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON document")
    add_fresh_argument(parser)
    add_spec_arguments(parser)


def judge(args: argparse.Namespace) -> int:
    """Read the files, run their test in the foreground and print what came out."""
    from fairdd_core.cli.run import as_text, follow_or_stop, spec_from_args

    workspace, spec = Workspace.default(), spec_from_args(args)
    sets = read_sets(args, spec, workspace)
    for one in sets:
        name = f"{one.source} {one.experiment}".strip()
        print(
            "\n".join([f"{name} ({one.digest[:12]})", *(f"  {text}" for text in one.statements)]),
            file=sys.stderr,
        )
    if args.check:
        return 0
    spec = with_sets(spec, sets, own=args.arms is not None, ipc=args.ipc is not None)
    check_names(spec, workspace.data)
    for one in sets:
        external.keep(workspace, one)
    run_id = engine.submit(workspace, spec, fresh=args.fresh)
    print(f"run {run_id} in {workspace.root}", file=sys.stderr)
    record = follow_or_stop(workspace, run_id)
    if record.state is not RunState.DONE:
        print(f"{record.state}: {record.message} {record.hint}".strip(), file=sys.stderr)
        return 1
    result = Store(workspace).folder(run_id).result() or {}
    for arm, about in result.get("external", {}).items():
        for doubt in about["doubts"]:
            print(f"{arm}: {doubt}", file=sys.stderr)
    print(json.dumps(result, indent=2) if args.json else as_text(result))
    return 0


def read_sets(args: argparse.Namespace, spec: RunSpec, workspace: Workspace) -> list[DistilledSet]:
    """Return the sets in all files, read for the data set of a specification.

    Raises:
        UserError: naming the file at fault.
    """
    card = card_of(spec.data.dataset, workspace.data)
    target = target_of(card, card.labels(spec.data).classes, spec.data.dataset)
    try:
        order = tuple(int(part) for part in args.class_order.split(",")) if args.class_order else ()
    except ValueError as error:
        raise UserError("class-order", "numbers joined by commas", repr(args.class_order[:60])) from error
    reading = Reading(args.range, args.normalisation, args.experiment, args.hard_labels, order)
    return [one for file in args.files for one in read_distilled(file, target, reading)]


def with_sets(spec: RunSpec, sets: list[DistilledSet], *, own: bool, ipc: bool) -> RunSpec:
    """Return a specification that tests sets.

    Args:
        spec: of everything else.
        sets: to test.
        own: whether to distil the arms of ``spec`` beside them.
        ipc: whether to keep the images per class, which the random subset has; else those of the sets.
    """
    arms: tuple[ArmSpec, ...] = spec.distill.arms if own else ()
    arms += external.external_arms((("", one) for one in sets), [arm.name for arm in arms])
    values: dict[str, object] = {ARMS: arms}
    if not (own or ipc):
        one = max(sets, key=lambda found: len(found.y_N))
        values["distill.ipc"] = max(1, min(MOST_IPC, round(len(one.y_N) / len(set(one.y_N.tolist())))))
    return changed(spec, values)
