"""Parquet files, in the layout of Hugging Face and as plain tables."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.parquet import ParquetFile
from fairdd_core.data.custom.validation import validate
from tests.data.custom.cases import grid, image, images
from tests.data.custom.make import written, zipped

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
FEATURES = {
    "image": {"_type": "Image"},
    "label": {"names": ["cat", "dog"], "_type": "ClassLabel"},
    "gender": {"names": ["blue", "red"], "_type": "ClassLabel"},
}


def hugging(path: Path, numbers: Sequence[int], *, group: int = 1000, kind: Any = IMAGE) -> Path:
    """A file as ``Dataset.to_parquet`` writes it; a number decides image, class and group of its row."""
    content = [image(i) for i in numbers]
    cells = [{"bytes": x, "path": f"{i}.png"} for x, i in zip(content, numbers, strict=True)]
    table = pa.table(
        {
            "image": pa.array(cells if kind == IMAGE else content, kind),
            "label": pa.array([i % 2 for i in numbers], pa.int64()),
            "gender": pa.array([i // 2 % 2 for i in numbers], pa.int64()),
            "box": pa.array([[1.0]] * len(numbers)),
        }
    )
    metadata = {"huggingface": json.dumps({"info": {"features": FEATURES}})}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata(metadata), path, row_group_size=group)
    return path


@pytest.mark.parametrize("kind", [IMAGE, pa.binary()], ids=["bytes and path", "bytes"])
@pytest.mark.parametrize("upload", [False, True])
def test_images_classes_and_groups_come_from_one_file(tmp_path: Path, kind: Any, upload: bool) -> None:
    path = hugging(tmp_path / "faces.parquet", range(16), kind=kind)
    what = [(path.name, io.BytesIO(path.read_bytes()))] if upload else path
    blocks: list[np.ndarray] = []
    report = validate(what, Options(), sink=blocks.append)
    assert report.valid
    assert report.cells is not None
    assert (report.cells.class_names, report.cells.group_names) == (("cat", "dog"), ("blue", "red"))
    assert report.cells.counts_CG(test=False).tolist() == [[3, 3], [3, 3]]
    assert report.reading is not None
    assert report.reading.guesses == ("The group is taken from 'gender'.",)
    folder = written(tmp_path / "same", {"t.csv": b"", **images(grid())})
    expected: list[np.ndarray] = []
    (folder / "t.csv").write_text(
        "file,label,group\n" + "".join(f"{i}.png,{'cd'[i % 2]},{'rb'[i // 2 % 2]}\n" for i in range(16))
    )
    validate(folder, Options(), sink=expected.append)
    assert np.array_equal(np.concatenate(blocks), np.concatenate(expected))


def test_the_shards_of_train_and_test_are_one_set(tmp_path: Path) -> None:
    for n, name in enumerate(("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001")):
        hugging(tmp_path / "set" / "data" / f"{name}.parquet", range(8 * n, 8 * n + 8))
    report = validate(tmp_path / "set", Options())
    assert report.valid
    assert report.cells is not None
    assert report.cells.counts_CG(test=False).tolist() == [[4, 4], [4, 4]]
    assert report.cells.counts_CG(test=True).tolist() == [[2, 2], [2, 2]]


def test_a_table_in_parquet_describes_files(tmp_path: Path) -> None:
    rows = grid()
    columns = {name: [row[i] for row in rows] for i, name in enumerate(("file", "label", "group"))}
    folder = written(tmp_path / "set", images(rows))
    pq.write_table(pa.table(columns), folder / "labels.parquet")
    assert len(validate(folder, Options()).rows) == 16


@pytest.mark.parametrize("order", ["in order", "threads", "backwards"])
def test_rows_are_read_in_any_order(tmp_path: Path, order: str) -> None:
    numbers = list(range(200))
    with hugging(tmp_path / "x.parquet", numbers, group=50).open("rb") as file:
        opened = ParquetFile(file)
        rng = np.random.default_rng(0)
        asked = {
            "in order": numbers,
            "threads": sorted(numbers, key=lambda i: i + rng.integers(0, 8)),
            "backwards": numbers[::-40],
        }[order]
        assert all(opened.read(i, 10**6) == image(i) for i in asked)


@pytest.mark.parametrize("content", [b"", b"PAR1 no", b"PAR1" + bytes(100) + b"PAR1"])
def test_what_is_no_parquet_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.parquet").write_bytes(content)
    (problem,) = validate(tmp_path / "x.parquet", Options()).problems.fatal
    assert "not a Parquet file" in problem.message


def test_a_damaged_file_never_raises(tmp_path: Path) -> None:
    content = hugging(tmp_path / "x.parquet", range(16)).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(40):
        damaged = bytearray(content)
        damaged[rng.integers(len(damaged))] ^= int(rng.integers(1, 256))
        report = validate([("x.parquet", io.BytesIO(damaged))], Options())
        assert report.valid or report.problems.fatal


def test_rows_without_an_image_or_a_label_are_reported(tmp_path: Path) -> None:
    cells = [{"bytes": None if i == 3 else image(i), "path": f"../{i}.png"} for i in range(16)]
    labels = [None if i == 5 else "cd"[i % 2] for i in range(16)]
    table = pa.table(
        {"image": pa.array(cells, IMAGE), "label": labels, "group": ["rb"[i // 2 % 2] for i in range(16)]}
    )
    pq.write_table(table, tmp_path / "x.parquet")
    problems = validate(tmp_path / "x.parquet", Options()).problems.fatal
    assert {(problem.line, problem.kind) for problem in problems} == {(4, "image"), (6, "row")}


def test_in_an_archive_it_is_to_be_unpacked(tmp_path: Path) -> None:
    content = hugging(tmp_path / "x.parquet", range(16)).read_bytes()
    (problem,) = validate(zipped(tmp_path / "x.zip", {"x.parquet": content}), Options()).problems.fatal
    assert "unpack" in problem.message
