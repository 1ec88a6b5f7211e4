"""Launching and stopping several runs that differ in nothing but the seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.device import queue_device
from fairdd_core.errors import UserError
from fairdd_core.runs.engine import service
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.identity import Current
from fairdd_core.runs.storage.index import NewRun, RunState, Store
from fairdd_core.runs.storage.sweeps import result_of
from fairdd_core.workspace import Workspace


@dataclass(frozen=True)
class Launched:
    """The run of one seed of a launch.

    Attributes:
        seed: of the run.
        run: its id.
        reused: whether it was finished before, so that it is not run again.
    """

    seed: int
    run: str
    reused: bool = False


def plan(workspace: Workspace, spec: RunSpec, seeds: Sequence[int]) -> dict[int, str]:
    """Return, for the seeds that have one, a finished run of exactly these settings, data and code.

    Returns:
        seed -> run.
    """
    store, data = Store(workspace), Current(spec.data.dataset, workspace.data)
    wanted = {_settings(spec, seed): seed for seed in seeds}
    found: dict[int, str] = {}
    for run in store.list([RunState.DONE]):
        folder = store.folder(run.id)
        seed = wanted.get(_settings_of(str(folder.path)))
        if seed is None or seed in found:
            continue
        if (result := result_of(folder)) and data.made(result):
            found[seed] = run.id
    return found


@lru_cache(maxsize=4096)  # the specification of a run never changes, and its id is never used again
def _settings_of(path: str) -> str:
    try:
        spec = RunFolder(path).spec()
    except (OSError, UserError):
        return ""
    return _settings(spec, spec.seed)


def _settings(spec: RunSpec, seed: int) -> str:
    """Return a specification with another seed as text, without the preset's name, which is for display."""
    return spec.model_copy(update={"seed": seed}).model_dump_json(exclude={"preset"})


def launch(
    workspace: Workspace, spec: RunSpec, seeds: Sequence[int], title: str = "", *, fresh: bool = False
) -> list[Launched]:
    """Queue a run for every seed, all or none of them, and return them in order.

    Of several seeds, one that has a finished run of exactly these settings, by this code, is not run again,
    since it would end with the same numbers. A single seed is always run, and with ``fresh``, every seed.

    Raises:
        UserError: when the spec asks for a device that this machine does not have, or for more images per
            class than there are.
        OSError: when the disk is full. Nothing was changed then.
    """
    from fairdd_core.config.checks import check_sizes
    from fairdd_core.config.titles import title_of

    check_sizes(spec, workspace.data)
    store, device = Store(workspace), queue_device(spec.device)
    known = plan(workspace, spec, seeds) if len(seeds) > 1 and not fresh else {}
    launched = [Launched(seed, known.get(seed) or store.new_id(), seed in known) for seed in seeds]
    specs = {one.run: spec.model_copy(update={"seed": one.seed}) for one in launched if not one.reused}
    several = len(seeds) > 1

    def name(own: RunSpec) -> str:
        if not title:
            return title_of(own, workspace.data)
        return f"{title} · seed {own.seed}" if several else title

    store.create_all([NewRun(run, own, name(own), device, fresh) for run, own in specs.items()])
    service.wake(workspace)
    return launched


def cancel(workspace: Workspace, runs: Iterable[str]) -> int:
    """Stop those of some runs that are queued or running; return how many there were."""
    stopped, wanted = 0, set(runs)
    for record in reversed(Store(workspace).live()):  # the last first, or else the next would start meanwhile
        if record.id in wanted:
            with suppress(UserError):  # it ended just now
                service.cancel(workspace, record.id)
                stopped += 1
    return stopped
