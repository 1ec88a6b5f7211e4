"""``judge``, as a user meets it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fairdd_core.__main__ import main
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set for the embedded digits: two images of most classes, normalised from −1 to 1."""
    monkeypatch.setenv("FAIRDD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("fairdd_core.runs.engine.service._ensure_dispatcher", lambda workspace: None)
    labels = np.repeat(np.arange(10), 2)[:-1]
    images = np.random.default_rng(0).uniform(-1, 1, (19, 3, 16, 16)).astype(np.float32)
    np.savez(tmp_path / "theirs.npz", images=images, labels=labels)
    return tmp_path / "theirs.npz"


def interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


def test_check_says_how_a_file_is_understood_and_runs_nothing(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["judge", str(file), "--check"]) == 0
    said = capsys.readouterr().err
    assert "19 images, 1 to 2 of each class." in said
    assert "half" in said
    assert (
        main(
            [
                "judge",
                str(file),
                "--check",
                "--normalisation",
                "mnist",
                "--class-order",
                "1,0,2,3,4,5,6,7,8,9",
            ]
        )
        == 0
    )
    said = capsys.readouterr().err
    assert "as given" in said
    assert "order 1, 0, 2" in said
    assert not (file.parent / "home" / "runs").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--normalisation", "mnits"], "one of half"),
        (["--range", "unit"], "numbers from 0 to 1"),
        (["--experiment", "2"], "experiment"),
        (["--class-order", "1,0"], "every class from 0 to 9 once"),
        (["--class-order", "a"], "numbers joined by commas"),
        (["--dataset", "colored-mnist-fg"], "32×32 pixels"),
    ],
)
def test_what_does_not_fit_is_refused(
    file: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["judge", str(file), *options]) == 2
    assert words in capsys.readouterr().err


def test_sets_become_arms_beside_the_methods_that_are_asked_for(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fairdd_core.cli.run.follow", interrupted)
    other = file.with_name("others.npz")
    other.write_bytes(file.read_bytes())
    assert main(["judge", str(file), str(other), "--normalisation", "half"]) == 1
    assert main(["judge", str(file), "--arms", "cobra", "--ipc", "5"]) == 1
    store = Store(Workspace(file.parent / "home"))
    beside, alone = (store.folder(run.id) for run in store.list([RunState.STOPPED]))
    assert [arm.name for arm in alone.spec().distill.arms] == ["external theirs", "external others"]
    assert alone.spec().distill.ipc == 2
    assert set(alone.external()) == {"external theirs", "external others"}
    assert [arm.name for arm in beside.spec().distill.arms] == ["cobra", "external theirs"]
    assert beside.spec().distill.ipc == 5
