"""``report``, and the tables and pictures of ``export``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from fairdd_core.cli.output import file_errors, write_output
from fairdd_core.errors import UserError
from fairdd_core.files import write_bytes
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.repeats import Repeats, members, repeats_of
from fairdd_core.workspace import Workspace

SET_FORMATS = ("safetensors", "npz", "pt", "png", "folder")
"""Of distilled sets (see ``report.sets``, which is imported late)."""
Command = Callable[[argparse.Namespace], int]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``report``."""
    text = "Write a run as one HTML file that opens without a network."
    parser = subparsers.add_parser("report", help=text, description=text)
    parser.set_defaults(function=write_report)
    parser.add_argument("run", metavar="ID", help="id of a run, the part of it that is unique, or its folder")
    parser.add_argument("file", type=Path, metavar="FILE.html", help="- for the standard output")


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``export``."""
    parser.add_argument(
        "file", type=Path, metavar="FILE.zip", nargs="?", help="the whole run; - for the standard output"
    )
    parser.add_argument(
        "--format",
        choices=SET_FORMATS,
        help="write its distilled sets instead, one for each method, and FILE.zip names a folder for them",
    )
    parser.add_argument("--csv", type=Path, metavar="DIR", help="its tables, as CSV files in this folder")
    parser.add_argument("--png", type=Path, metavar="DIR", help="its last images, a grid for every method")


def export_with(whole: Command) -> Command:
    """Return the command ``export``; ``whole`` writes the zip file."""

    def export(args: argparse.Namespace) -> int:
        if args.format:
            return _write_sets(args)
        with file_errors(args.csv or args.png):
            for folder in filter(None, (args.csv, args.png)):
                folder.mkdir(parents=True, exist_ok=True)
        if not (args.file or args.csv or args.png):
            raise UserError("file", "FILE.zip, --csv DIR or --png DIR", "nothing", "Say what to write.")
        if args.csv:
            _write_tables(args.run, args.csv)
        if args.png:
            _write_pictures(args.run, args.png)
        return whole(args) if args.file else 0

    return export


def _write_sets(args: argparse.Namespace) -> int:
    from fairdd_core.report.labels import labels_of
    from fairdd_core.report.sets import set_files

    if args.file is None or args.csv or args.png:
        raise UserError("file", "a folder for the sets, and neither --csv nor --png", "another request")
    folder = _find(args.run)[0]
    with file_errors(args.file):
        args.file.mkdir(parents=True, exist_ok=True)
    files = set_files(folder, args.format, labels_of(folder, Workspace.default().data).classes)
    for name, content in files.items():
        _write(args.file / name, content)
    return 0


def write_report(args: argparse.Namespace) -> int:
    """Write the report of a run."""
    from fairdd_core.report.document import report
    from fairdd_core.report.labels import labels_of

    folder, title, note = _find(args.run)
    page = report(folder, labels_of(folder, Workspace.default().data), title, note, _repeats(folder))
    _write(args.file, page.encode())
    return 0


def _write_tables(run: str, target: Path) -> None:
    from fairdd_core.report.labels import labels_of
    from fairdd_core.report.repeats import seed_files
    from fairdd_core.report.tables import csv, tables

    folder = _find(run)[0]
    found = tables(folder, labels_of(folder, Workspace.default().data)) | seed_files(_repeats(folder))
    for name, table in found.items():
        _write(target / f"{name}.csv", csv(table))


def _write_pictures(run: str, target: Path) -> None:
    from fairdd_core.report.pictures import grids

    for name, content in grids(_find(run)[0]).items():
        _write(target / name, content)


def _find(run: str) -> tuple[RunFolder, str, str]:
    """Return the folder of a run, its title, and a note if it did not finish."""
    folder = RunFolder(run)
    if folder.complete:
        return folder, folder.path.absolute().name, ""
    store = Store(Workspace.default())
    record = store.find(run)
    folder = store.folder(record.id)
    title = record.title or f"{folder.spec().data.dataset}, run {record.id}"
    return folder, title, "" if record.state is RunState.DONE else f"{record.state}: {record.message}"


def _repeats(folder: RunFolder) -> Repeats | None:
    """Return the repeats of a run of the workspace; None for a run elsewhere."""
    store = Store(Workspace.default())
    if folder.path.absolute().parent != store.workspace.runs.absolute():
        return None
    return repeats_of(folder.spec(), members(store), first=folder.path.name)


def _write(file: Path, content: bytes) -> None:
    write_output(file, lambda path: write_bytes(path, content))
