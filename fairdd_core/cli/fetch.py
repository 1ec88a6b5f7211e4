"""``data download``: the files of a benchmark."""

from __future__ import annotations

import argparse
import sys

from fairdd_core.data.download import download
from fairdd_core.data.registry import DATASETS
from fairdd_core.workspace import Workspace

TEXT = "Download the files of a benchmark, where torchvision can; see: list datasets NAME."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``data download``."""
    can = [name for name, card in DATASETS.items() if card.torchvision]
    parser.add_argument("name", metavar="NAME", help=", ".join(can))


def download_set(args: argparse.Namespace) -> int:
    """Fetch the files and say where they are."""
    folder = download(args.name, Workspace.default().data, _line if sys.stderr.isatty() else None)
    print(folder)
    return 0


def _line(done: int, total: int, note: str) -> None:
    share = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB" if total else f"{done / 1e6:.0f} MB"
    print(f"\r{note}: {share:<24}", end="", file=sys.stderr, flush=True)
