"""The controls of the methods in the Studio."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

Studio = Callable[..., AppTest]


def test_remedies_are_offered_and_reach_the_address(studio: Studio, no_examples: None) -> None:
    app = studio(arms="vanilla,vanilla+fair-training", lr="12.5")
    assert app.number_input(key="control-lr").value == 12.5
    assert app.multiselect(key="control-remedies").value == ["vanilla+fair-training"]
    assert "share their images" in " ".join(str(caption.value) for caption in app.caption)
    app.multiselect(key="control-remedies").set_value(["vanilla+fair-extractor"]).run()
    assert not app.exception
    assert app.query_params["arms"] == "vanilla,vanilla+fair-extractor"
    app.number_input(key="control-lr").set_value(0.0).run()
    assert not app.exception
    assert "distill.lr" in app.error[0].value
    app.selectbox(key="control-backbone").set_value("cafe").run()
    assert not app.exception
    assert app.session_state["control-lr"] == 3000.0, "the usual one of the method"
