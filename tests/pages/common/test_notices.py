"""Messages: warnings are shown once, the outcome of an action until the next one, on its own screen."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    from pathlib import Path

    import streamlit as st

    from pages.ui.common import notices, url

    def fail() -> None:
        notices.attempt("It failed.", Path("/nowhere/*at* all").read_text)

    url.enter(st.session_state.setdefault("test-screen", "runs"))
    st.button("Warn", key="warn", on_click=notices.warn_unusable, args=(["a=<*>", "b=2"],))
    st.button("Do", key="do", on_click=notices.report, args=("**Done.**",))
    st.button("Fail", key="fail", on_click=fail)
    notices.show()


def texts(app: AppTest) -> str:
    assert not app.exception
    return "\n".join(str(part.value) for part in app.markdown)


def test_a_warning_is_shown_once_and_escaped() -> None:
    app = AppTest.from_function(page).run()
    app.button(key="warn").click().run()
    assert "“a=\\<\\*\\>”, “b=2”" in app.warning[0].value
    assert not app.run().warning


def test_an_outcome_stays_until_it_is_dismissed_and_on_its_screen() -> None:
    app = AppTest.from_function(page).run()
    app.button(key="do").click().run()
    assert "**Done.**" in texts(app.run())
    app.session_state["test-screen"] = "studio"
    assert "**Done.**" not in texts(app.run())
    app.session_state["test-screen"] = "runs"
    assert "**Done.**" in texts(app.run())
    app.button(key="dismiss").click().run()
    assert texts(app) == ""


def test_an_expected_error_is_reported_with_its_cause() -> None:
    app = AppTest.from_function(page).run()
    app.button(key="do").click().run()
    app.button(key="fail").click().run()
    shown = texts(app)
    assert "**It failed.**" in shown
    assert "/nowhere/\\*at\\* all" in shown
    assert "Done" not in shown
