"""``data``: check, add, list and remove custom data sets; download the files of a benchmark."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import pandas as pd
from pydantic import ValidationError

from fairdd_core.config.spec.base import user_error
from fairdd_core.data.custom import store
from fairdd_core.data.custom.cells import Cells
from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.problems import KINDS, InvalidDataset, Problem, Problems, in_order
from fairdd_core.data.custom.reading import Reading
from fairdd_core.data.custom.validation import ValidationReport, survey, validate
from fairdd_core.data.download import download
from fairdd_core.data.registry import DATASETS
from fairdd_core.text import one_line
from fairdd_core.units import counted
from fairdd_core.workspace import Workspace

VALID, INVALID = 0, 1
_PRINTED = 5
"""Problems of one kind that are printed."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``data`` and its commands."""
    text = "Check, add, list and remove custom data sets; download benchmarks."
    top = subparsers.add_parser("data", help=text, description=text)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Callable[[argparse.Namespace], int], text: str) -> Any:
        parser = commands.add_parser(name, help=text, description=text)
        parser.set_defaults(function=function)
        return parser

    check = command("check", check_set, "Report every problem of a set and the images of every cell.")
    _add_options(check)
    check.add_argument("--json", action="store_true", help="as JSON")
    addition = command("add", add_set, "Add a set; its name in runs is own-NAME.")
    addition.add_argument("name", metavar="NAME", help="small letters, digits and hyphens")
    _add_options(addition)
    addition.add_argument(
        "--yes", action="store_true", help="do not ask whether the set is understood correctly"
    )
    addition.add_argument("--title", default="", help="name for people (default: NAME)")
    fetch = command("download", download_set, "Download the files of a benchmark; see: list datasets NAME.")
    fetch.add_argument(
        "name", metavar="NAME", help=", ".join(name for name, card in DATASETS.items() if card.torchvision)
    )
    listing = command("list", list_sets, "List the custom sets.")
    listing.add_argument("--json", action="store_true", help="as JSON")
    removal = command("remove", remove_set, "Remove a custom set permanently; runs keep their results.")
    removal.add_argument("name", metavar="NAME", help="see: data list")


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", type=Path, metavar="PATH", help="a folder, a zip file, or a table (CSV, Parquet)"
    )
    for name, field in Options.model_fields.items():
        flag = "--group-column" if name == "group_columns" else f"--{name.replace('_', '-')}"
        default = "" if field.default == () else field.default  # Options splits names at commas
        if isinstance(default, bool):
            parser.add_argument(flag, dest=name, action="store_true", help=field.description)
            continue
        parser.add_argument(
            flag,
            dest=name,
            type=type(default),
            default=default,
            choices=get_args(field.annotation) if name == "side" else None,
            help=field.description if default == "" else f"{field.description} Default: {default}.",
        )


def options_from(args: argparse.Namespace) -> Options:
    """Return how a set is to be read.

    Raises:
        UserError: naming the option at fault.
    """
    try:
        return Options.model_validate({name: getattr(args, name) for name in Options.model_fields})
    except ValidationError as error:
        raise user_error(error) from error


def check_set(args: argparse.Namespace) -> int:
    """Validate a set; return 0 when it can be added, else 1."""
    report = validate(args.path.absolute(), options_from(args), progress=_progress())
    if args.json:
        print(json.dumps(as_json(report), indent=2, ensure_ascii=False))
    else:
        _print_reading(report.reading)
        _print_problems(report.problems)
        if report.cells is not None:
            print(as_text(report.cells))
        print(verdict(report))
    return VALID if report.valid else INVALID


def add_set(args: argparse.Namespace) -> int:
    """Add a set; return 0, or 1 when it has problems that prevent it or is not understood correctly."""
    data_dir = Workspace.default().data
    reading = survey(args.path.absolute(), options_from(args)).reading
    _print_reading(reading)
    if reading is not None and not (args.yes or _is_right(reading, args)):
        return INVALID
    try:
        about = store.add(
            data_dir,
            args.name,
            args.path.absolute(),
            options_from(args),
            title=args.title,
            progress=_progress(),
            accept=lambda report: _print_problems(report.problems),
        )
    except InvalidDataset as error:
        _print_problems(error.problems)
        print(f"Nothing was added.{advice(error.problems)}", file=sys.stderr)
        return INVALID
    train, test = about.sizes
    print(f"{about.key}: {train} training and {test} test images in {store.folder_of(data_dir, args.name)}")
    return VALID


