from __future__ import annotations

import io
import json
import stat
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fairdd_core.errors import UserError
from fairdd_core.files import DamagedFile
from fairdd_core.runs.storage.archive import export_run, import_run
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.units import age_text
from fairdd_core.workspace import Workspace
from tests.runs.conftest import MakeSpec

POINTS = ["kind", "arm", "class_id", "group_id", "index", "pca_x", "pca_y", "umap_x", "umap_y"]
CELLS = ["arm", "class_id", "group_id", "share", "residual", "vanilla", "uniform", "shift", "inner"]
RESIDUALS = ["arm", "class_id", "group_id", "n", "share", "to_synthetic", "to_target"]


def fill(folder: RunFolder) -> None:
    folder.write_snapshot(7, {"vanilla": np.zeros((10, 1, 3, 4, 4), np.uint8)})
    points = pd.DataFrame([["real", "", 0, 1, 5, 0.5, 0.5, 1.0, 2.0]], columns=POINTS)
    folder.write_tables(points, pd.DataFrame([["vanilla", 0, 1, 5, 0.1, 0.2, 0.3]], columns=RESIDUALS))
    folder.write_diagnostics(
        7, pd.DataFrame([["vanilla", 0, 1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]], columns=CELLS)
    )
    folder.events_file.write_text('{"event": "phase", "t": 0.0, "name": "data"}\n')
    folder.log_file.write_text("written in /home/somebody\n")


@pytest.fixture
def archive(workspace: Workspace, make_spec: MakeSpec) -> bytes:
    store = Store(workspace)
    run_id = store.create(make_spec(), "a title")
    fill(store.folder(run_id))
    store.folder(run_id).write_result({"arms": {}})
    store.update(run_id, state=RunState.DONE, started=1.5, finished=2.5, message="Done.")
    target = io.BytesIO()
    export_run(workspace, run_id, target)
    return target.getvalue()


def altered(archive: bytes, **changes: bytes | None) -> io.BytesIO:
    """The archive with entries replaced, added or (None) left out; ``__`` in a name stands for a dot."""
    wanted = {name.replace("__", "."): content for name, content in changes.items()}
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if name not in wanted:
                new.writestr(name, old.read(name))
        for name, content in wanted.items():
            if content is not None:
                new.writestr(name, content)
    target.seek(0)
    return target


def with_entry(archive: bytes, entry: zipfile.ZipInfo | str, content: bytes = b"x") -> io.BytesIO:
    target = io.BytesIO(archive)
    with zipfile.ZipFile(target, "a") as file:
        file.writestr(entry, content)
    target.seek(0)
    return target


def test_an_imported_run_equals_the_exported_one(
    workspace: Workspace, archive: bytes, tmp_path: Path
) -> None:
    other = Workspace(tmp_path / "other")
    run_id = import_run(other, io.BytesIO(archive))
    record = Store(other).get(run_id)
    assert (record.state, record.title, record.started, record.message) == (
        RunState.DONE,
        "a title",
        1.5,
        "Done.",
    )
    mine, theirs = Store(workspace).folder(Store(workspace).list()[0].id), Store(other).folder(run_id)
    assert theirs.spec() == mine.spec()
    assert theirs.result() == mine.result()
    assert np.array_equal(theirs.snapshot(7)["vanilla"], mine.snapshot(7)["vanilla"])
    pd.testing.assert_frame_equal(theirs.points(), mine.points())
    pd.testing.assert_frame_equal(theirs.diagnostics(), mine.diagnostics())
    assert not theirs.log_file.exists()
    assert [path.name for path in other.runs.iterdir()] == [run_id]
    assert import_run(other, io.BytesIO(archive)) != run_id


