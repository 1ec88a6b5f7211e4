"""Sweeps: how a grid becomes runs, and which finished runs are reused."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fairdd_core.config.presets import arms_named, quick
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.config.sweep import Point, SweepSpec, filling_order, serves
from fairdd_core.errors import UserError
from fairdd_core.runs.engine import sweeps
from fairdd_core.runs.storage import trash
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.sweeps import cells_of, find_sweep, list_sweeps, sweep_table
from fairdd_core.workspace import Workspace
from tests.helpers import made


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace in which nothing starts a process."""
    monkeypatch.setattr("fairdd_core.runs.engine.service._ensure_dispatcher", lambda workspace: None)
    return Workspace(tmp_path)


def small(**changes: object) -> SweepSpec:
    values: dict[str, object] = {"base": quick(), "skews": (0.9, 0.5), "separations": (0, 1), **changes}
    return SweepSpec.model_validate(values)


def finish(workspace: Workspace, run_id: str) -> None:
    store = Store(workspace)
    numbers = {"vanilla": 0.9, "cobra": 0.1}
    arms = {arm: {"accuracy": {"mean": 0.5}, "deo_mean": {"mean": gap}} for arm, gap in numbers.items()}
    store.folder(run_id).write_result({"run": run_id, "arms": arms, **made()})
    store.update(run_id, state=RunState.DONE)


def test_a_grid_is_every_combination_and_differs_in_nothing_else() -> None:
    sweep = small(seeds=(3, 1))
    runs = dict(zip(sweep.points(), sweep.runs(), strict=True))
    assert set(runs) == {Point(*place) for place in product((0.5, 0.9), (0.0, 1.0), (1, 3))}
    for point, run in runs.items():
        assert (run.data.skew, run.data.separation, run.seed) == point
        assert not run.embedding.umap
        same = {"data": quick().data, "seed": 0, "embedding": quick().embedding}
        assert run.model_copy(update=same) == quick()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"skews": (0.05, 0.5)}, "data.skew"),
        ({"separations": (0, 1.5)}, "data.separation"),
        ({"seeds": (-1,)}, "seed"),
        ({"seeds": tuple(range(65))}, "at most 256"),
        ({"skews": ()}, "skews"),
    ],
)
def test_grids_that_cannot_be_run_are_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises((ValidationError, UserError), match=field):
        small(**changes)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 3))
def test_filling_takes_every_place_once_corners_first(rows: int, columns: int, seeds: int) -> None:
    sweep = small(
        skews=tuple(0.1 + 0.1 * i for i in range(rows)),
        separations=tuple(i / 10 for i in range(columns)),
        seeds=tuple(range(seeds)),
    )
    order, points = filling_order(sweep), sweep.points()
    assert sorted(order) == list(range(len(points)))
    assert [points[i].seed for i in order] == sorted(point.seed for point in points)
    corners = {
        (skew, separation)
        for skew in (sweep.skews[0], sweep.skews[-1])
        for separation in (sweep.separations[0], sweep.separations[-1])
    }
    assert {points[i][:2] for i in order[: len(corners)]} == corners


def test_filling_goes_where_there_is_most_room() -> None:
    sweep = small(skews=(0.1, 0.3, 0.5, 0.7, 0.9), separations=(0.0,))
    assert [sweep.points()[i].skew for i in filling_order(sweep)] == [0.1, 0.9, 0.5, 0.3, 0.7]


def changed(**parts: object) -> RunSpec:
    return RunSpec.model_validate({**quick().model_dump(), **parts})


def test_what_does_not_change_the_numbers_does_not_keep_a_run_from_serving() -> None:
    more = quick().distill.model_copy(
        update={"arms": arms_named("uniform", "cobra", "vanilla"), "snapshots": 5}
    )
    assert serves(changed(preset="custom", distill=more, embedding={"umap": False}), quick())
    assert not serves(quick(), changed(distill=more))
    for part in ({"seed": 1}, {"device": "cpu"}, {"data": {"skew": 0.8}}, {"evaluation": {"networks": 4}}):
        assert not serves(changed(**part), quick())


def test_finished_runs_are_used_again(workspace: Workspace) -> None:
    store, spec = Store(workspace), small()
    there = store.create(spec.runs()[3], "mine")
    finish(workspace, there)
    unfinished = store.create(spec.runs()[0])
    sweep = sweeps.launch(workspace, spec, "Both")
    assert [entry.reused for entry in sweep.entries] == [False, False, False, True]
    assert sweep.entries[3].run == there
    assert unfinished not in {entry.run for entry in sweep.entries}
    assert len(store.list()) == 2 + 3
    assert find_sweep(workspace, sweep.id) == sweep == list_sweeps(workspace)[0]
    for entry in sweep.entries[:3]:
        finish(workspace, entry.run)
    again = sweeps.launch(workspace, spec)
    assert [entry.run for entry in again.entries] == [entry.run for entry in sweep.entries]
    assert len(store.list()) == 2 + 3


def test_a_run_whose_result_is_damaged_serves_no_place(workspace: Workspace) -> None:
    sweep = sweeps.launch(workspace, small())
    for entry in sweep.entries:
        finish(workspace, entry.run)
    broken = Store(workspace).folder(sweep.entries[2].run).result_file
    broken.write_bytes(broken.read_bytes()[:-9])
    assert [run is None for run in sweeps.plan(workspace, small())] == [False, False, True, False]
    resumed = sweeps.resume(workspace, sweep)
    assert [a == b for a, b in zip(resumed.entries, sweep.entries, strict=True)] == [True, True, False, True]
    assert not resumed.entries[2].reused
    assert cells_of(workspace, resumed)[2].live


