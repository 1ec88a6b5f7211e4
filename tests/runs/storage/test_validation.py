"""Imported files must fit the classes, groups and images that the run names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fairdd_core.errors import UserError
from fairdd_core.files import read_arrays, write_arrays, write_table
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.validation import validate_run
from tests.helpers import ROOT
from tests.pages.fake_run import write_fake_run

EXAMPLES = sorted((ROOT / "assets" / "examples").glob("*/"))
Change = Callable[[RunFolder], None]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a fake run."""
    folder = write_fake_run(tmp_path_factory.mktemp("whole") / "run", iterations=(0, 60))
    return {str(path.relative_to(folder.path)): path.read_bytes() for path in folder.artefacts()}


@pytest.fixture
def folder(whole: dict[str, bytes], tmp_path: Path) -> RunFolder:
    for name, content in whole.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return RunFolder(tmp_path)


def test_a_valid_run_passes(folder: RunFolder) -> None:
    validate_run(folder)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_bundled_runs_pass(path: Path) -> None:
    validate_run(RunFolder(path))


def arrays(name: str, change: Callable[[np.ndarray], np.ndarray], of: str = "") -> Change:
    """Change the arrays of a file whose names end with ``of``."""

    def do(folder: RunFolder) -> None:
        path = folder.path / f"{name}.safetensors"
        found = read_arrays(path)[0]
        write_arrays(path, {key: change(a.copy()) if key.endswith(of) else a for key, a in found.items()})

    return do


def table(name: str, column: str, value: object) -> Change:
    def do(folder: RunFolder) -> None:
        path = folder.path / f"{name}.parquet"
        found = pd.read_parquet(path)
        found[column] = [value, *found[column].tolist()[1:]]
        write_table(path, found)

    return do


def column(name: str, column: str, value: object) -> Change:
    def do(folder: RunFolder) -> None:
        path = folder.path / f"{name}.parquet"
        write_table(path, pd.read_parquet(path).assign(**{column: value}))

    return do


def json_file(name: str, document: object) -> Change:
    def do(folder: RunFolder) -> None:
        (folder.path / name).write_text(json.dumps(document) + "\n")

    return do


def loaded(**values: object) -> Change:
    valid = {"event": "loaded", "t": 0.0, "mean": [0.5] * 3, "std": [0.2] * 3}
    return json_file("events.jsonl", valid | values)


def put(value: int) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array.flat[0] = value
        return array

    return change


@pytest.mark.parametrize(
    ("change", "file", "reason"),
    [
        (table("points", "class_id", 10), "points", "class 10, where the run has 10"),
        (table("points", "group_id", 99), "points", "group 99, where the run has 10"),
        (table("points", "class_id", -2), "points", "class -2, where"),
        (table("points", "class_id", None), "points", "unexpected content"),
        (table("points", "class_id", 0.5), "points", "unexpected content"),
        (table("residuals", "group_id", 10), "residuals", "group 10, where"),
        (table("diagnostics", "class_id", 10), "diagnostics", "class 10, where"),
        (table("moments", "class_id", 10), "moments", "class 10, where"),
        (table("points", "index", -1), "points", "row -1, where"),
        (column("points", "pca_x", "far"), "points", "a column pca_x of"),
        (column("moments", "index", 100), "moments", "image 100, where the run has 100"),
        (table("moments", "iteration", 0.5), "moments", "unexpected content"),
        (arrays("snapshots/000060", lambda a: a[:, :9]), "000060", "images of shape (10, 9, 3, 16, 16)"),
        (arrays("counts", lambda a: a[:, :9]), "counts", "counts of 9 groups and 10 × 10 classes"),
        (arrays("counts", lambda a: a[..., :9, :9]), "counts", "counts of 10 groups and 9 × 9 classes"),
        (arrays("counts", lambda a: a[:0]), "counts", "unexpected content"),
        (arrays("counts", put(-1)), "counts", "unexpected content"),
        (arrays("answers", put(10)), "answers", "class 10, where"),
        (arrays("test", put(10), "y"), "test", "class 10, where"),
        (arrays("test", put(-1), "a"), "test", "group -1, where"),
        (arrays("test", lambda a: a[:-1], "y"), "test", "labels without groups"),
        (arrays("nearest", lambda a: a[:, :9], "searched_CG"), "nearest", "where the run has"),
        (arrays("nearest", put(100_000), "synthetic_NR"), "nearest", "image 100000, where"),
        (arrays("nearest", lambda a: a[:9], "MGR"), "nearest", "neighbours of 9 images"),
        (arrays("nearest", lambda a: a[:, :0], "NR"), "nearest", "no neighbour"),
        (arrays("synthetic", lambda a: a[:, :1], "/x"), "synthetic", "unexpected content"),
        (arrays("synthetic", put(10), "/y"), "synthetic", "class 10, where"),
        (arrays("synthetic", lambda a: a[1:], "/y"), "synthetic", "images without their labels"),
        (json_file("result.json", {"arms": {"cobra": 3}}), "result", "arms.cobra: Input should be"),
        (json_file("events.jsonl", {"event": "step", "t": 1.0}), "events", "arm: Field required"),
        (json_file("events.jsonl", {"event": "phase"}), "events", "t: Field required"),
        (loaded(mean="abc"), "events", "mean: Input should be a valid list"),
        (loaded(std=[1.0]), "events", "a normalisation that is not by channel"),
    ],
)
def test_a_file_that_does_not_fit_the_run_is_refused_with_the_reason(
    folder: RunFolder, change: Change, file: str, reason: str
) -> None:
    change(folder)
    with pytest.raises(UserError, match=rf"a valid {file}\.") as caught:
        validate_run(folder)
    assert reason in str(caught.value.got)
    assert caught.value.hint


def test_a_step_without_a_residual_passes(folder: RunFolder) -> None:
    step = {"event": "step", "t": 1.0, "arm": "vanilla", "iteration": 1, "loss": 0.5}
    for residual in ({"worst_residual": None}, {"worst_residual": 0.2}):
        json_file("events.jsonl", step | residual)(folder)
        validate_run(folder)
    json_file("events.jsonl", step)(folder)
    with pytest.raises(UserError, match=r"a valid events\."):
        validate_run(folder)


def test_answers_are_numbered_in_plain_digits(folder: RunFolder) -> None:
    found = read_arrays(folder.answers_file)[0]
    write_arrays(folder.answers_file, {name.replace("/0", "/²"): a for name, a in found.items()})
    with pytest.raises(UserError, match=r"a valid answers\."):
        validate_run(folder)


def test_without_names_the_counts_say_how_many_groups_there_are(folder: RunFolder) -> None:
    folder.events_file.write_text('{"event": "phase", "t": 0.0, "name": "data"}\n')
    validate_run(folder)
    arrays("counts", lambda a: a[:, :9])(folder)
    with pytest.raises(UserError, match=r"neighbours in|group 9"):
        validate_run(folder)