def test_an_unfinished_run_is_imported_as_stopped(workspace: Workspace, archive: bytes) -> None:
    run_id = import_run(workspace, altered(archive, result__json=None))
    assert Store(workspace).get(run_id).state is RunState.STOPPED


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("events.jsonl")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    "name",
    [
        "../spec.json",
        "/etc/passwd",
        "snapshots/../../x.safetensors",
        "snapshots/1.safetensors",
        "evil.py",
        "worker.lock",
        "log.txt",
        "C:\\spec.json",
    ],
)
def test_other_files_are_refused(workspace: Workspace, archive: bytes, name: str) -> None:
    with pytest.raises(UserError, match="the files of a run only"):
        import_run(workspace, with_entry(archive, name))
    assert len(list(workspace.runs.iterdir())) == 1


def test_links_are_refused(workspace: Workspace, archive: bytes) -> None:
    with pytest.raises(UserError, match="the files of a run only"):
        import_run(
            workspace, with_entry(altered(archive, events__jsonl=None).getvalue(), link(), b"/etc/passwd")
        )


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("wrapper", ["", "My run/"])
def test_an_export_that_a_person_packed_again_is_imported(
    workspace: Workspace, archive: bytes, compression: int, wrapper: str
) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(target, "w", compression) as new:
        for folder in (wrapper, f"{wrapper}snapshots/"):
            if folder:
                new.writestr(folder, b"")
        for name in (f"{wrapper}.DS_Store", f"__MACOSX/{wrapper}._spec.json", f"{wrapper}Thumbs.db"):
            new.writestr(name, b"left by the system")
        for name in old.namelist():
            new.writestr(wrapper + name, old.read(name))
    run_id = import_run(workspace, target)
    imported = Store(workspace).folder(run_id)
    assert np.array_equal(imported.snapshot(7)["vanilla"], np.zeros((10, 1, 3, 4, 4), np.uint8))
    assert not [path for path in imported.path.rglob("*") if path.name.startswith((".", "Thumbs"))]


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_content_is_refused_however_it_is_packed(workspace: Workspace, compression: int) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as made:
        made.writestr("about.json", "{}" * 500)
    damaged = bytearray(target.getvalue())
    damaged[48:60] = bytes(12)
    with pytest.raises(UserError, match="damaged"):
        import_run(workspace, io.BytesIO(damaged))


def test_a_file_that_comes_twice_is_refused(workspace: Workspace, archive: bytes) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), pytest.raises(UserError, match="every file once"):
        import_run(workspace, with_entry(archive, "spec.json"))


def test_too_much_is_refused(workspace: Workspace, archive: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairdd_core.runs.storage.archive.MAX_BYTES", 2000)
    with pytest.raises(UserError, match="at most"):
        import_run(workspace, io.BytesIO(archive))
    monkeypatch.setattr("fairdd_core.runs.storage.archive.MAX_FILES", 2)
    with pytest.raises(UserError, match="at most 2 files"):
        import_run(workspace, io.BytesIO(archive))


def test_a_file_that_lies_about_its_size_is_refused(
    workspace: Workspace, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fairdd_core.runs.storage.archive.MAX_BYTES", 200_000)
    big = altered(archive, events__jsonl=b'{"event": "phase", "t": 0}\n' * 20_000).getvalue()
    size = (20_000 * 27).to_bytes(4, "little")
    assert big.count(size) >= 2
    with pytest.raises(UserError):
        import_run(workspace, io.BytesIO(big.replace(size, (10).to_bytes(4, "little"))))


PICKLE = b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("spec.json", b"{}"),
        ("spec.json", b"not json"),
        ("spec.json", None),
        ("about.json", None),
        ("about.json", b'{"format": 99}'),
        ("about.json", b"[]"),
        ("result.json", b"[1]"),
        ("result.json", b"\xff"),
        ("events.jsonl", b"nothing"),
        ("points.parquet", PICKLE),
        ("points.parquet", b""),
        ("counts.safetensors", PICKLE),
        ("snapshots/000001.safetensors", PICKLE),
    ],
)
def test_invalid_contents_are_refused(
    workspace: Workspace, archive: bytes, name: str, content: bytes | None
) -> None:
    with pytest.raises(UserError):
        import_run(workspace, altered(archive, **{name.replace(".", "__"): content}))
    assert len(Store(workspace).list()) == 1
    assert len(list(workspace.runs.iterdir())) == 1


