"""Rows of the tables in ``assets/docs/results.md``, from what ``run --seeds … --json`` printed.

    python -m fairdd_core run --preset quick --seeds 0-2 --json > quick.json
    python -m tests.benchmarks.results quick.json

Prints a Markdown row per method, in per cent and points: means over the seeds ± standard deviations, the
noise floor of DEO_A and what is above it, then the differences to the first method, paired by seed, with
their 95 % t-intervals.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HEAD = "| method | accuracy | worst group | DEO_A | floor | excess | DEO_M |"
SHOWN = ("accuracy", "worst_group_accuracy", "deo_mean", "deo_max")


def _number(entry: Mapping[str, Any] | None) -> str:
    if entry is None or entry["mean"] is None:
        return "–"
    return f"{100 * entry['mean']:.1f}" + ("" if entry["std"] is None else f" ± {100 * entry['std']:.1f}")


def rows(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a row for every arm and baseline, then a line for every difference to the first arm.

    Args:
        document: of ``runs.storage.repeats.repeats_document``.
    """
    yield HEAD
    yield "|---|---|---|---|---|---|---|"
    for arm, metrics in document["arms"].items():
        accuracy, worst, mean, largest = (metrics.get(name) for name in SHOWN)
        gap = [mean, *((mean or {}).get(part) for part in ("floor", "excess"))]
        cells = [_number(entry) for entry in (accuracy, worst, *gap, largest)]
        yield f"| {arm} | {' | '.join(cells)} |"
    first = next(iter(document["arms"]))
    for pair in document["differences"]:
        if pair["against"] == first and pair["metric"] in SHOWN and pair["quantity"] == "mean":
            low, high = pair["ci95"]
            interval = "" if low is None else f" ({100 * low:+.1f} to {100 * high:+.1f})"
            yield f"{pair['arm']} − {first}, {pair['metric']}: {100 * pair['mean']:+.1f}{interval}"


def main() -> None:
    """Print the rows of every file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, help="output of run --seeds … --json")
    for path in parser.parse_args().files:
        print(f"\n{path.stem}")
        print("\n".join(rows(json.loads(path.read_text()))))


if __name__ == "__main__":
    main()
