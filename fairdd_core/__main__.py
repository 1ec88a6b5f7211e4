"""The command line: ``fairdd`` where the package is installed, else ``python -m fairdd_core``."""

from __future__ import annotations

import argparse
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fairdd_core import __version__
from fairdd_core.errors import UserError

FAILED, BAD_ARGUMENTS = 1, 2
INTERRUPTED = 128 + signal.SIGINT
"""As a shell reports it."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    from fairdd_core.cli import data, judge, report, run, runs, sweep
    from fairdd_core.cli import list as list_command

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
    judge.add_parser(subparsers)
    runs.add_parsers(subparsers)
    sweep.add_parser(subparsers)
    report.add_parser(subparsers)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when done, 1 when it failed, 2 for bad arguments, 130 when interrupted."""
    from fairdd_core.cli.terminal import plain_output

    with plain_output(), _terminated_as_interrupted():
        try:
            return _run(arguments)
        except UserError as error:
            print(f"{error}", file=sys.stderr)
            return BAD_ARGUMENTS
        except BrokenPipeError:
            return 0  # the reader, e.g. `head`, had enough
        except KeyboardInterrupt:
            print("Interrupted.", file=sys.stderr)
            return INTERRUPTED
        except (OSError, TimeoutError, sqlite3.Error) as error:
            # An unusable workspace or index, a full disk, a process that will not end.
            print(error, file=sys.stderr)
            return FAILED


def _run(arguments: Sequence[str] | None) -> int:
    args = parser().parse_args(arguments)
    return int(args.function(args))


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM, which batch systems send, do what Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
