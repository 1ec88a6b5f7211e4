"""The real pipeline, interrupted anywhere and resumed, leaves the same bytes on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.events import Distilled, Embedded, Evaluated, Event, Phase, Step
from fairdd_core.runs import engine
from fairdd_core.runs.engine import process
from fairdd_core.runs.engine.execute import load_progress
from fairdd_core.runs.engine.outcomes import StopRequested
from fairdd_core.runs.engine.pipeline import run_pipeline
from fairdd_core.runs.engine.recorder import record
from fairdd_core.runs.engine.warm_worker import tiny_spec
from fairdd_core.runs.storage import locks
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from tests.runs.conftest import kill_all, until

Cut = Callable[[Event], bool]
ARTEFACTS = ("synthetic.safetensors", "counts.safetensors", "points.parquet", "residuals.parquet")


@pytest.fixture(scope="module")
def spec() -> RunSpec:
    tiny = tiny_spec()
    return tiny.model_copy(
        update={
            "distill": tiny.distill.model_copy(update={"iterations": 20, "snapshots": 8}),
            "evaluation": tiny.evaluation.model_copy(update={"networks": 2}),
            "embedding": tiny.embedding.model_copy(update={"umap": False}),
        }
    )


def work(folder: RunFolder, spec: RunSpec, cut: Cut | None = None) -> None:
    def events() -> Iterator[Event]:
        for event in run_pipeline(spec, folder.path, load_progress(folder)):
            yield event
            if cut is not None and cut(event):
                raise StopRequested

    record(events(), folder)


def contents(folder: RunFolder) -> dict[str, bytes]:
    files = {name: (folder.path / name).read_bytes() for name in ARTEFACTS}
    for iteration in folder.snapshot_iterations():
        files[str(iteration)] = folder.snapshot_file(iteration).read_bytes()
    return files


@pytest.fixture(scope="module")
def whole(spec: RunSpec, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = RunFolder(tmp_path_factory.mktemp("whole"))
    folder.create(spec)
    work(folder, spec)
    return folder


CUTS: dict[str, Cut] = {
    "before the first step": lambda event: isinstance(event, Phase),
    "after the first step": lambda event: isinstance(event, Step),
    "between two arms": lambda event: isinstance(event, Step) and event.iteration == 13,
    "after the last step": lambda event: isinstance(event, Phase) and event.done == 20,
    "after one arm": lambda event: isinstance(event, Distilled),
    "while evaluating": lambda event: isinstance(event, Evaluated) and event.network == 1,
    "while testing the baselines": lambda event: isinstance(event, Evaluated) and event.arm == "full-data",
    "at the very end": lambda event: isinstance(event, Embedded),
}


OFTEN = ("between two arms", "while evaluating")


@pytest.mark.parametrize("name", [n if n in OFTEN else pytest.param(n, marks=pytest.mark.slow) for n in CUTS])
def test_a_run_cut_anywhere_ends_with_the_same_bytes(
    spec: RunSpec, whole: RunFolder, tmp_path: Path, name: str
) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.create(spec)
    with pytest.raises(StopRequested):
        work(folder, spec, CUTS[name])
    work(folder, spec)
    assert contents(folder) == contents(whole)
    ours, theirs = folder.steps(), whole.steps()
    assert ours.drop(columns="seconds").equals(theirs.drop(columns="seconds"))


def test_a_worker_killed_and_resumed_ends_with_the_same_bytes(
    spec: RunSpec, whole: RunFolder, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same through the engine: real processes, a real SIGKILL, another number of threads by default."""
    store, threads = Store(workspace), torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", str(threads))
    run_id = engine.submit(workspace, spec)
    folder = store.folder(run_id)
    while not folder.snapshot_iterations():
        assert store.get(run_id).state.live
    process.signal_holder(folder.lock_file, 9)
    assert engine.wait(workspace, run_id, 60).state is RunState.LOST
    kill_all(workspace)  # the next dispatcher passes on what it is started with
    until(lambda: not locks.is_held(workspace.dispatcher_lock))
    monkeypatch.setenv("OMP_NUM_THREADS", str(threads + 1))
    assert engine.resume(workspace, run_id) == ""
    record = engine.wait(workspace, run_id, 120)
    assert (record.state, record.hint) == (RunState.DONE, "")
    assert contents(folder) == contents(whole)
    result = folder.result()
    assert result is not None
    assert [attempt["threads"] for attempt in result["attempts"]] == [threads, threads]
    assert set(result["arms"]) == {"vanilla", "cobra", "random-subset", "full-data"}
