"""The command line: ``fairdd`` where the package is installed, else ``python -m fairdd_core``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fairdd_core import __version__
from fairdd_core.cli import data, report, run, runs, sweep
from fairdd_core.cli import list as list_command
from fairdd_core.cli.terminal import plain_output
from fairdd_core.errors import UserError

FAILED, BAD_ARGUMENTS = 1, 2


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    script = "fairdd"  # see pyproject.toml
    top = argparse.ArgumentParser(
        prog=script if Path(sys.argv[0]).stem == script else "python -m fairdd_core",
        description="Distil a biased data set fairly, and measure it.",
    )
    top.add_argument("--version", action="version", version=__version__)
    subparsers = top.add_subparsers(required=True, metavar="COMMAND")
    run.add_parser(subparsers)
    list_command.add_parser(subparsers)
    data.add_parser(subparsers)
    runs.add_parsers(subparsers)
    sweep.add_parser(subparsers)
    report.add_parser(subparsers)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when done, 1 when it failed, 2 for bad arguments."""
    with plain_output():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    args = parser().parse_args(arguments)
    try:
        return int(args.function(args))
    except UserError as error:
        print(f"{error}", file=sys.stderr)
        return BAD_ARGUMENTS
    except BrokenPipeError:
        return 0  # the reader, e.g. `head`, had enough
    except (
        OSError,
        TimeoutError,
    ) as error:  # an unusable workspace, a full disk, a process that will not end
        print(error, file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
