"""A custom set in a real browser: upload, validate, add, open in the Studio, launch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from fairdd_core.data.custom import store
from fairdd_core.runs.storage.index import Store
from fairdd_core.workspace import Workspace
from tests.data.custom.make import GROUPS, LABELS, encoded, good_files, zipped
from tests.e2e.conftest import READY, SLOW, Visitor


@pytest.fixture(autouse=True)
def data_in_the_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets are added to the workspace of the test, wherever the data of this machine lies."""
    monkeypatch.delenv("FAIRDD_DATA", raising=False)


def coloured(n: int = 80) -> dict[str, bytes]:
    """A set whose labels are brightness and whose groups are colours."""
    files = {"labels.csv": good_files(n)["labels.csv"]}
    for i in range(n):
        level = 90 + 130 * (i % 2)
        rgb = (level, 30, 30) if i // 2 % 2 else (30, 30, level)
        files[f"images/{i}.png"] = encoded(Image.new("RGB", (20, 16), rgb))
    return {f"patches/{name}": content for name, content in files.items()}


def test_from_an_upload_to_a_run(visitor: Visitor, tmp_path: Path) -> None:
    bad = coloured()
    bad["patches/labels.csv"] += b"\nimages/none.png,cat,indoors"
    page = visitor.open("/data?do=add")
    expect(page.get_by_text("Where are the images?")).to_be_visible()
    page.locator("input[type=file]").set_input_files(zipped(tmp_path / "Bad set.zip", bad))
    expect(page.get_by_text("This set cannot be added yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Add", exact=True)).to_have_count(0)

    page.reload()
    expect(page.get_by_text("Where are the images?")).to_be_visible()
    page.locator("input[type=file]").set_input_files(zipped(tmp_path / "Patches.zip", coloured()))
    expect(page.get_by_text("80 images, 2 classes, 2 groups")).to_be_visible()
    expect(page.get_by_text("Some cells are too small to trust.")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    expect(page.get_by_role("img", name=re.compile("Up to four images of each class"))).to_be_visible()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("was added as")).to_be_visible()
    data_dir = Workspace(visitor.server.workspace).data
    assert store.custom_sets(data_dir)["own-patches"].sizes == (60, 20)

    page.get_by_role("button", name="Open in Studio").click()
    expect(page.get_by_role("button", name="Launch")).to_be_visible()
    page.locator(READY).wait_for(timeout=SLOW)
    expect(page.get_by_role("combobox", name="Data set")).to_have_value("Patches")
    expect(page.get_by_text("60 training images")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("One image of every class"))).to_be_visible()

    visitor.open("/?dataset=own-patches&iterations=20&pairs=4&networks=1&epochs=20&umap=0&view=data")
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_text(re.compile(r"Running on|Waiting for")).first).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("COBRA after 20"))).to_be_visible(timeout=4 * SLOW)
    (run,) = Store(Workspace(visitor.server.workspace)).list()
    spec = Store(Workspace(visitor.server.workspace)).folder(run.id).spec()
    assert (spec.data.dataset, spec.data.groups, spec.data.skew) == ("own-patches", 2, None)

    page.get_by_role("radio", name="Fairness").or_(page.get_by_role("button", name="Fairness")).first.click()
    expect(page.get_by_role("heading", name="Accuracy against the gap")).to_be_visible()
    for name in (*LABELS, *GROUPS):
        expect(page.get_by_text(name).first).to_be_attached()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_set_is_removed_after_asking(visitor: Visitor, tmp_path: Path) -> None:
    from fairdd_core.data.custom.options import Options
    from fairdd_core.data.custom.store import add

    data_dir = Workspace(visitor.server.workspace).data
    add(data_dir, "patches", zipped(tmp_path / "patches.zip", coloured()), Options())
    page = visitor.open("/data")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove permanently").click()
    expect(page.get_by_text("was removed.")).to_be_visible()
    assert store.custom_sets(data_dir) == {}
