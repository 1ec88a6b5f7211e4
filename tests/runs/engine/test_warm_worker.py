from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from fairdd_core.runs import engine
from fairdd_core.runs.engine import process, warm_worker
from fairdd_core.runs.storage.index import Store
from fairdd_core.workspace import Workspace
from tests.runs.conftest import MakeSpec, finish, has_steps, processes, until

pytestmark = pytest.mark.usefixtures("stand_in")


def test_a_warm_worker_takes_the_next_run(workspace: Workspace, make_spec: MakeSpec) -> None:
    engine.request_warm_worker(workspace)
    until(lambda: any("fairdd_core.runs.engine.worker" in p.cmdline() for p in processes(workspace)))
    (warm,) = [p for p in processes(workspace) if "fairdd_core.runs.engine.worker" in p.cmdline()]
    assert warm.cmdline()[-1] == str(workspace.root)
    time.sleep(1.0)
    run_id = engine.submit(workspace, make_spec(iterations=300))
    until(lambda: has_steps(workspace, run_id))
    assert Store(workspace).folder(run_id).lock_file.read_text() == str(warm.pid)
    assert "worker" not in Store(workspace).folder(run_id).log_tail(3)
    finish(workspace, run_id)
    until(
        lambda: any(
            p.cmdline()[-1] == str(workspace.root) and p.pid != warm.pid
            for p in processes(workspace)
            if "fairdd_core.runs.engine.worker" in p.cmdline()
        )
    )


def test_a_worker_that_is_older_than_the_code_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path)
    workspace.warm_worker_request.touch()
    monkeypatch.setattr(process, "command", lambda *arguments: ["/bin/cat"])  # it waits for its input
    changed = [time.time() - 60]
    monkeypatch.setattr(warm_worker, "newest_source", lambda: changed[0])
    warm = warm_worker.WarmWorker(workspace)
    for fresh in (True, False):
        warm.tick(idle=True)
        if not fresh:
            changed[0] = time.time()
        worker = warm.hand_over("run")
        assert (worker is not None) == fresh
        if worker is not None:
            assert worker.wait(10) == 0
    assert warm.hand_over("run") is None


def test_the_newest_source_is_that_of_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = time.perf_counter()
    assert 1.7e9 < warm_worker.newest_source() <= time.time()
    assert time.perf_counter() - started < 1.0
    monkeypatch.setattr(warm_worker, "_PACKAGE", tmp_path)
    (tmp_path / "backbones").mkdir()
    for name, when in (("old.py", 1000), ("backbones/new.py", 3000), ("notes.txt", 9000)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (when, when))
    (tmp_path / ".#old.py").symlink_to("someone@here.1:2")  # the lock of an editor with unsaved changes
    assert warm_worker.newest_source() == 3000


def test_a_warm_worker_leaves_with_its_dispatcher(workspace: Workspace) -> None:
    engine.request_warm_worker(workspace)
    until(lambda: any("fairdd_core.runs.engine.worker" in p.cmdline() for p in processes(workspace)))
    for running in processes(workspace):
        if "fairdd_core.runs.engine.dispatcher" in running.cmdline():
            running.kill()
    until(lambda: not processes(workspace), 10)
