from __future__ import annotations

import time

import pytest

from fairdd_core.runs import engine
from fairdd_core.runs.home import Home
from fairdd_core.runs.store import Store
from tests.runs.conftest import MakeSpec, finish, has_steps, processes, until

pytestmark = pytest.mark.usefixtures("stand_in")


def test_a_warm_worker_takes_the_next_run(home: Home, make_spec: MakeSpec) -> None:
    engine.standby(home)
    until(lambda: any("fairdd_core.runs.worker" in p.cmdline() for p in processes(home)))
    (warm,) = [p for p in processes(home) if "fairdd_core.runs.worker" in p.cmdline()]
    assert warm.cmdline()[-1] == str(home.root)
    time.sleep(1.0)
    run_id = engine.submit(home, make_spec(iterations=300))
    until(lambda: has_steps(home, run_id))
    assert Store(home).folder(run_id).lock_file.read_text() == str(warm.pid)
    assert "worker" not in Store(home).folder(run_id).log_tail(3)
    finish(home, run_id)
    until(
        lambda: any(
            p.cmdline()[-1] == str(home.root) and p.pid != warm.pid
            for p in processes(home)
            if "fairdd_core.runs.worker" in p.cmdline()
        )
    )


def test_a_warm_worker_leaves_with_its_dispatcher(home: Home) -> None:
    engine.standby(home)
    until(lambda: any("fairdd_core.runs.worker" in p.cmdline() for p in processes(home)))
    for process in processes(home):
        if "fairdd_core.runs.dispatcher" in process.cmdline():
            process.kill()
    until(lambda: not processes(home), 10)
