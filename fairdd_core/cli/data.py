"""``data``: look through images of your own, add them as a data set, and see or remove what is there."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from fairdd_core.cli import fetch
from fairdd_core.config.spec.base import user_error
from fairdd_core.data.custom import store
from fairdd_core.data.custom.cells import Cells
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.problems import InvalidDataset, Problem, Problems, counted, in_order
from fairdd_core.data.custom.store import add
from fairdd_core.data.custom.validation import ValidationReport, validate
from fairdd_core.workspace import Workspace

SOUND, NOT_SOUND = 0, 1
_SKIP = "With --skip-bad the rest can, without these images."


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``data`` and its commands."""
    text = "Check, add, list and remove data sets of your own."
    top = subparsers.add_parser("data", help=text, description=text)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Callable[[argparse.Namespace], int], text: str) -> Any:
        parser = commands.add_parser(name, help=text, description=text)
        parser.set_defaults(function=function)
        return parser

    check = command("check", check_set, "Report every problem of a set and the images of every cell.")
    _add_options(check)
    check.add_argument("--json", action="store_true", help="as JSON")
    addition = command("add", add_set, "Add a set; it is then known as own-NAME.")
    addition.add_argument("name", metavar="NAME", help="small letters, digits and hyphens")
    _add_options(addition)
    addition.add_argument("--title", default="", help="name for people (default: NAME)")
    fetch.add_arguments(command("download", fetch.download_set, fetch.TEXT))
    listing = command("list", list_sets, "List the added sets.")
    listing.add_argument("--json", action="store_true", help="as JSON")
    removal = command("remove", remove_set, "Remove an added set for good; runs keep their results.")
    removal.add_argument("name", metavar="NAME", help="see: data list")


def _add_options(parser: argparse.ArgumentParser) -> None:
    usual = Options()
    parser.add_argument("path", type=Path, metavar="PATH", help="a folder, a zip file, or a table (CSV)")
    parser.add_argument(
        "--side",
        type=int,
        choices=(32, 64),
        default=usual.side,
        help=f"height and width to bring images to (default: {usual.side})",
    )
    for option, what in (("file", usual.file_column), ("label", usual.label_column)):
        parser.add_argument(f"--{option}-column", default=what, metavar="NAME", help=f"(default: {what})")
    parser.add_argument(
        "--group-column",
        default="",
        metavar="A,B",
        help="one or several, which are crossed (default: group…)",
    )
    parser.add_argument(
        "--split-column",
        default="",
        metavar="NAME",
        help="says train or test (default: split, if there is one)",
    )
    parser.add_argument(
        "--test-share",
        type=float,
        default=usual.test_share,
        help=f"of every cell, where there is no split (default: {usual.test_share})",
    )
    parser.add_argument("--seed", type=int, default=usual.seed, help="of the draw of the test images")
    parser.add_argument("--skip-bad", action="store_true", help="leave out images with problems of their own")


def options_from(args: argparse.Namespace) -> Options:
    """Return how a set is to be read.

    Raises:
        UserError: naming the option at fault.
    """
    try:
        return Options(
            file_column=args.file_column,
            label_column=args.label_column,
            group_columns=tuple(name.strip() for name in args.group_column.split(",") if name.strip()),
            split_column=args.split_column,
            test_share=args.test_share,
            seed=args.seed,
            side=args.side,
            skip_bad=args.skip_bad,
        )
    except ValidationError as error:
        raise user_error(error) from error


def check_set(args: argparse.Namespace) -> int:
    """Look through a set; 0 when it can be added, else 1."""
    found = validate(args.path.absolute(), options_from(args), progress=_progress())
    if args.json:
        print(json.dumps(as_json(found), indent=2, ensure_ascii=False))
    else:
        _tell(found.problems)
        if found.cells is not None:
            print(as_text(found.cells))
        print(verdict(found))
    return SOUND if found.valid else NOT_SOUND


def add_set(args: argparse.Namespace) -> int:
    """Add a set."""
    data_dir = Workspace.default().data

    def accept(found: ValidationReport) -> None:
        _tell(found.problems)

    try:
        about = add(
            data_dir,
            args.name,
            args.path.absolute(),
            options_from(args),
            title=args.title,
            progress=_progress(),
            accept=accept,
        )
    except InvalidDataset as refused:
        _tell(refused.problems)
        print(f"Nothing was added.{remedy(refused.problems)}", file=sys.stderr)
        return NOT_SOUND
    train, test = about.sizes
    print(f"{about.key}: {train} training and {test} test images in {store.folder_of(data_dir, args.name)}")
    return SOUND


def list_sets(args: argparse.Namespace) -> int:
    """List the added sets."""
    data_dir = Workspace.default().data
    found = store.custom_sets(data_dir)
    if args.json:
        print(json.dumps({key: about.model_dump(mode="json") for key, about in found.items()}, indent=2))
        return SOUND
    for key, about in found.items():
        train, test = about.sizes
        size = f"{len(about.classes)} classes, {len(about.groups)} groups, {about.options.side} pixels"
        print(f"{key:<24}  {train:>7} + {test} images  {size}  {about.title}")
    for name in store.damaged_sets(data_dir):
        print(f"{store.PREFIX}{name:<20}  cannot be read; data remove {name}")
    print(
        f"{counted(len(found), 'added set')} in {data_dir / store.FOLDER}; others: list datasets",
        file=sys.stderr,
    )
    return SOUND


def remove_set(args: argparse.Namespace) -> int:
    """Remove an added set."""
    store.remove(Workspace.default().data, args.name)
    return SOUND


def as_json(found: ValidationReport) -> dict[str, Any]:
    """Return what was found as a document."""
    cells = found.cells
    return {
        "sound": found.valid,
        "problems": [vars(problem) for problem in in_order(found.problems)],
        "classes": list(cells.class_names) if cells else [],
        "groups": list(cells.group_names) if cells else [],
        "train": cells.counts_CG(test=False).tolist() if cells else [],
        "test": cells.counts_CG(test=True).tolist() if cells else [],
    }


def as_text(cells: Cells) -> str:
    """Return the training and test images of every cell as a table."""
    train_CG, test_CG = (cells.counts_CG(test=test) for test in (False, True))
    table = pd.DataFrame(
        [[f"{n} + {m}" for n, m in zip(*pair, strict=True)] for pair in zip(train_CG, test_CG, strict=True)],
        index=pd.Index(cells.class_names, name="train + test"),
        columns=list(cells.group_names),
    )
    return table.to_string()


def verdict(found: ValidationReport) -> str:
    """Say in a sentence whether a set can be added."""
    stops = counted(len(found.problems.fatal), "problem")
    notes = counted(len(found.problems) - len(found.problems.fatal), "note")
    if found.valid:
        return f"{len(found.rows)} images can be added; {notes}."
    return f"Cannot be added: {stops} and {notes}.{remedy(found.problems)}"


def remedy(problems: Sequence[Problem]) -> str:
    """Say what to do where single images are all that is wrong."""
    return f" {_SKIP}" if Problems(problems).only_of_images else ""


def _tell(problems: list[Problem]) -> None:
    for problem in in_order(problems):
        print(f"{'error' if problem.fatal else 'note '}  {problem}", file=sys.stderr)


def _progress() -> Callable[[int, int], None] | None:
    """Return what shows progress where somebody is looking."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r{done}/{total} images", end=end, file=sys.stderr, flush=True)

    return show
