"""What the README shows is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_picture_of_the_readme_is_there_in_light_and_dark() -> None:
    shown = set(re.findall(r"assets/[\w./-]+", (ROOT / "README.md").read_text()))
    assert len(shown) >= 16
    assert {path for path in shown if not (ROOT / path).is_file()} == set()
    lights = {path for path in shown if "-light." in path}
    assert {path.replace("-light.", "-dark.") for path in lights} <= shown
