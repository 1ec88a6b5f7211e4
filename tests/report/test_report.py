"""What can be taken away from a run."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fairdd_core.analysis.metrics import METRICS
from fairdd_core.config.presets import arms_named, quick
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.report.document import POLICY, figures_page, report
from fairdd_core.report.figures import figures
from fairdd_core.report.labels import labels_of
from fairdd_core.report.pictures import file_name, grids
from fairdd_core.report.tables import ABOUT, csv, csv_zip, tables
from fairdd_core.runs.storage.folder import RunFolder
from tests.pages.fake_run import write_fake_run

NASTY = 'A "run" </script><script>alert(1)</script> & <b>more</b>'


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """An invented finished run."""
    return write_fake_run(tmp_path_factory.mktemp("report") / "run", iterations=(0, 600))


@pytest.fixture(scope="module")
def page(run: RunFolder) -> str:
    return report(run, labels_of(run, Path("nowhere")), NASTY, "failed: <img src=x>")


def test_tables_hold_every_measure_and_every_cell(run: RunFolder) -> None:
    found = tables(run, labels_of(run, Path("nowhere")))
    assert set(found) == set(ABOUT) - {"seeds", "over-seeds", "seed-differences"}, "it has no repeats"
    results = found["results"].set_index(["arm", "metric"])
    assert len(results) == 4 * len(METRICS)
    values_K = METRICS["deo_mean"].of(run.counts()["cobra"])
    row = results.loc[("cobra", "deo_mean")]
    assert row["mean"] == pytest.approx(values_K.mean())
    assert row["std"] == pytest.approx(values_K.std(ddof=1))
    assert row["low"] < row["mean"] < row["high"]
    assert row["n"] == 5000
    assert row["excess"] == pytest.approx(row["mean"] - row["floor"])
    assert np.isnan(results.loc[("cobra", "accuracy"), "floor"])
    assert len(found["cells"]) == 4 * 100
    assert len(found["confusions"]) == 4 * 10 * 100
    assert found["confusions"]["answers"].sum() == sum(c.sum() for c in run.counts().values())


def test_csv_reads_back(run: RunFolder) -> None:
    found = tables(run, labels_of(run, Path("nowhere")))
    with zipfile.ZipFile(io.BytesIO(csv_zip(found))) as archive:
        assert set(archive.namelist()) == {f"{name}.csv" for name in found} | {"README.txt"}
        for name, table in found.items():
            again = pd.read_csv(io.BytesIO(archive.read(f"{name}.csv")), dtype={"class": str, "true": str})
            assert list(again.columns) == list(table.columns)
            assert len(again) == len(table)
        means = pd.read_csv(io.BytesIO(archive.read("results.csv")))["mean"]
    assert means.tolist() == pytest.approx(found["results"]["mean"].tolist())


def test_no_name_is_a_formula_in_a_csv_file() -> None:
    table = pd.DataFrame({"=group": ["=HYPERLINK(0)", "+1", "plain"], "share": [-0.5, 0.5, None]})
    assert csv(table).decode().splitlines() == ["'=group,share", "'=HYPERLINK(0),-0.5", "+1,0.5", "plain,"]


def test_pictures_repeat_every_pixel(run: RunFolder) -> None:
    images = run.snapshot(600)
    assert list(grids(run)) == ["vanilla.png", "cobra.png"]
    with Image.open(io.BytesIO(grids(run)["cobra.png"])) as picture:
        pixels = np.asarray(picture)
    scale = pixels.shape[0] // (10 * 17)
    assert scale >= 4
    np.testing.assert_array_equal(
        pixels[: 16 * scale : scale, : 16 * scale : scale, :3], images["cobra"][0, 0].transpose(1, 2, 0)
    )
    np.testing.assert_array_equal(pixels[:scale, :scale], np.broadcast_to(pixels[0, 0], (scale, scale, 4)))
    assert (pixels[16 * scale : 17 * scale, :, 3] == 0).all()
    assert file_name("cobra:smallest-ball") == "cobra-smallest-ball"


def test_report_is_one_file_that_asks_nobody(page: str) -> None:
    assert page.count("<script") == page.count("</script>")
    assert len(re.findall(r"plotly\.js v", page)) >= 1
    assert page.count("Plotly.newPlot(") >= len(re.findall(r'class="plotly-graph-div"', page)) == 17
    assert len(page) < 6_000_000, "of which plotly.js is 4.8 million"
    head = page[: page.index("<style>")]
    assert POLICY in head
    outside = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", outside)
    assert "url(" not in outside


def test_report_has_numbers_images_definitions_and_the_way_back(page: str, run: RunFolder) -> None:
    text = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    for metric in METRICS.values():
        assert metric.title in text
        assert metric.sentence in html.unescape(text)
    accuracy = 100 * METRICS["accuracy"].of(run.counts()["cobra"]).mean()
    assert f"<b>{accuracy:.1f}</b>" in text
    assert text.count("data:image/png;base64,") == 2
    assert text.index("Synthetic images of Vanilla") < text.index("Synthetic images of COBRA")
    assert "python -m fairdd_core run --preset quick" in text
    (written,) = re.findall(r"<summary>Specification</summary><pre>(.*?)</pre>", text, re.DOTALL)
    spec = json.loads(html.unescape(written))
    assert RunSpec.model_validate(spec) == run.spec()


def test_what_others_wrote_stays_text(page: str) -> None:
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<img src=x>" not in page


def test_every_figure_is_described_and_has_its_numbers(run: RunFolder) -> None:
    found = figures(run, labels_of(run, Path("nowhere")))
    assert len({entry.name for entry in found}) == len(found) == 2 + 4 + 1 + 4 + 2 * 2 + 2
    assert [entry.title for entry in found if "map" in entry.title] == [
        f"{way} map: {arm}" for way in ("PCA", "UMAP") for arm in ("Vanilla", "COBRA")
    ]
    for entry in found:
        assert len(entry.alt) > 20
        assert len(entry.caption) > 20
        assert len(entry.table) > 1
    page = figures_page(run, labels_of(run, Path("nowhere")), "Figures")
    assert page.count('"toImageButtonOptions": {"format": "svg"') == len(found)


def test_a_run_that_was_stopped_early_has_a_report_too(tmp_path: Path) -> None:
    arms = arms_named("cobra:cosine")
    spec = quick().model_copy(
        update={"preset": "custom", "distill": quick().distill.model_copy(update={"arms": arms})}
    )
    folder = RunFolder(tmp_path / "run")
    folder.create(spec)
    page = report(folder, labels_of(folder, tmp_path), "Early", "stopped: Stopped before it started.")
    assert "There are no test results of this run." in page
    assert "Stopped before it started." in page
    assert "run --preset quick --set=preset=custom --arms=cobra:cosine" in page
    assert tables(folder, labels_of(folder, tmp_path)) == {}
    assert grids(folder) == {}


def test_labels_are_those_that_were_noted_else_those_of_the_data_else_numbers(
    run: RunFolder, tmp_path: Path
) -> None:
    assert labels_of(run, tmp_path).groups[0] == "red"
    gone = RunFolder(tmp_path / "run")
    gone.create(
        quick().model_copy(update={"data": quick().data.model_copy(update={"dataset": "gone", "groups": 3})})
    )
    assert labels_of(gone, tmp_path).groups == ("group 1", "group 2", "group 3")