@pytest.mark.parametrize(
    ("name", "columns"),
    [("points", ["x"]), ("diagnostics", ["iteration", *CELLS[:5]]), ("residuals", RESIDUALS[:6])],
)
def test_tables_without_their_columns_are_refused(
    workspace: Workspace, archive: bytes, name: str, columns: list[str]
) -> None:
    table = io.BytesIO()
    pd.DataFrame([[0] * len(columns)], columns=columns).to_parquet(table)
    with pytest.raises(UserError, match=rf"valid {name}\.parquet"):
        import_run(workspace, altered(archive, **{f"{name}__parquet": table.getvalue()}))


def test_tables_of_bytes_are_refused(workspace: Workspace, archive: bytes) -> None:
    table = io.BytesIO()
    pd.DataFrame([[b"bytes"] * len(POINTS)], columns=POINTS).to_parquet(table)
    with pytest.raises(UserError, match=r"valid points\.parquet"):
        import_run(workspace, altered(archive, points__parquet=table.getvalue()))


def test_snapshots_of_other_arms_are_refused(workspace: Workspace, archive: bytes, tmp_path: Path) -> None:
    other = RunFolder(tmp_path / "other")
    other.path.mkdir()
    other.write_snapshot(9, {"stranger": np.zeros((10, 1, 3, 4, 4), np.uint8)})
    content = other.snapshot_file(9).read_bytes()
    with pytest.raises(UserError, match="valid 000009"):
        import_run(workspace, with_entry(archive, "snapshots/000009.safetensors", content))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"x" * 1000])
def test_a_file_that_is_not_a_zip_file_is_refused(workspace: Workspace, content: bytes) -> None:
    with pytest.raises(UserError, match="a zip file"):
        import_run(workspace, io.BytesIO(content))


def test_invalid_columns_get_their_defaults(workspace: Workspace, archive: bytes) -> None:
    about = {"format": 1, "title": ["x"], "state": "running", "done": -5, "total": True, "created": "soon"}
    source = altered(archive, about__json=json.dumps(about).encode(), result__json=None)
    record = Store(workspace).get(import_run(workspace, source))
    assert (record.title, record.state, record.done, record.total) == ("", RunState.STOPPED, 0, 0)


TIMES = ("created", "started", "finished")


@pytest.mark.parametrize(
    "moment", ["-1e300", "1e17", "-1", "Infinity", "-Infinity", "NaN", "1e400", "true", '"soon"', "[]"]
)
def test_only_times_between_1970_and_tomorrow_are_taken(
    workspace: Workspace, archive: bytes, moment: str
) -> None:
    about = '{"format": 1, ' + ", ".join(f'"{name}": {moment}' for name in TIMES) + "}"
    record = Store(workspace).get(import_run(workspace, altered(archive, about__json=about.encode())))
    assert record.imported == pytest.approx(record.created, abs=1.0)
    assert (record.started, record.finished) == (None, None)
    assert list_all(workspace)


def list_all(workspace: Workspace) -> list[str]:
    """Return what a list says of the age of every run."""
    return [age_text(run.created) for run in Store(workspace).list()]


def test_a_newer_format_asks_for_an_update(workspace: Workspace, archive: bytes) -> None:
    with pytest.raises(UserError, match=r"[Uu]pdate the program"):
        import_run(workspace, altered(archive, about__json=b'{"format": 2}'))
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        spec = json.loads(file.read("spec.json"))
    newer = json.dumps({**spec, "version": 99, "more": 1}).encode()
    with pytest.raises(UserError, match=r"[Uu]pdate the program"):
        import_run(workspace, altered(archive, spec__json=newer))


