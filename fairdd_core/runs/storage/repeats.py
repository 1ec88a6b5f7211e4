"""The repeats of a run, found by their specifications: imports, sweeps and later launches all count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from fairdd_core.config.repeats import repeat_key, seeds_text
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.identity import code_of_result, data_of_result, differ
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.runs.storage.predictions import arm_samples
from fairdd_core.runs.storage.sweeps import result_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Member:
    """A run that may be a repeat.

    Attributes:
        run: its id in the index, or the name of a bundled run.
        folder: of the run.
        record: its row in the index; None for a run that is not in the index.
    """

    run: str
    folder: RunFolder
    record: RunRecord | None = None

    @property
    def key(self) -> tuple[str, int] | None:
        """Its ``repeat_key`` and its seed; None where the specification cannot be read."""
        return _key(str(self.folder.path))

    @property
    def why_not(self) -> str:
        """Why it has no result to count, in a few words; empty when it is done and not deleted."""
        if self.record is None or (self.record.state is RunState.DONE and self.record.deleted is None):
            return ""
        if self.record.deleted is not None:
            return "is in the trash"
        words = {RunState.QUEUED: "is waiting", RunState.RUNNING: "is running", RunState.LOST: "was lost"}
        words |= {RunState.STOPPED: "was stopped", RunState.FAILED: "failed"}
        return words[self.record.state]


@dataclass(frozen=True)
class Repeat:
    """One repeat.

    Attributes:
        seed: of the run.
        member: the run.
        left_out: why it does not count, in a few words; empty when it counts.
        result: its result document; None when it does not count.
    """

    seed: int
    member: Member
    left_out: str = ""
    result: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def run(self) -> str:
        """The id of the run."""
        return self.member.run


@dataclass(frozen=True)
class Repeats:
    """The runs that agree in everything but the seed.

    Attributes:
        spec: of one of them.
        all: every one, by seed; those that count first within a seed.
    """

    spec: RunSpec
    all: tuple[Repeat, ...]

    @property
    def used(self) -> tuple[Repeat, ...]:
        """The repeats that count: one finished run of each seed, by seed."""
        return tuple(repeat for repeat in self.all if not repeat.left_out)

    @property
    def left_out(self) -> tuple[Repeat, ...]:
        """The repeats that do not count."""
        return tuple(repeat for repeat in self.all if repeat.left_out)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that count."""
        return tuple(repeat.seed for repeat in self.used)

    @property
    def several(self) -> bool:
        """Whether there is more than one seed, counted or not."""
        return len({repeat.seed for repeat in self.all}) > 1

    @property
    def live(self) -> tuple[Repeat, ...]:
        """Those that are queued or running."""
        records = ((repeat, repeat.member.record) for repeat in self.all)
        return tuple(repeat for repeat, record in records if record is not None and record.state.live)

    def note(self) -> str:
        """Return which repeats do not count and why, and whether the others mix versions; else nothing."""
        parts = [f"seed {repeat.seed} {repeat.left_out}" for repeat in self.left_out]
        notes = [f"Not counted: {', '.join(parts)}."] if parts else []
        if len({code_of_result(repeat.result) for repeat in self.used}) > 1:
            notes.append("Different versions of the code computed these seeds.")
        return " ".join(notes)

    def results(self, architecture: str = "") -> dict[int, pd.DataFrame]:
        """Return ``results_table`` of every seed that counts.

        Args:
            architecture: a further one of the evaluation; by default its own.
        """
        from fairdd_core.analysis.results import results_table

        def summary(result: Mapping[str, Any]) -> Mapping[str, Any] | None:
            others = result.get("others")
            if architecture:
                return others.get(architecture) if isinstance(others, Mapping) else None
            return result.get("arms")

        def table(repeat: Repeat) -> pd.DataFrame:
            found, folder = results_table(summary(repeat.result or {})), repeat.member.folder
            if found.empty or found["floor"].notna().any() or not folder.counts_file.exists():
                return found
            # An earlier version gave it no floors.
            counts = {
                arm: counts for arm, counts in folder.counts(architecture).items() if arm in set(found["arm"])
            }
            samples = partial(arm_samples, folder, architecture=architecture)
            return results_table(summary(repeat.result or {}), counts, samples)

        return {repeat.seed: table(repeat) for repeat in self.used}


@lru_cache(maxsize=4096)  # the specification of a run never changes, and its id is never used again
def _key(path: str) -> tuple[str, int] | None:
    try:
        spec = RunFolder(path).spec()
    except (OSError, UserError):
        return None
    return repeat_key(spec), spec.seed


