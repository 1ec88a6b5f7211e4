"""What the README says can be done is done here, word for word."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fairdd_core.config.presets import quick
from tests.helpers import ROOT, tiny_distill

README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
DOCUMENTS = (
    README,
    CONTRIBUTING,
    *(path.read_text() for path in sorted((ROOT / "assets" / "docs").glob("*.md"))),
)


def block_with(text: str) -> str:
    """Return the only Python block of the documents that holds ``text``."""
    blocks = [
        block
        for document in DOCUMENTS
        for block in re.findall(r"```python\n(.*?)```", document, re.DOTALL)
        if text in block
    ]
    assert len(blocks) == 1
    return blocks[0]


def test_commands_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    from fairdd_core.__main__ import parser

    commands = [
        command
        for text in DOCUMENTS
        for pattern in (r"`(run --[^`]*)`", r"^python -m fairdd_core (.*?)(?:#.*)?$")
        for command in re.findall(pattern, text, re.MULTILINE)
    ]
    assert len(commands) > 8
    for command in commands:
        known = command.replace("SEED", "0").replace("ID", "a").split()
        parser().parse_args(known)


def test_the_library_does_what_the_example_says(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = quick().model_copy(update={"distill": tiny_distill()})
    monkeypatch.setattr("fairdd_core.config.presets.quick", lambda: tiny)
    names: dict[str, Any] = {}
    exec(compile(block_with("spec = quick()"), "README.md", "exec"), names)
    assert set(names["images"]) == {"vanilla", "cobra"}


def test_it_is_short_and_every_link_leads_somewhere() -> None:
    assert README.count("\n") <= 200
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(links) >= 3
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_every_picture_is_there_in_light_and_dark() -> None:
    shown = set(re.findall(r"assets/[\w./-]+", README))
    assert len(shown) >= 16
    assert {path for path in shown if not (ROOT / path).is_file()} == set()
    lights = {path for path in shown if "-light." in path}
    assert {path.replace("-light.", "-dark.") for path in lights} <= shown
