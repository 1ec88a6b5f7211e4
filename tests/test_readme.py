"""What the README says can be done is done here, word for word."""

from __future__ import annotations

import re
import sys
from types import ModuleType

import pytest

from fairdd_core.distill.backbones import registry
from tests.distill.test_loop import METHODS, test_contract_of_every_method
from tests.helpers import ROOT

README = (ROOT / "README.md").read_text()


def block_with(text: str) -> str:
    """Return the README's only Python block that holds ``text``."""
    (found,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if text in block]
    return found


def test_a_backbone_is_one_file_and_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    source = block_with("class MeanImage(Backbone)")
    (place,) = re.findall(r"^# (fairdd_core/\S+)\.py$", source, re.MULTILINE)
    module = ModuleType(place.replace("/", "."))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(source, place, "exec"), module.__dict__)
    monkeypatch.setattr(registry, "BACKBONES", known := dict(registry.BACKBONES))
    exec(compile(block_with('BACKBONES["mean-image"]'), "registry", "exec"), vars(registry))
    for user in ("loop", "compatibility"):
        monkeypatch.setattr(f"fairdd_core.distill.{user}.BACKBONES", known)
    for alignment, discrepancy in METHODS:
        test_contract_of_every_method(alignment, discrepancy, "mean-image")


def test_commands_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    from fairdd_core.__main__ import parser

    commands = re.findall(r"`(run --[^`]*)`", README) + re.findall(
        r"^python -m fairdd_core (.*?)(?:#.*)?$", README, re.MULTILINE
    )
    assert len(commands) > 8
    for command in commands:
        known = command.replace("SEED", "0").replace("ID", "a").split()
        parser().parse_args(known)


def test_every_picture_is_there_in_light_and_dark() -> None:
    shown = set(re.findall(r"assets/[\w./-]+", README))
    assert len(shown) >= 16
    assert {path for path in shown if not (ROOT / path).is_file()} == set()
    lights = {path for path in shown if "-light." in path}
    assert {path.replace("-light.", "-dark.") for path in lights} <= shown