def _is_right(reading: Reading, args: argparse.Namespace) -> bool:
    """Return whether the reading leaves nothing to ask, or the person at the terminal agrees."""
    terminal = sys.stdin.isatty()
    if not reading.guesses and (reading.table or args.label_column or not terminal):
        return True
    if terminal and input("Is that right? [y/N] ").strip().casefold() in {"y", "yes"}:
        return True
    print("Nothing was added. Confirm with --yes, or name the columns: data add --help.", file=sys.stderr)
    return False


def list_sets(args: argparse.Namespace) -> int:
    """List the custom sets."""
    data_dir = Workspace.default().data
    abouts = store.custom_sets(data_dir)
    if args.json:
        print(json.dumps({key: about.model_dump(mode="json") for key, about in abouts.items()}, indent=2))
        return VALID
    for key, about in abouts.items():
        train, test = about.sizes
        size = f"{len(about.classes)} classes, {len(about.groups)} groups, {about.options.side} pixels"
        print(f"{key:<24}  {train:>7} + {test} images  {size}  {one_line(about.title)}")
    for name in store.damaged_sets(data_dir):
        print(f"{store.PREFIX}{name:<20}  cannot be read; data remove {name}")
    summary = f"{counted(len(abouts), 'custom set')} in {data_dir / store.FOLDER}; others: list datasets"
    print(summary, file=sys.stderr)
    return VALID


def remove_set(args: argparse.Namespace) -> int:
    """Remove a custom set."""
    store.remove(Workspace.default().data, args.name)
    return VALID


def download_set(args: argparse.Namespace) -> int:
    """Download the files of a benchmark and print their folder."""

    def show(done: int, total: int, note: str) -> None:
        share = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB" if total else f"{done / 1e6:.0f} MB"
        print(f"\r{note}: {share:<24}", end="", file=sys.stderr, flush=True)

    print(download(args.name, Workspace.default().data, show if sys.stderr.isatty() else None))
    return VALID


def as_json(report: ValidationReport) -> dict[str, Any]:
    """Return a report as a JSON document; counts are nested lists (C, G)."""
    cells = report.cells
    return {
        "valid": report.valid,
        "reading": asdict(report.reading) if report.reading is not None else None,
        "problems": [vars(problem) for problem in in_order(report.problems)],
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
    return str(table.to_string())


def verdict(report: ValidationReport) -> str:
    """Return a sentence that says whether a set can be added."""
    stops = counted(len(report.problems.fatal), "problem")
    notes = counted(len(report.problems) - len(report.problems.fatal), "note")
    if report.valid:
        right = (
            " Adding it asks whether the guesses are right."
            if report.reading and report.reading.guesses
            else ""
        )
        return f"{counted(len(report.rows), 'image')} can be added; {notes}.{right}"
    return f"Cannot be added: {stops} and {notes}.{advice(report.problems)}"


def advice(problems: Sequence[Problem]) -> str:
    """Return what to do when single images are all that is wrong, else nothing."""
    return " With --skip-bad the rest can, without these images." if Problems(problems).only_of_images else ""


def _print_reading(reading: Reading | None) -> None:
    if reading is None or not reading.columns:
        return
    print(f"read   {reading.explained()}", file=sys.stderr)
    for guess in reading.guesses:
        print(f"guess  {guess}", file=sys.stderr)


def _print_problems(problems: Sequence[Problem]) -> None:
    """Print problems, of each kind the first few."""
    printed = Counter[tuple[bool, str]]()
    for problem in in_order(problems):
        printed[problem.fatal, problem.kind] += 1
        if printed[problem.fatal, problem.kind] <= _PRINTED:
            print(f"{'error' if problem.fatal else 'note '}  {problem}", file=sys.stderr)
    for (fatal, kind), n in printed.items():
        if n > _PRINTED:
            text = f"{n - _PRINTED} more of this kind: {KINDS[kind]}. data check --json lists all."
            print(f"{'error' if fatal else 'note '}  … {text}", file=sys.stderr)


def _progress() -> Callable[[int, int], None] | None:
    """Return a function that shows progress, or None outside of a terminal."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r{done}/{total} images", end=end, file=sys.stderr, flush=True)

    return show
