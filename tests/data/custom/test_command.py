"""``data`` on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fairdd_core.__main__ import main
from fairdd_core.cli.run import add_spec_arguments, spec_from_args
from tests.data.custom.cases import CASES
from tests.data.custom.make import good_files, tabled, written, zipped


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAIRDD_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FAIRDD_DATA", raising=False)
    return tmp_path / "home"


def test_check_prints_cells_and_the_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path / "set", good_files(40))
    assert main(["data", "check", str(folder), "--test-share", "0.4"]) == 0
    out = capsys.readouterr().out
    assert out.count("6 + 4") == 4
    assert "indoors" in out
    assert "40 images can be added" in out


def test_check_prints_every_problem_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tabled(tmp_path / "set", ["none.png,cat,indoors", "short", "../x.png,cat,indoors"])
    assert main(["data", "check", str(folder)]) == 1
    printed = capsys.readouterr()
    for line in (10, 11, 12):
        assert f"error  labels.csv:{line}: " in printed.err
    assert "Cannot be added: 3 problems" in printed.out
    assert "With --skip-bad the rest can" in printed.out
    assert main(["data", "check", str(folder), "--skip-bad"]) == 0
    assert main(["data", "add", "faces", str(folder)]) == 1
    assert "Nothing was added. With --skip-bad the rest can" in capsys.readouterr().err


def test_what_is_wrong_with_the_set_as_a_whole_is_not_to_be_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tabled(tmp_path / "set", ["none.png,cat,indoors"])
    (folder / "labels.csv").write_text("file,label\nnone.png,cat\n")
    assert main(["data", "check", str(folder)]) == 1
    assert "--skip-bad" not in capsys.readouterr().out


def test_check_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["data", "check", str(tabled(tmp_path / "set", ["none.png,cat,indoors"])), "--json"])
    document = json.loads(capsys.readouterr().out)
    assert document["valid"] is False
    assert document["problems"][0] | {"message": ""} == {
        "kind": "not-found",
        "message": "",
        "file": "labels.csv",
        "line": 10,
        "fatal": True,
    }
    assert sum(map(sum, document["train"] + document["test"])) == 8


def test_add_list_and_remove(tmp_path: Path, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = zipped(tmp_path / "set.zip", good_files(40))
    assert main(["data", "add", "faces", str(path), "--side", "64", "--title", "My faces"]) == 0
    assert "own-faces: 32 training and 8 test images" in capsys.readouterr().out
    main(["data", "list"])
    assert "2 classes, 2 groups, 64 pixels  My faces" in capsys.readouterr().out
    main(["list", "datasets"])
    assert "own-faces" in capsys.readouterr().out
    main(["list", "datasets", "own-faces"])
    reported = capsys.readouterr().out
    assert reported.count("\n    here") == 2
    assert "If its files are gone\n    Remove the set and add it again" in reported
    assert main(["data", "add", "faces", str(path)]) == 2
    assert "not taken" in capsys.readouterr().err
    assert main(["data", "remove", "own-faces"]) == 0
    assert list((workspace / "data" / "own").iterdir()) == []
    assert main(["data", "remove", "faces"]) == 2


def test_columns_are_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tabled(tmp_path / "set", [], "path,kind,place")
    columns = ["--file-column", "path", "--label-column", "place", "--group-column", "kind"]
    assert main(["data", "check", str(folder), *columns, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["classes"] == ["indoors", "outdoors"]
    assert document["groups"] == ["cat", "dog"]


def test_a_refused_set_and_bad_options_are_reported(
    tmp_path: Path, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tabled(tmp_path / "set", ["none.png,cat,indoors"])
    assert main(["data", "add", "faces", str(folder)]) == 1
    assert "Nothing was added." in capsys.readouterr().err
    assert main(["data", "check", str(folder), "--test-share", "2"]) == 2
    assert "test_share" in capsys.readouterr().err
    assert main(["data", "check", str(tmp_path / "nothing")]) == 2
    assert list((workspace / "data" / "own").iterdir()) == []


def test_a_run_takes_groups_and_skew_from_the_set(tmp_path: Path) -> None:
    import argparse

    main(["data", "add", "faces", str(written(tmp_path / "set", good_files(40)))])
    parser = argparse.ArgumentParser()
    add_spec_arguments(parser)
    spec = spec_from_args(parser.parse_args(["--dataset", "own-faces", "--preset", "quick"]))
    assert (spec.data.dataset, spec.data.groups, spec.data.skew) == ("own-faces", 2, None)
    shutil.rmtree(tmp_path / "home" / "data")
    with pytest.raises(ValueError, match="own-faces"):
        spec_from_args(parser.parse_args(["--dataset", "own-faces"]))


def test_a_guess_is_stated_and_must_be_confirmed(
    tmp_path: Path,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = str(CASES["a18 other names of columns"].make(tmp_path))
    assert main(["data", "check", folder]) == 0
    assert "guess  The group is taken from 'gender'." in capsys.readouterr().err
    assert main(["data", "add", "faces", folder]) == 1
    printed = capsys.readouterr()
    assert "read   labels.csv: class = target (cat, dog); group = gender (blue, red)" in printed.err
    assert "Confirm with --yes" in printed.err
    assert not (workspace / "data" / "own" / "faces").exists()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer, code in (("", 1), ("y", 0)):
        monkeypatch.setattr("builtins.input", lambda question, answer=answer: answer)
        assert main(["data", "add", "asked", folder]) == code
    monkeypatch.setattr("builtins.input", None)
    assert main(["data", "add", "confirmed", folder, "--yes"]) == 0
    columns = ["--file-column", "filename", "--label-column", "target", "--group-column", "gender"]
    assert main(["data", "add", "named", folder, *columns]) == 0


def test_folders_are_asked_about_at_a_terminal_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(CASES["a25 thumbnails of network storage"].make(tmp_path))
    assert main(["data", "add", "script", folder]) == 0
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert main(["data", "add", "asked", folder]) == 1
    assert main(["data", "add", "said", folder, "--label-column", "folder 1"]) == 0


def test_of_many_problems_of_a_kind_the_first_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "check", str(CASES["c8 no images"].make(tmp_path))]) == 1
    printed = capsys.readouterr()
    assert printed.err.count("cannot be read: ") == 5
    assert "… 11 more of this kind" in printed.err
    assert "--skip-bad" not in printed.out
