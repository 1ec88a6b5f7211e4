"""Inputs as people really have them: what is added, what is guessed, and what is said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fairdd_core.data.custom.options import Options
from fairdd_core.data.custom.validation import survey, validate
from tests.data.custom.cases import CASES, Case, deep, folder, pictures, tree
from tests.helpers import ROOT

WRITERS = ROOT.parent / "shared" / "cases" / "import"
QUIET = {"small-cell", "empty-cell"}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_every_input_has_its_right_outcome(case: Case, tmp_path: Path) -> None:
    report = validate(case.make(tmp_path), Options())
    problems = [problem for problem in report.problems if problem.kind not in QUIET]
    stops = [str(problem) for problem in problems if problem.fatal]
    notes = [f"{problem.kind}: {problem}" for problem in problems if not problem.fatal]
    assert len(stops) == len(case.stops), stops
    assert all(word in text for word, text in zip(case.stops, stops, strict=True)), stops
    assert len(notes) == len(case.notes), notes
    assert all(word in text for word, text in zip(case.notes, notes, strict=True)), notes
    assert report.valid == (case.images is not None)
    assert report.problems.only_of_images == case.skippable
    guesses = report.reading.guesses if report.reading is not None else ()
    assert len(guesses) == len(case.guesses), guesses
    assert all(word in text for word, text in zip(case.guesses, guesses, strict=True)), guesses
    if case.images is not None:
        assert report.cells is not None
        assert len(report.rows) == case.images
        assert (report.cells.class_names, report.cells.group_names) == (case.classes, case.groups)


def test_no_image_is_read_to_understand_a_set(tmp_path: Path) -> None:
    report = survey(CASES["c8 no images"].make(tmp_path), Options())
    assert len(report.rows) == 16
    assert report.reading is not None
    assert report.reading.explained() == (
        "folders: class = folder 1 (cat, dog); group = folder 2 (blue, red); test images are drawn"
    )


def test_columns_and_levels_can_be_chosen(tmp_path: Path) -> None:
    folder = CASES["d4 three levels"].make(tmp_path)
    chosen = Options(label_column="Folder 2", group_columns=("folder 1",))
    report = validate(folder, chosen)
    assert report.cells is not None
    assert (report.cells.class_names, report.cells.group_names) == (("blue", "red"), ("cat", "dog"))
    assert report.reading is not None
    assert not report.reading.guesses
    (problem,) = validate(folder, Options(label_column="kind", group_columns=("folder 1",))).problems.fatal
    assert "no level 'kind'" in problem.message
    assert "folder 2 (blue, red)" in problem.message


@pytest.mark.parametrize("column", ["none", "NONE"])
def test_a_split_can_be_set_aside(tmp_path: Path, column: str) -> None:
    folder = CASES["c11 in training and test"].make(tmp_path)
    assert validate(folder, Options(split_column=column)).rows["split"].unique().tolist() == [""]


def test_one_of_several_tables_is_chosen(tmp_path: Path) -> None:
    folder = CASES["a1 sep line"].make(tmp_path)
    (folder / "more.csv").write_text("file,label,group\n0.png,x,y\n")
    (problem,) = validate(folder, Options()).problems.fatal
    assert "2 tables: labels.csv, more.csv" in problem.message
    report = validate(folder, Options(table="labels.csv"))
    assert report.valid
    assert report.reading is not None
    assert report.reading.tables == ("labels.csv", "more.csv")
    assert "no table 'x'" in validate(folder, Options(table="x")).problems.fatal[0].message


def test_one_range_holds_for_all_deep_images(tmp_path: Path) -> None:
    def means(top: float, dark: float) -> list[float]:
        name = f"{top:g}-{dark:g}"
        make = pictures(lambda i: deep(dark if i == 0 else top, np.uint16, "PNG")(i))
        blocks: list[np.ndarray] = []
        assert validate(make(tmp_path / name), Options(), sink=blocks.append).valid
        return [float(x.mean()) for x in np.concatenate(blocks)[:2]]

    for twelve_bits in (means(4095, 1000), means(65535, 16000)):
        dark, bright = twelve_bits
        assert 25 < dark < 35
        assert 115 < bright < 130


def test_a_group_that_would_vanish_is_named_even_when_bad_images_are_left_out(tmp_path: Path) -> None:
    files = tree(groups=("blue", "red", "green"))
    files |= {name: b"bad" for name in files if "/green/" in name or name == "cat/red/4.png"}
    for skip_bad in (False, True):
        report = validate(folder(files)(tmp_path / str(skip_bad)), Options(skip_bad=skip_bad))
        lost = [problem.message for problem in report.problems.fatal if problem.kind == "classes"]
        assert lost == ["No image of the group 'green' can be used."]
        assert not report.problems.only_of_images


INVALID = {"a13_xlsx_only", "a24_heic_jfif", "a6_cp1252", "b6_nested.zip", "c8_bad"}
INVALID |= {"d1_imagefolder_split", "d3_imagefolder"}


@pytest.mark.skipif(not WRITERS.is_dir(), reason="needs the inputs that ../shared/cases/import writes")
def test_the_shared_inputs_are_added_or_refused_with_few_words(tmp_path: Path) -> None:
    for script in ("tables", "zips", "images", "layouts"):
        settings = {**os.environ, "CASES": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run([sys.executable, f"{script}.py"], cwd=WRITERS, env=settings, check=True)
    reports = {path.name: validate(path, Options()) for path in tmp_path.iterdir()}
    assert {name for name, report in reports.items() if not report.valid} == INVALID
    for name, report in reports.items():
        layout = [problem for problem in report.problems.fatal if problem.kind in {"layout", "not-found"}]
        assert len(layout) <= 1, name
