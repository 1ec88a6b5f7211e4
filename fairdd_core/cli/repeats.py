"""``run --seeds``: several runs that differ in the seed, and their results as one."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.analysis.repeats import arm_differences, reference_arm, repeats_table, seed_table
from fairdd_core.analysis.results import HEADLINE, results_grid
from fairdd_core.config.repeats import parse_seeds
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from fairdd_core.runs import engine
from fairdd_core.runs.engine import repeats as launches
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.repeats import Member, Repeats, describe_seeds, repeats_document, repeats_of
from fairdd_core.workspace import Workspace

STOP_SECONDS = 10.0


@dataclass(frozen=True)
class LaunchedSeeds:
    """A launch of several seeds.

    Attributes:
        spec: of its runs, with any seed.
        launched: its runs.
        said: how long a run takes, see ``Planned.announce``.
    """

    spec: RunSpec
    launched: list[launches.Launched]
    said: dict[str, Any]


def launch_repeats(args: argparse.Namespace, title: str = "") -> LaunchedSeeds:
    """Queue a run for each seed that the arguments name, and say which ones are finished already.

    Raises:
        UserError: naming the field at fault.
    """
    from fairdd_core.cli.run import make_folder, planned_from_args

    if args.seed is not None:
        raise UserError("seed", "either --seed or --seeds", "both", "Leave one out.")
    seeds, planned = parse_seeds(args.seeds), planned_from_args(args)
    if getattr(args, "out", None) is not None:
        make_folder(args.out)
    workspace = Workspace.default()
    launched = launches.launch(workspace, planned.spec, seeds, title, fresh=args.fresh)
    for one in launched:
        where = "finished before, used again" if one.reused else f"in {workspace.root}"
        print(f"seed {one.seed}: run {one.run}, {where}", file=sys.stderr)
    missing = sum(not one.reused for one in launched)
    return LaunchedSeeds(planned.spec, launched, planned.announce(runs=missing) if missing else {})


def run_repeats(args: argparse.Namespace) -> int:
    """Follow a launch of several seeds to its end and print their results as one; Ctrl-C stops all of it."""
    from fairdd_core.cli.run import copy_run, follow

    seeds = launch_repeats(args)
    spec, launched = seeds.spec, seeds.launched
    workspace, own = Workspace.default(), [one.run for one in launched if not one.reused]
    store = Store(workspace)
    try:
        for run in own:
            follow(store, run)
    except KeyboardInterrupt:
        launches.cancel(workspace, own)
        for run in own:
            engine.wait(workspace, run, STOP_SECONDS)
    records = [store.get(one.run) for one in launched]
    found = repeats_of(spec, [Member(run.id, store.folder(run.id), run) for run in records])
    if args.out is not None:
        for one in launched:
            copy_run(store.folder(one.run), args.out / f"seed-{one.seed}")
    for record in records:
        if record.state is not RunState.DONE:
            print(f"{record.id} {record.state}: {record.message} {record.hint}".strip(), file=sys.stderr)
    if args.json:
        print(
            json.dumps(
                {"spec": spec.model_dump(mode="json"), **repeats_document(found), **seeds.said}, indent=2
            )
        )
    else:
        print("\n".join(repeats_text(found, always=True)))
    return 0 if len(found.used) == len(launched) else 1


def repeats_text(repeats: Repeats, *, always: bool = False) -> list[str]:
    """Return results over seeds as the lines of plain tables.

    Args:
        repeats: of a run.
        always: whether to do so for a run without repeats too.
    """
    if not (always or repeats.several):
        return []
    seeds = seed_table(repeats.results())
    count = len(repeats.used)
    lines = ["", f"Over {count} seed{'' if count == 1 else 's'} ({describe_seeds(repeats.seeds)})"]
    lines += [repeats.note()] if repeats.note() else []
    if seeds.empty:
        return lines
    titles = {name: METRICS[name].title for name in HEADLINE}
    lines += results_grid(repeats_table(seeds)).rename(columns=titles).to_string().splitlines()
    lines.append(
        "± is the standard deviation over seeds, the range the 95 % t-interval of the mean over seeds."
        if count > 1
        else "One seed has no interval."
    )
    return lines + _differences(seeds, [arm.name for arm in repeats.spec.distill.arms])


def _differences(seeds: pd.DataFrame, arms: Sequence[str]) -> list[str]:
    table = arm_differences(seeds, arms, against=[reference_arm(arms)])
    shown = table[table["metric"].isin(HEADLINE) & (table["quantity"] == "mean")]
    if shown.empty:
        return []
    lines = ["", f"Minus {reference_arm(arms)}, seed by seed, in points"]
    for row in shown.to_dict("records"):
        text = f"{100 * row['difference']:+.1f}"
        if row["low"] == row["low"]:
            text += f" ± {100 * row['std']:.1f} ({100 * row['low']:+.1f} to {100 * row['high']:+.1f})"
        lines.append(f"{row['arm']}  {METRICS[row['metric']].title}  {text}  n = {row['seeds']}")
    return lines
