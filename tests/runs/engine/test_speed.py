"""The measured speed of a device: measured once, kept, and measured again when it no longer holds."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fairdd_core.config.cost import Work
from fairdd_core.config.presets import quick
from fairdd_core.config.settings import changed
from fairdd_core.config.spec.net import NetSpec
from fairdd_core.errors import UserError
from fairdd_core.runs.engine import calibration, process, sizes, speed
from fairdd_core.workspace import Workspace
from tests.helpers import ROOT, device_speed


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv("FAIRDD_DATA", raising=False)
    return Workspace(tmp_path)


def writes(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, code: str) -> list[list[str]]:
    """Let a short program stand in for the measuring process; return the commands that were started."""
    started: list[list[str]] = []

    def command(module: str, *arguments: str) -> list[str]:
        started.append([module, *arguments])
        return [sys.executable, "-c", code, *arguments]

    monkeypatch.setattr(process, "command", command)
    return started


WRITE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from fairdd_core.runs.engine import speed
from fairdd_core.workspace import Workspace
from tests.helpers import device_speed
speed.write(Workspace(Path(sys.argv[1])), sys.argv[2], device_speed(3))
"""


def test_a_device_is_measured_once_in_its_own_process(
    home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = writes(home, monkeypatch, WRITE)
    assert speed.known(home, "cpu") is None
    assert speed.measured(home, "cpu") == speed.measured(home, "cpu") == device_speed(3)
    assert started == [["calibration", str(home.root), "cpu"]]
    assert not speed.is_measuring(home, "cpu")


def test_two_requests_start_one_process(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    started = writes(home, monkeypatch, "import sys; sys.stdin.read(); import time; time.sleep(1)")
    for _ in range(3):
        speed.start(home, "cpu")
    assert speed.is_measuring(home, "cpu")
    assert len(started) == 1
    while speed.is_measuring(home, "cpu"):
        time.sleep(0.02)


def test_a_process_that_fails_is_explained(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    writes(home, monkeypatch, "raise SystemExit('out of memory')")
    with pytest.raises(UserError) as refused:
        speed.measured(home, "cpu")
    assert str(speed.log_file(home, "cpu")) in str(refused.value)
    assert "out of memory" in speed.log_file(home, "cpu").read_text()


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"machine": 1, "speed": 2}'])
def test_a_damaged_file_counts_as_none(home: Workspace, damage: str) -> None:
    speed.write(home, "cpu", device_speed())
    (file,) = home.speeds.glob("*.json")
    file.write_text(damage)
    assert speed.known(home, "cpu") is None
    speed.write(home, "cpu", device_speed(2))
    assert speed.known(home, "cpu") == device_speed(2)


def test_numbers_that_cannot_be_are_not_used(home: Workspace) -> None:
    speed.write(home, "cpu", device_speed())
    (file,) = home.speeds.glob("*.json")
    for value in (-1, None, "fast", float("nan"), float("inf")):
        document = json.loads(file.read_text())
        document["speed"]["match"]["values"] = value
        file.write_text(json.dumps(document))
        assert speed.known(home, "cpu") is None


@pytest.mark.parametrize(
    "change",
    [("torch", "9.9"), ("processor", "another"), ("cores", 999), ("environment", {"OMP_NUM_THREADS": "7"})],
)
def test_another_machine_is_measured_anew(
    home: Workspace, monkeypatch: pytest.MonkeyPatch, change: tuple[str, Any]
) -> None:
    speed.write(home, "cpu", device_speed())
    now = speed.machine("cpu")
    assert speed.known(home, "cpu")
    monkeypatch.setattr(speed, "machine", lambda device: now | dict([change]))
    assert speed.known(home, "cpu") is None


def test_a_measurement_on_a_busy_machine_does_not_hold_for_long(home: Workspace) -> None:
    speed.write(home, "cpu", device_speed().model_copy(update={"busy": True}))
    assert speed.known(home, "cpu")
    (file,) = home.speeds.glob("cpu.json")
    before = time.time() - speed.BUSY_SECONDS - 5
    os.utime(file, (before, before))
    assert speed.known(home, "cpu") is None
    speed.write(home, "cpu", device_speed())
    os.utime(file, (before, before))
    assert speed.known(home, "cpu")


def test_devices_are_kept_apart(home: Workspace) -> None:
    speed.write(home, "cpu", device_speed())
    speed.write(home, "cuda:1", device_speed(0.1))
    assert speed.known(home, "cuda:1") == device_speed(0.1)
    assert speed.known(home, "cuda:0") is None
    assert speed.speed_for(home, changed(quick(), {"device": "cpu"})) == device_speed()
    assert speed.speed_for(home, changed(quick(), {"device": "cuda:99"})) is None


def test_sizes_are_counted_once(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sizes.size_of(home, quick())
    assert (size.side, size.classes, size.train, size.test) == (16, 10, 1297, 5000)
    monkeypatch.setattr(sizes, "load", lambda *arguments: pytest.fail("it was read again"))
    assert sizes.size_of(home, quick()) == sizes.known_size(home, quick()) == size
    for file in (home.speeds / "sizes").iterdir():
        file.write_text("{")
    monkeypatch.undo()
    assert sizes.size_of(home, quick()) == size


def test_a_size_is_known_without_its_files_for_another_bias_only(home: Workspace) -> None:
    mnist = changed(quick(), {"data.dataset": "colored-mnist-fg"})
    assert sizes.known_size(home, mnist) is None
    with pytest.raises(UserError, match="MNIST"):
        sizes.size_of(home, mnist)
    assert sizes.known_size(home, changed(quick(), {"data.skew": 0.5})) is not None
    assert sizes.known_size(home, quick().model_copy(update={"data": replace_dataset(quick().data)})) is None


def replace_dataset(data: Any) -> Any:
    return data.model_copy(update={"dataset": "gone"})


def test_speeds_follow_from_samples_of_networks() -> None:
    works = [Work.of(network, side) for side, network in calibration.SHAPES]
    samples = [
        calibration._Sample(work, n, 2 + n * (3 * work.values + 0.5 * work.multiplications))
        for work in works
        for n in (10, 100)
    ]
    found = calibration._pass_speed(samples)
    assert (found.fixed, found.values, found.multiplications) == pytest.approx((2, 3, 0.5))


def test_noise_gives_no_negative_speed() -> None:
    works = [Work.of(network, side) for side, network in calibration.SHAPES]
    falling = [calibration._Sample(work, n, 5 - n / 100) for work in works for n in (10, 100)]
    found = calibration._pass_speed(falling)
    assert min(found.fixed, found.values, found.multiplications) >= 0
    assert found.seconds(works[0], 50) == pytest.approx(4.5, rel=0.1), "a GPU's passes cost the same"


def test_measuring_uses_the_code_of_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    small = [(8, NetSpec(width=width, depth=1)) for width in (4, 16)]
    monkeypatch.setattr(calibration, "SHAPES", small)
    monkeypatch.setattr(calibration, "_umap", lambda clock: (1.0, 2.0, 3.0))  # compiles for ten seconds
    found = calibration.measure("cpu")
    assert found.device.startswith("CPU")
    assert (found.umap_start, found.umap_fit, found.umap_place) == (1.0, 2.0, 3.0)
    work = Work.of(NetSpec(width=16, depth=1), 8)
    assert found.start > 0
    assert (
        min(found.match.seconds(work, 100), found.train.seconds(work, 100), found.test.seconds(work, 100)) > 0
    )