@pytest.mark.parametrize(
    "change",
    [
        {"distill": {"matching": "taxicab"}},
        {"distill": {"backbone": "none-such"}},
        {"distill": {"arms": [{"name": "x", "alignment": "none-such"}]}},
        {"distill": {"arms": [{"name": "cobra/x", "alignment": "cobra"}]}},
        {"data": {"groups": 64}},
        {"data": {"skew": None}},
        {"evaluation": {"network": {"name": "none-such"}}},
    ],
)
def test_a_specification_that_no_view_could_show_is_refused(
    workspace: Workspace, archive: bytes, change: dict[str, dict[str, object]]
) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        spec = json.loads(file.read("spec.json"))
    for part, values in change.items():
        spec[part] |= values
    content = json.dumps(spec).encode()
    with pytest.raises(UserError):
        import_run(workspace, altered(archive, spec__json=content))
    here = next(iter(Store(workspace).list())).id  # one that an earlier version has imported
    Store(workspace).folder(here).spec_file.write_bytes(content)
    with pytest.raises(UserError):
        Store(workspace).folder(here).spec()


@pytest.mark.parametrize(
    "result",
    [
        {"arms": {"vanilla": {"accuracy": {"mean": "0.5"}}}},
        {"arms": {"vanilla": {"accuracy": {"ci95": [0.1]}}}},
        {"arms": {"vanilla": {"accuracy": 0.5}}},
        {"arms": {"vanilla": {"deo_mean": {"left_out": 3}}}},
        {"seconds": {"total": "long"}},
        {"device": 5},
        {"training": {"full-data": [{"updates": 1}]}},
        {"attempts": [3]},
        {"data": "abc"},
    ],
)
def test_a_result_of_another_kind_is_refused_and_reads_as_damaged(
    workspace: Workspace, archive: bytes, result: dict[str, object]
) -> None:
    content = json.dumps(result).encode()
    with pytest.raises(UserError, match=r"a valid result\.json"):
        import_run(workspace, altered(archive, result__json=content))
    here = Store(workspace).folder(next(iter(Store(workspace).list())).id)
    here.result_file.write_bytes(content)
    with pytest.raises(DamagedFile):
        here.result()


def test_lines_of_other_kinds_are_refused_and_not_shown(workspace: Workspace, archive: bytes) -> None:
    lines = b'{"event": "phase", "t": 1.0, "name": "data"}\n{"event": "phase", "t": "late", "name": "data"}\n'
    with pytest.raises(UserError, match=r"a valid events\.jsonl"):
        import_run(workspace, altered(archive, events__jsonl=lines))
    here = Store(workspace).folder(next(iter(Store(workspace).list())).id)
    here.events_file.write_bytes(lines + b"[" * 100_000 + b"\n")
    assert [event["t"] for event in here.events()[0]] == [1.0]


@pytest.mark.parametrize("name", ["spec.json", "result.json", "events.jsonl", "about.json"])
def test_bombs_are_refused_before_they_are_unpacked(workspace: Workspace, archive: bytes, name: str) -> None:
    target = altered(archive, **{name.replace(".", "__"): b" " * 51_000_000})
    packed = io.BytesIO()
    with zipfile.ZipFile(target) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for other in old.namelist():
            new.writestr(other, old.read(other))
    packed.seek(0)
    began = time.monotonic()
    with pytest.raises(UserError, match="at most"):
        import_run(workspace, packed)
    assert time.monotonic() - began < 1.0


def test_a_table_of_more_rows_than_a_run_has_is_refused(workspace: Workspace, archive: bytes) -> None:
    rows = pd.DataFrame([["real", "", 0, 1, 5, 0.5, 0.5, 1.0, 2.0]] * 300_000, columns=POINTS)
    with pytest.raises(UserError, match="300000 rows"):
        import_run(workspace, altered(archive, points__parquet=rows.to_parquet(index=False)))