def test_cancel_stops_what_the_sweep_started_and_resume_brings_the_rest(workspace: Workspace) -> None:
    store, spec = Store(workspace), small()
    other = store.create(quick())
    sweep = sweeps.launch(workspace, spec)
    finish(workspace, sweep.entries[0].run)
    assert sweeps.cancel(workspace, sweep) == 3
    assert store.get(other).state is RunState.QUEUED
    cells = cells_of(workspace, sweep)
    assert [cell.missing for cell in cells] == [False, True, True, True]
    assert [cell.state_text for cell in cells] == ["done", "stopped", "stopped", "stopped"]
    trash.delete(workspace, sweep.entries[1].run)
    store.update(sweep.entries[2].run, state=RunState.FAILED)
    resumed = sweeps.resume(workspace, sweep)
    assert [a.run == b.run for a, b in zip(sweep.entries, resumed.entries, strict=True)] == [
        True,
        False,
        True,
        True,
    ]
    assert all(cell.live or cell.result for cell in cells_of(workspace, find_sweep(workspace, sweep.id)))


def test_a_sweep_resumed_by_several_at_once_queues_every_run_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Store, "create_all", lambda store, runs: None)  # where the process was killed
        sweep = sweeps.launch(workspace, small())
    planned = sweeps.plan

    def slowly(*args: Any) -> list[str | None]:
        time.sleep(0.2)  # so that all of them have started before the first has queued anything
        return planned(*args)

    monkeypatch.setattr(sweeps, "plan", slowly)
    with ThreadPoolExecutor(4) as pool:
        resumed = list(pool.map(lambda _: sweeps.resume(workspace, sweep), range(4)))
    assert len({tuple(entry.run for entry in one.entries) for one in resumed}) == 1
    assert {run.id for run in Store(workspace).list()} == {entry.run for entry in resumed[0].entries}


def nothing_queued(workspace: Workspace) -> bool:
    folders = list(workspace.runs.iterdir()) if workspace.runs.exists() else []
    return not Store(workspace).list() and not folders and not list_sweeps(workspace)


def fail_at(monkeypatch: pytest.MonkeyPatch, call: int, error: BaseException) -> None:
    """Make the creation of the ``call``-th run folder fail."""
    create, calls = RunFolder.create, []

    def failing(folder: RunFolder, spec: RunSpec) -> None:
        calls.append(folder)
        if len(calls) == call:
            raise error
        create(folder, spec)

    monkeypatch.setattr(RunFolder, "create", failing)


@pytest.mark.parametrize("error", [OSError("No space left on device"), KeyboardInterrupt()])
def test_a_sweep_is_queued_as_a_whole_or_not_at_all(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    fail_at(monkeypatch, 3, error)
    with pytest.raises(type(error)):
        sweeps.launch(workspace, small())
    assert nothing_queued(workspace)
    sweep = sweeps.launch(workspace, small())
    assert [run.id for run in Store(workspace).live()] == [
        sweep.entries[i].run for i in filling_order(sweep.spec)
    ]


def test_a_sweep_for_a_device_that_is_not_here_leaves_nothing(workspace: Workspace) -> None:
    with pytest.raises(UserError, match="device"):
        sweeps.launch(workspace, small(base=changed(device="cuda:77")))
    assert nothing_queued(workspace)


def test_a_sweep_whose_launch_was_killed_is_resumed_without_doubles(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Store, "create_all", lambda store, runs: None)  # where the process was killed
        sweep = sweeps.launch(workspace, small())
    assert all(cell.missing for cell in cells_of(workspace, sweep))
    with monkeypatch.context() as patch:
        fail_at(patch, 2, OSError("No space left on device"))
        with pytest.raises(OSError, match="No space"):
            sweeps.resume(workspace, sweep)
    assert Store(workspace).list() == []
    assert find_sweep(workspace, sweep.id) == sweep
    for _ in range(2):
        sweep = sweeps.resume(workspace, sweep)
        assert {run.id for run in Store(workspace).list()} == {entry.run for entry in sweep.entries}
        assert len(Store(workspace).list()) == 4


def test_table_has_a_row_for_every_place_and_arm_and_no_invented_numbers(workspace: Workspace) -> None:
    sweep = sweeps.launch(workspace, small())
    finish(workspace, sweep.entries[1].run)
    table = sweep_table(cells_of(workspace, sweep), ["vanilla", "cobra"])
    assert len(table) == 8
    done = table[table["state"] == "done"]
    assert set(done["run"]) == {sweep.entries[1].run}
    assert list(done["accuracy"]) == [0.5, 0.5]
    assert list(done["deo_mean"]) == [0.9, 0.1]
    assert done["deo_max"].isna().all()
    assert table[table["state"] != "done"]["accuracy"].isna().all()


def test_files_that_are_not_sweeps_are_left_out(workspace: Workspace) -> None:
    sweep = sweeps.launch(workspace, small())
    (workspace.root / "sweeps" / "torn.json").write_text("{")
    (workspace.root / "sweeps" / "261122-071308-92d30d.json").write_text(sweep.model_dump_json())
    assert [kept.id for kept in list_sweeps(workspace)] == [sweep.id]
    for name in ("../index", "nothing", "261122-071308-92d30e"):
        with pytest.raises(UserError, match="the id of a sweep"):
            find_sweep(workspace, name)
