"""Other data under the same name: nothing of it passes for the data of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.config.sweep import SweepSpec
from fairdd_core.data.custom import store as custom
from fairdd_core.data.custom.options import Options
from fairdd_core.data.registry import DATASETS, content_of, load
from fairdd_core.errors import UserError
from fairdd_core.events import Event, Loaded, Phase
from fairdd_core.runs import engine
from fairdd_core.runs.engine import pipeline, repeats, sweeps
from fairdd_core.runs.engine.execute import load_progress
from fairdd_core.runs.engine.outcomes import StopRequested, explain_error
from fairdd_core.runs.engine.recorder import record
from fairdd_core.runs.engine.warm_worker import tiny_spec
from fairdd_core.runs.storage.cache import code_version
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.identity import data_of, data_text, mixed_note
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.repeats import members, repeats_of
from fairdd_core.workspace import Workspace
from tests.data.custom.make import encoded, good_files, picture, written

OWN = "own-faces"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with its own data folder, in which nothing starts a process."""
    monkeypatch.delenv("FAIRDD_DATA", raising=False)
    monkeypatch.setattr("fairdd_core.runs.engine.service._ensure_dispatcher", lambda workspace: None)
    return Workspace(tmp_path / "workspace")


def put_set(workspace: Workspace, level: int = 0) -> str:
    """Replace the custom set by one of the same name; return its digest."""
    if OWN in custom.custom_sets(workspace.data):
        custom.remove(workspace.data, OWN)
    files = good_files() | {"images/3.png": encoded(picture(level))}
    custom.add(workspace.data, "faces", written(workspace.root / f"set-{level}", files), Options())
    return content_of(OWN, workspace.data)


def spec_of_own(seed: int = 0) -> RunSpec:
    data = DataSpec(dataset=OWN, groups=2, skew=None, separation=0.0)
    return tiny_spec().model_copy(update={"data": data, "seed": seed})


def finished(workspace: Workspace, spec: RunSpec, data: str, code: str = "") -> str:
    store = Store(workspace)
    run = store.create(spec)
    recorded, code = {"data": data} if data else {}, code or code_version()
    store.folder(run).write_result({"run": run, "arms": {}, "attempts": [{"code": code}], **recorded})
    store.update(run, state=RunState.DONE)
    return run


def stopped(workspace: Workspace, spec: RunSpec) -> RunFolder:
    """Return the folder of a run that was stopped when it had loaded its data."""
    store = Store(workspace)
    run = store.create(spec)
    folder = store.folder(run)

    def stop(event: Event) -> None:
        if isinstance(event, Phase) and event.name == "data" and event.done:
            raise StopRequested

    with pytest.raises(StopRequested):
        record(pipeline.run_pipeline(spec, workspace.data, load_progress(folder)), folder, stop)
    store.update(run, state=RunState.STOPPED)
    return folder


def test_the_same_images_have_the_same_digest_whenever_they_were_added(workspace: Workspace) -> None:
    first = put_set(workspace)
    assert len(first) == 64
    assert put_set(workspace, 1) != first
    assert put_set(workspace) == first
    assert load(spec_of_own().data, 0, workspace.data).content == first


@pytest.mark.parametrize("name", [name for name, card in DATASETS.items() if not card.files])
def test_data_that_comes_with_the_program_has_a_digest(name: str, tmp_path: Path) -> None:
    assert load(DataSpec(dataset=name), 0, tmp_path).content == content_of(name, tmp_path) != ""


def test_absent_data_has_no_digest(tmp_path: Path) -> None:
    unknown = [name for name, card in DATASETS.items() if card.files and content_of(name, tmp_path)]
    assert unknown == []
    assert content_of("own-nothing", tmp_path) == ""


def test_a_sweep_does_not_take_results_of_other_data(workspace: Workspace) -> None:
    first = put_set(workspace)
    sweep = SweepSpec(base=spec_of_own(), skews=(0.5,), separations=(0.0,), seeds=(0, 1))
    runs = [finished(workspace, spec, first) for spec in sweep.runs()]
    assert sweeps.plan(workspace, sweep) == runs
    put_set(workspace, 1)
    assert sweeps.plan(workspace, sweep) == [None, None]
    assert mixed_note([{"data": first}, {"data": content_of(OWN, workspace.data)}, None, {}])
    assert not mixed_note([{"data": first}, {"data": first}, None, {}])


def test_repeats_are_of_one_data_set(workspace: Workspace) -> None:
    first = put_set(workspace)
    old = [finished(workspace, spec_of_own(seed), first) for seed in (0, 1)]
    assert repeats.plan(workspace, spec_of_own(), (0, 1)) == dict(enumerate(old))
    second = put_set(workspace, 1)
    assert repeats.plan(workspace, spec_of_own(), (0, 1)) == {}
    new = finished(workspace, spec_of_own(2), second)
    found = repeats_of(spec_of_own(), members(Store(workspace)), first=new)
    assert [repeat.run for repeat in found.used] == [new]
    assert "other data" in found.note()


def test_a_result_of_other_code_is_not_used_again(workspace: Workspace) -> None:
    first = put_set(workspace)
    old = [finished(workspace, spec_of_own(0), first, "other"), finished(workspace, spec_of_own(1), first)]
    assert repeats.plan(workspace, spec_of_own(), (0, 1)) == {1: old[1]}
    assert "Different versions" in repeats_of(spec_of_own(), members(Store(workspace))).note()


def test_a_result_of_an_earlier_version_does_not_say_which_data(workspace: Workspace) -> None:
    old = finished(workspace, tiny_spec(), "")
    assert repeats.plan(workspace, tiny_spec(), (0, 1)) == {}
    assert "not recorded" in data_text(data_of(Store(workspace).folder(old)))


def test_a_run_does_not_go_on_with_other_data(workspace: Workspace) -> None:
    first = put_set(workspace)
    folder = stopped(workspace, spec_of_own())
    assert data_of(folder) == first
    put_set(workspace, 1)
    with pytest.raises(UserError, match="other data under the name own-faces") as refused:
        engine.resume(workspace, folder.path.name)
    assert Store(workspace).get(folder.path.name).state is RunState.STOPPED
    with pytest.raises(UserError, match="other data"):  # it may also have been exchanged after that
        next(
            e
            for e in pipeline.run_pipeline(folder.spec(), workspace.data, load_progress(folder))
            if type(e) is Loaded
        )
    assert not explain_error(refused.value).final, "the data may come back"
    put_set(workspace)
    engine.resume(workspace, folder.path.name)


def test_images_that_were_changed_in_place_are_not_trained_on(workspace: Workspace) -> None:
    put_set(workspace)
    images = workspace.data / "own" / "faces" / "images.npy"
    content = bytearray(images.read_bytes())
    content[-1] ^= 1
    images.write_bytes(content)
    with pytest.raises(UserError, match="differ from what was written"):
        load(spec_of_own().data, 0, workspace.data)


def test_a_benchmark_read_from_files_tells_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in DATASETS["colored-mnist-fg"].files:
        (tmp_path / file.path).write_bytes(np.arange(20, dtype=np.uint8).tobytes())
    before = content_of("colored-mnist-fg", tmp_path)
    (tmp_path / DATASETS["colored-mnist-fg"].files[0].path).write_bytes(bytes(20))
    assert before != content_of("colored-mnist-fg", tmp_path) != ""
