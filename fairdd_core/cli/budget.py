"""``--budget``, and how long a run will take: what commands say before they launch one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairdd_core.config.budget import BUDGETED, Fitted, check_start, device_text, fit, parse_budget
from fairdd_core.config.cost import stage_seconds
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.device import queue_device
from fairdd_core.runs.engine import sizes, speed
from fairdd_core.units import estimate_text
from fairdd_core.workspace import Workspace


def add_budget_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--budget``."""
    parser.add_argument(
        "--budget",
        metavar="TIME",
        help="how long a run may take, as in 90s, 5m or 1h: sets networks, updates and test for this data "
        "set and this device, whose speed is measured once (about 20 seconds). Options given beside it win",
    )


def with_budget(text: str, spec: RunSpec, given: Mapping[str, Any]) -> Fitted:
    """Return a run that fits a budget; measure the device first if that was never done.

    Args:
        text: the budget, as in 5m.
        spec: data, methods and images per class.
        given: dotted path -> value of what the user chose.

    Raises:
        UserError: for an unusable budget, a data set that is not here, or a device that cannot be measured.
    """
    seconds, workspace, device = parse_budget(text), Workspace.default(), queue_device(spec.device)
    check_start(spec)
    size = sizes.size_of(workspace, spec)
    if speed.known(workspace, device) is None:
        print(f"Measuring the speed of {device} once, about 20 seconds …", file=sys.stderr)
    measured = speed.measured(workspace, device)
    return fit(spec, size, measured, seconds, {path: given[path] for path in BUDGETED if path in given})


@dataclass(frozen=True)
class Planned:
    """A run to be launched, with the budget that decided its recipe, if any."""

    spec: RunSpec
    budget: str = ""
    fitted: Fitted | None = None

    def announce(self, spec: RunSpec | None = None, runs: int = 1) -> dict[str, Any]:
        """Say on stderr how long the launch will take, if that is known.

        Args:
            spec: one of the runs, where they differ from ``spec``.
            runs: how many.

        Returns:
            The same for a document: ``estimate`` with the seconds of a run, and ``budget``. Empty without.
        """
        workspace, one = Workspace.default(), spec or self.spec
        document: dict[str, Any] = {}
        if self.fitted is not None:
            print(self.fitted.sentence, file=sys.stderr)
            said = {"fits": self.fitted.fits, "sentence": self.fitted.sentence}
            document["budget"] = {"seconds": parse_budget(self.budget), **said}
        measured, size = speed.speed_for(workspace, one), sizes.known_size(workspace, one)
        if measured is None or size is None:
            return document
        stages = stage_seconds(one, size, measured)
        total = sum(stages.values())
        if runs > 1 or self.fitted is None:
            several = f"{runs} runs take " if runs > 1 else "Takes "
            print(f"{several}{estimate_text(runs * total)} on {device_text(measured)}.", file=sys.stderr)
        rounded = {name: round(value, 1) for name, value in {**stages, "total": total}.items()}
        return {**document, "estimate": rounded}