def members(store: Store) -> list[Member]:
    """Return the runs of a workspace, newest first, then those in its trash."""
    records = [*store.list(), *store.list(deleted=True)]
    return [Member(record.id, store.folder(record.id), record) for record in records]


def repeats_of(spec: RunSpec, candidates: Iterable[Member], first: str = "") -> Repeats:
    """Return the repeats of a specification among some runs.

    Of several finished runs with one seed, the earliest of ``candidates`` counts, so that a seed counts once.
    The first that counts decides which data: runs on other data under the same name do not count.

    Args:
        spec: with any seed.
        candidates: runs, in order of preference.
        first: a run that is preferred to all others with its seed.
    """
    key, found, taken, data = repeat_key(spec), [], set[int](), ""
    for member in sorted(candidates, key=lambda member: member.run != first):
        own = member.key
        if own is None or own[0] != key:
            continue
        repeat = _repeat(member, own[1], taken, data)
        if not repeat.left_out:
            taken.add(own[1])
            data = data or data_of_result(repeat.result)
        found.append(repeat)
    found = [repeat for repeat in found if not _superseded(repeat, taken)]
    return Repeats(spec, tuple(sorted(found, key=lambda repeat: (repeat.seed, repeat.left_out != ""))))


def _repeat(member: Member, seed: int, taken: set[int], data: str) -> Repeat:
    if why := member.why_not:
        return Repeat(seed, member, why)
    if seed in taken:
        return Repeat(seed, member, "was run twice")
    result = result_of(member.folder)
    if differ(data_of_result(result), data):
        return Repeat(seed, member, "was run on other data of that name")
    return Repeat(seed, member, "" if result else "has no readable result", result)


def _superseded(repeat: Repeat, taken: set[int]) -> bool:
    """Return whether a run that has ended without a result, or was deleted, has a finished successor."""
    record = repeat.member.record
    gone = record is not None and (record.deleted is not None or record.state.early)
    return gone and repeat.seed in taken


def repeats_document(repeats: Repeats) -> dict[str, Any]:
    """Return the results over seeds, JSON-ready; undefined numbers are ``None``.

    ``seeds``: seed -> run. ``left_out``: the runs that do not count, and why. ``arms``: arm -> metric ->
    ``mean``, ``std``, ``ci95`` (t-interval) and ``seeds``, and the same of ``floor`` and ``excess`` where
    they are known. ``differences``: every pair of methods, paired by seed.
    """
    from fairdd_core.analysis.repeats import arm_differences, repeats_table, seed_table

    table = seed_table(repeats.results())
    arms: dict[str, dict[str, Any]] = {}
    for row in repeats_table(table).to_dict("records"):
        entry = _numbers(row, "mean", "")
        for quantity in ("floor", "excess"):
            if row[f"{quantity}_seeds"]:
                entry[quantity] = _numbers(row, quantity, f"{quantity}_")
        arms.setdefault(row["arm"], {})[row["metric"]] = entry
    pairs = arm_differences(table, [arm.name for arm in repeats.spec.distill.arms])
    return {
        "seeds": {str(repeat.seed): repeat.run for repeat in repeats.used},
        "left_out": [
            {"seed": repeat.seed, "run": repeat.run, "why": repeat.left_out} for repeat in repeats.left_out
        ],
        "arms": arms,
        "differences": [_difference(row) for row in pairs.to_dict("records")],
    }


def _numbers(row: Mapping[Any, Any], name: str, prefix: str) -> dict[str, Any]:
    interval = [_number(row[f"{prefix}low"]), _number(row[f"{prefix}high"])]
    numbers = {"mean": _number(row[name]), "std": _number(row[f"{prefix}std"])}
    return {**numbers, "ci95": interval, "seeds": int(row[f"{prefix}seeds"])}


def _difference(row: Mapping[Any, Any]) -> dict[str, Any]:
    names = {name: row[name] for name in ("arm", "against", "metric", "quantity")}
    by_seed = {str(seed): _number(value) for seed, value in row["by_seed"].items()}
    return {**names, **_numbers({**row, "mean": row["difference"]}, "mean", ""), "by_seed": by_seed}


def _number(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None


def describe_seeds(seeds: Sequence[int]) -> str:
    """Return seeds in words: ``seeds 0-4``."""
    return f"seed{'' if len(seeds) == 1 else 's'} {seeds_text(seeds)}"
