"""Pages under test: a workspace of their own, and no processes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

if TYPE_CHECKING:
    from fairdd_core.runs.storage.folder import RunFolder

from tests.helpers import ROOT

sys.path.insert(0, str(ROOT))

MAIN = ROOT / "pages" / "_main.py"


def settled(app: AppTest) -> AppTest:
    """Return a page after a run of its script that raised nothing."""
    assert not app.exception, app.exception[0].value
    return app


def words(app: AppTest) -> str:
    """Return everything that is written on a page."""
    boxes = [*app.info, *app.success, *app.warning, *app.error]
    parts = [*app.title, *app.header, *app.subheader, *app.markdown, *app.caption, *boxes]
    html = [str(part.proto.body) for part in app.get("html")]
    return "\n".join(
        [*(str(part.value) for part in parts), *(text for text in html if "<style>" not in text)]
    )


def remarks(app: AppTest) -> str:
    """Return what a page says beside its headings and pictures."""
    return "\n".join(str(part.value) for part in [*app.markdown, *app.caption, *app.info, *app.warning])


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace, in which nothing starts a process."""
    monkeypatch.setenv("FAIRDD_HOME", str(tmp_path))
    monkeypatch.delenv("FAIRDD_DATA", raising=False)
    monkeypatch.setattr("fairdd_core.runs.engine.service._ensure_dispatcher", lambda workspace: None)
    return tmp_path


@pytest.fixture
def no_examples(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A checkout without bundled examples."""
    from pages.ui.common import runs

    monkeypatch.setattr(runs, "EXAMPLES", tmp_path / "nowhere")


@pytest.fixture
def one_example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One invented bundled example."""
    from pages.ui.common import runs
    from tests.pages.fake_run import write_fake_run

    monkeypatch.setattr(runs, "EXAMPLES", tmp_path / "examples")
    write_fake_run(tmp_path / "examples" / "pair")


@pytest.fixture
def run(workspace: Path, no_examples: None) -> RunFolder:
    """An invented run in the workspace: distilled for 600 iterations, logged at 0, 10, 60 and 600."""
    from fairdd_core.runs.storage.index import RunState, Store
    from fairdd_core.workspace import Workspace
    from tests.pages.fake_run import write_fake_run

    store = Store(Workspace(workspace))
    return store.folder(store.enter(lambda folder: write_fake_run(folder.path), state=RunState.DONE))


@pytest.fixture
def visit(workspace: Path) -> Callable[..., AppTest]:
    """Open the Studio with an address, and expect no exception."""

    def run(**params: str) -> AppTest:
        app = AppTest.from_file(str(MAIN), default_timeout=60)
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, app.exception[0].value
        return app

    return run


@pytest.fixture
def studio(visit: Callable[..., AppTest]) -> Callable[..., AppTest]:
    """Open the Studio and run it a second time, as any click does."""

    def run(**params: str) -> AppTest:
        app = visit(**params).run()
        assert not app.exception, app.exception[0].value
        return app

    return run
