"""A launch of several seeds: queued as a whole, finished seeds used again, stopped as a whole."""

from __future__ import annotations

from itertools import pairwise

import pytest

from fairdd_core.errors import UserError
from fairdd_core.runs.engine import repeats, service
from fairdd_core.runs.storage import trash
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from tests.helpers import made
from tests.runs.conftest import MakeSpec, finish


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no process."""
    monkeypatch.setattr("fairdd_core.runs.engine.service._ensure_dispatcher", lambda workspace: None)


def done(workspace: Workspace, run: str) -> None:
    store = Store(workspace)
    store.folder(run).write_result({"run": run, "arms": {}, **made()})
    store.update(run, state=RunState.DONE)


def test_every_seed_is_run_one_after_the_other(
    workspace: Workspace, make_spec: MakeSpec, stand_in: None
) -> None:
    launched = repeats.launch(workspace, make_spec(iterations=5), (3, 4, 5))
    records = [finish(workspace, one.run) for one in launched]
    assert [record.state for record in records] == [RunState.DONE] * 3
    assert [Store(workspace).folder(one.run).spec().seed for one in launched] == [3, 4, 5]
    for earlier, later in pairwise(records):
        assert (earlier.finished or 0) <= (later.started or 0)


@pytest.mark.parametrize(("ipc", "factor"), [(125, 1), (32, 2)])
def test_more_images_than_a_class_has_are_refused_before_anything_is_queued(
    workspace: Workspace, make_spec: MakeSpec, idle: None, ipc: int, factor: int
) -> None:
    start = make_spec()
    data = start.data.model_copy(update={"dataset": "colored-digits-fg"})
    distill = start.distill.model_copy(update={"ipc": ipc, "factor": factor, "init": "real"})
    spec = start.model_copy(update={"data": data, "distill": distill})
    for queue in (lambda: repeats.launch(workspace, spec, (0, 1)), lambda: service.submit(workspace, spec)):
        with pytest.raises(UserError, match=f"at most {124 // factor**2}, .*of class 8"):
            queue()
    assert not Store(workspace).list()


def test_a_finished_seed_is_used_again(workspace: Workspace, make_spec: MakeSpec, idle: None) -> None:
    store = Store(workspace)
    there = store.create(make_spec(seed=1, preset="segfault"))
    done(workspace, there)
    others = [store.create(make_spec(seed=0)), store.create(make_spec(seed=2, iterations=41))]
    done(workspace, others[1])
    launched = repeats.launch(workspace, make_spec(), (0, 1, 2))
    assert [(one.seed, one.reused) for one in launched] == [(0, False), (1, True), (2, False)]
    assert launched[1].run == there
    assert not {one.run for one in launched} & set(others), "an unfinished run, and one of other settings"
    assert [run.id for run in store.live()] == [others[0], launched[0].run, launched[2].run]


def test_a_deleted_or_damaged_run_is_not_used_again(
    workspace: Workspace, make_spec: MakeSpec, idle: None
) -> None:
    store = Store(workspace)
    deleted, damaged = (store.create(make_spec(seed=seed)) for seed in (0, 1))
    for run in (deleted, damaged):
        done(workspace, run)
    trash.delete(workspace, deleted)
    store.folder(damaged).result_file.write_text("{")
    assert repeats.plan(workspace, make_spec(), (0, 1)) == {}


def test_a_single_seed_is_always_run(workspace: Workspace, make_spec: MakeSpec, idle: None) -> None:
    done(workspace, Store(workspace).create(make_spec()))
    (launched,) = repeats.launch(workspace, make_spec(), (0,))
    assert not launched.reused


def test_a_title_tells_the_seeds_apart(workspace: Workspace, make_spec: MakeSpec, idle: None) -> None:
    store = Store(workspace)
    titles = [store.get(one.run).title for one in repeats.launch(workspace, make_spec(), (0, 1), "mine")]
    assert titles == ["mine · seed 0", "mine · seed 1"]
    (one,) = repeats.launch(workspace, make_spec(), (0,), "mine")
    assert store.get(one.run).title == "mine"
    unnamed = repeats.launch(workspace, make_spec(), (8, 9))
    assert [store.get(one.run).title[-6:] for one in unnamed] == ["seed 8", "seed 9"]


def test_all_seeds_are_queued_or_none(
    workspace: Workspace, make_spec: MakeSpec, idle: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = RunFolder.create

    def failing(folder: RunFolder, spec: object) -> None:
        if spec.seed == 2:  # type: ignore[attr-defined]
            raise OSError("No space left on device")
        create(folder, spec)  # type: ignore[arg-type]

    monkeypatch.setattr(RunFolder, "create", failing)
    with pytest.raises(OSError, match="No space"):
        repeats.launch(workspace, make_spec(), (0, 1, 2))
    assert Store(workspace).list() == []
    assert not list(workspace.runs.iterdir())
    with pytest.raises(UserError, match="device"):
        repeats.launch(workspace, make_spec(device="cuda:77"), (0, 1))


def test_stopping_a_launch_stops_what_it_started_and_nothing_else(
    workspace: Workspace, make_spec: MakeSpec, idle: None
) -> None:
    store = Store(workspace)
    other = store.create(make_spec(iterations=41))
    runs = [one.run for one in repeats.launch(workspace, make_spec(), (0, 1, 2))]
    done(workspace, runs[0])
    assert repeats.cancel(workspace, runs) == 2
    assert [store.get(run).state for run in runs] == [RunState.DONE, RunState.STOPPED, RunState.STOPPED]
    assert store.get(other).state is RunState.QUEUED
    assert repeats.cancel(workspace, runs) == 0
