"""Reading an address: a page warns of values that it cannot use, and shows the defaults."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.workspace import Workspace
from pages.ui.common import url
from pages.ui.common.url import one_of, read
from tests.pages.fake_run import write_fake_run

Visit = Callable[..., AppTest]


def screen() -> None:
    import streamlit as st

    from pages.ui.common import url

    url.enter("here")
    st.session_state["linked"] = url.from_link()
    if "own" not in st.session_state or st.session_state["linked"]:
        st.session_state["own"] = url.params().get("at", "start")
    url.write({"at": "passing by"})
    url.update(at=st.session_state["own"])
    assert url.params() == {"at": st.session_state["own"]}
    url.flush()


def test_an_address_of_ones_own_is_written_once_and_is_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    app = AppTest.from_function(screen).run()
    assert dict(app.query_params) == {"at": "start"}
    assert not app.run().session_state["linked"]
    app.query_params["at"] = "elsewhere"
    assert app.run().session_state["own"] == "elsewhere"
    app.query_params["at"] = "start"  # one of its own, so a click may have overtaken the address
    assert app.run().session_state["own"] == "elsewhere"
    monkeypatch.setattr(url, "navigated", lambda: True)
    app.query_params["at"] = "start"
    assert app.run().session_state["own"] == "start"
    assert dict(app.query_params) == {"at": "start"}


def test_read_returns_what_is_usable_and_names_the_rest() -> None:
    params, complaints = {"at": "3", "metric": "beauty"}, list[str]()
    assert read(params, "at", int, complaints) == 3
    assert read(params, "skew", int, complaints) is None
    assert complaints == []
    assert read(params, "metric", one_of({"accuracy"}), complaints) is None
    assert read(params, "metric", int, complaints) is None
    assert complaints == ["metric=beauty"] * 2


@pytest.mark.parametrize(
    ("page", "params", "named"),
    [
        ("", {"skew": "999", "view": "nowhere"}, ("skew=999", "nowhere")),
        ("sweep.py", {"metric": "beauty", "at": "0.3,7"}, ("metric=beauty", "at=0.3,7")),
        ("sweep.py", {"sweep": "lost"}, ("lost",)),
        ("data.py", {"do": "dance"}, ("do=dance",)),
        ("runs.py", {"state": "done,lazy"}, ("state=lazy",)),
        ("compare.py", {"runs": "none"}, ("none",)),
        ("learn.py", {"step": "99", "q1": "often"}, ("step=99", "q1=often")),
    ],
)
def test_bad_values_fall_back_with_a_message(
    visit: Visit, workspace: Path, page: str, params: dict[str, str], named: tuple[str, ...]
) -> None:
    Store(Workspace(workspace)).enter(
        lambda folder: write_fake_run(folder.path, iterations=(0, 60)), state=RunState.DONE
    )
    if page:
        app = visit().switch_page(page)
        app.query_params.clear()
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
    else:
        app = visit(**params)
    assert not app.exception
    assert not app.error
    warnings = "\n".join(str(warning.value) for warning in app.warning)
    for text in named:
        assert text in warnings.replace("\\", "")
    app.run()
    assert not app.exception
    assert not [w for w in app.warning if "asked for" in str(w.value)]
