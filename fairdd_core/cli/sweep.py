"""``sweep``: a grid of runs over skew and separation."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.cli.budget import Planned
from fairdd_core.cli.run import POLL_SECONDS, add_spec_arguments, planned_from_args
from fairdd_core.config.repeats import parse_seeds
from fairdd_core.config.settings import SETTINGS
from fairdd_core.config.spec.base import user_error
from fairdd_core.config.sweep import AXES, SweepSpec
from fairdd_core.errors import UserError
from fairdd_core.files import write_arrays, write_json
from fairdd_core.runs import engine
from fairdd_core.runs.engine import sweeps
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.identity import mixed_note
from fairdd_core.runs.storage.sweeps import Cell, Entry, Sweep, cells_of, sweep_table
from fairdd_core.units import counted
from fairdd_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

WITHOUT_MAPS = {"embedding.umap": False}
SKEWS, SEPARATIONS, SEEDS = "0.1,0.3,0.6,0.9", "0,0.15,0.4,1", "0"
_SHOWN = ("accuracy", "deo_mean", "deo_max")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``sweep``."""
    text = (
        "Run a grid of skew and separation; finished runs that fit are used again. Without UMAP maps. "
        "Ctrl-C stops what is left and keeps what is there."
    )
    parser = subparsers.add_parser("sweep", help="Run a grid of skew and separation.", description=text)
    parser.set_defaults(function=run_sweep)
    add_spec_arguments(parser)
    parser.add_argument("--skews", default=SKEWS, metavar="A,B,…", help=f"shares (default: {SKEWS})")
    parser.add_argument(
        "--separations", default=SEPARATIONS, metavar="A,B,…", help=f"0 to 1 (default: {SEPARATIONS})"
    )
    parser.add_argument("--seeds", default=SEEDS, metavar="A-B", help=f"a run each (default: {SEEDS})")
    parser.add_argument("--title", default="", help="a name for the sweep")
    parser.add_argument("--submit", action="store_true", help="queue the runs, print the id and return")
    parser.add_argument("--out", type=Path, metavar="DIR", help="copy settings, results and last images here")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")


def sweep_from_args(args: argparse.Namespace) -> SweepSpec:
    """Return the sweep that the arguments describe; see ``planned_sweep``."""
    return planned_sweep(args)[0]


def planned_sweep(args: argparse.Namespace) -> tuple[SweepSpec, Planned]:
    """Return the sweep that the arguments describe, and what all its runs share with its budget.

    Raises:
        UserError: naming the field at fault.
    """
    for name, path in AXES.items():
        if getattr(args, SETTINGS[path].option) is not None:
            raise UserError(path, f"--{name}, for a sweep has several", f"--{SETTINGS[path].option}")
    grid: dict[str, Sequence[Any]] = {"seeds": parse_seeds(args.seeds)}
    for name in ("skews", "separations"):
        grid[name] = [part for part in getattr(args, name).split(",") if part.strip()]
    try:
        planned = planned_from_args(args, WITHOUT_MAPS if args.budget else None)
        return SweepSpec(base=planned.spec, **grid), planned
    except ValidationError as error:
        raise user_error(error) from error


def run_sweep(args: argparse.Namespace) -> int:
    """Queue the runs of a sweep, and, without ``--submit``, wait for them and print the results."""
    (spec, planned), workspace = planned_sweep(args), Workspace.default()
    sweep = sweeps.launch(workspace, spec, args.title)
    here = sum(entry.reused for entry in sweep.entries)
    if missing := len(sweep.entries) - here:
        planned.announce(spec.runs()[0], missing)
    print(f"sweep {sweep.id}; places: {len(sweep.entries)}, here already: {here}", file=sys.stderr)
    if args.submit:
        print(sweep.id)
        return 0
    try:
        _follow(workspace, sweep)
    except KeyboardInterrupt:
        print(f"stopped {counted(sweeps.cancel(workspace, sweep), 'run')}", file=sys.stderr)
    cells = cells_of(workspace, sweep)
    if args.out is not None:
        write_sweep(args.out, sweep, cells)
    if mixed := mixed_note(cell.result for cell in cells):
        print(mixed, file=sys.stderr)
    table = sweep_table(cells, [arm.name for arm in spec.base.distill.arms])
    print(json.dumps(_records(table), indent=2) if args.json else as_text(table))
    return 1 if any(cell.missing for cell in cells) else 0


def _follow(workspace: Workspace, sweep: Sweep) -> None:
    shown = ""
    while True:
        engine.wake(workspace)
        cells = cells_of(workspace, sweep)
        done, live = sum(cell.result is not None for cell in cells), [cell for cell in cells if cell.live]
        at_work = [cell.state_text for cell in live if cell.state_text != "waiting"]
        line = f"{done} of {len(cells)} done"
        if line != shown:
            print(line, *at_work[:1], sep=", ", file=sys.stderr, flush=True)
            shown = line
        if not live:
            return
        time.sleep(POLL_SECONDS)


def write_sweep(path: Path, sweep: Sweep, cells: Sequence[Cell]) -> None:
    """Write a sweep with its runs' settings, results, counts and last images to a folder, as the bundled one.

    Only the first image of every class is kept, so that a grid stays small.
    """
    path.mkdir(parents=True, exist_ok=True)
    names = [f"{i:03d}" for i in range(len(cells))]
    for name, cell in zip(names, cells, strict=True):
        if cell.result is None:
            continue
        small = RunFolder(path / name)
        small.create(cell.folder.spec())
        small.write_result({**cell.result, "run": name})
        write_arrays(small.counts_file, cell.folder.count_series())
        if iterations := cell.folder.snapshot_iterations():
            images = cell.folder.snapshot(iterations[-1])
            small.write_snapshot(iterations[-1], {arm: x_CIKHW[:, :1] for arm, x_CIKHW in images.items()})
    entries = tuple(Entry(run=name) for name in names)
    write_json(path / "sweep.json", sweep.model_copy(update={"entries": entries}).model_dump(mode="json"))


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {name: None if isinstance(value, float) and isnan(value) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def as_text(table: pd.DataFrame) -> str:
    """Return the grid of every arm and metric: a row per skew, a column per separation."""
    parts = []
    means = table.groupby(["arm", "skew", "separation"], sort=False)[list(_SHOWN)].mean()
    for arm in dict.fromkeys(table["arm"]):
        for name in _SHOWN:
            grid = means.loc[arm][name].unstack("separation")
            head = "".join(f"{separation:>8g}" for separation in grid.columns)
            lines = [f"{arm}: {METRICS[name].title}, skew down, separation across", f"{'':>6}{head}"]
            for skew, row in grid.iterrows():
                lines.append(f"{skew:>6g}" + "".join(f"{_cell(value):>8}" for value in row))
            parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _cell(value: float) -> str:
    return "—" if isnan(value) else f"{value:.3f}"
