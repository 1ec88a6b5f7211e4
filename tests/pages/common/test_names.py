"""Names from somebody else's files: every kind of element shows them as they are, and none as markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from google.protobuf.json_format import MessageToDict
from streamlit.testing.v1 import AppTest

from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui.common.errors import escape_markdown
from tests.pages.conftest import MAIN
from tests.pages.fake_run import HOSTILE, rename, write_fake_run

PLAIN = {
    *("Selectbox.options", "Selectbox.rawValue", "MultiSelect.options", "MultiSelect.rawValues"),
    *("TextInput.default", "PlotlyChart.alt", "Table.alt", "BidiComponent.json"),
}
"""Fields that the browser shows as they are."""


def hostile_runs(workspace: Path) -> list[str]:
    """Put two finished runs into the workspace whose title, classes and groups are hostile."""

    def fill(folder: Any) -> None:
        rename(write_fake_run(folder.path), lambda kind, i: f"{kind}{i}{HOSTILE}")

    store = Store(Workspace(workspace))
    return [store.enter(fill, title=f"run{i}{HOSTILE}", state=RunState.DONE) for i in range(2)]


def elements(block: Any) -> Iterator[Any]:
    for node in block.children.values():
        yield node
        if hasattr(node, "children"):
            yield from elements(node)


def texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield every text of a message with the path to it, and those inside of figures one by one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, path)
    elif path == "PlotlyChart.spec" and isinstance(value, str):
        yield from texts(json.loads(value), "figure")
    elif isinstance(value, str):
        yield path, value


def shown(app: AppTest) -> Iterator[tuple[str, str]]:
    """Yield what a page sends to the browser, with its place."""
    assert not app.exception, app.exception[0].value
    for node in elements(app._tree):
        proto: Any = getattr(node, "proto", None)
        if hasattr(proto, "DESCRIPTOR"):
            yield from texts(MessageToDict(proto), proto.DESCRIPTOR.name)
        if node.type == "table":
            table: pd.DataFrame = node.value  # its cells and headings are Markdown
            index = [*map(str, table.index), *map(str, table.columns)]
            yield from (("table", text) for text in [*index, *table.astype(str).to_numpy().ravel()])


def wrong(place: str, text: str) -> bool:
    """Return whether a text with a hostile name is shown otherwise than its place needs."""
    if "zq.example" not in text:
        return False
    if place in PLAIN:
        literal = json.dumps(HOSTILE)[1:-1] if place.endswith("json") else HOSTILE
        return literal not in text
    if place.startswith("figure"):
        return "<img" in text
    if place == "Html.body":
        return "<img src=&quot;" in text or '<img src="//' in text
    return re.sub(re.escape(escape_markdown(HOSTILE)), "", text).count("zq.example") > 0


SCREENS: dict[str, tuple[str, dict[str, str]]] = {
    "images": ("", {"view": "images", "run": "{0}"}),
    "maps": ("", {"view": "maps", "run": "{0}"}),
    "fairness": ("", {"view": "fairness", "run": "{0}"}),
    "runs": ("runs.py", {}),
    "compare": ("compare.py", {"runs": "{0},{1}"}),
}


@pytest.mark.parametrize("screen", SCREENS)
def test_no_name_becomes_markup(screen: str, workspace: Path, no_examples: None) -> None:
    runs = hostile_runs(workspace)
    page, params = SCREENS[screen]
    app = AppTest.from_file(str(MAIN), default_timeout=60)
    if page:
        app.run().switch_page(page)
    for name, value in params.items():
        app.query_params[name] = value.format(*runs)
    found = list(shown(app.run()))
    assert {place for place, text in found if wrong(place, text)} == set()
    assert any("zq.example" in text for _, text in found)
