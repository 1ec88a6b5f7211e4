"""A finished run whose images have left the range of real pixels."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from fairdd_core.files import write_arrays
from fairdd_core.runs.storage.folder import RunFolder


def test_the_studio_warns_of_images_that_have_blown_up(run: RunFolder, visit: Callable[..., AppTest]) -> None:
    calm = visit(run=run.path.name, view="images")
    assert not any("range of real pixels" in warning.value for warning in calm.warning)
    arrays = run.synthetic()
    arrays["cobra/x"] = arrays["cobra/x"] * 1000
    write_arrays(run.synthetic_file, arrays)
    (warning,) = [box.value for box in visit(run=run.path.name, view="images").warning]
    assert "COBRA by" in warning
