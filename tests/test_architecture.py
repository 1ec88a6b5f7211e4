"""Rules about the code itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT

LIBRARY = ROOT / "fairdd_core"
PAGES = ROOT / "pages"
FILES = sorted([*LIBRARY.rglob("*.py"), *PAGES.rglob("*.py"), ROOT / "app.py"])
BASE = "cards device errors events files rng text units workspace zip_guard"
"""Small modules that everything may use."""
LAYERS = (
    "config.spec",
    "data",
    "nets",
    "distill",
    "config",
    "evaluate",
    "analysis",
    "embed",
    "playground",
    "runs.storage",
    "runs.engine",
    "plots",
    "report",
    "cli",
    "__main__",
)
"""From low to high: a layer imports lower ones and itself."""
FORBIDDEN = {
    "analysis": {"data", "nets", "distill", "config", "evaluate", "torch"},
    "playground": {"torch"},
    "plots": {"runs.storage", "runs.engine", "torch"},
    "config.spec": {"torch"},
    "config": {"torch"},
    "runs.storage": {"torch"},
}
"""What a layer must do without even though it lies lower."""
SHARED_ROOMS = ("common", "controls")
"""Folders of ``pages/ui`` for all screens; the others belong to one screen each."""
MOST_LINES, MOST_LINES_OF_A_PAGE, MOST_LINES_OF_A_FUNCTION, MOST_COMMON = 400, 120, 50, 10


def imports(path: Path) -> list[str]:
    """Return the dotted name of everything a file imports, ``from a import b`` as ``a.b``."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return names


def layer(name: str) -> str | None:
    """Return the layer of a dotted name, None for a base module, the top package of what is not ours."""
    if not name.startswith("fairdd_core."):
        return name.partition(".")[0]
    inside = name.removeprefix("fairdd_core.")
    if inside.partition(".")[0] in {*BASE.split(), "__version__"}:
        return None
    return next((known for known in LAYERS if f"{inside}.".startswith(f"{known}.")), inside)


def wrong_imports(path: Path) -> list[str]:
    """Return the imports of a library file that its layer may not have."""
    own = layer(".".join(path.relative_to(ROOT).with_suffix("").parts))
    wrong = []
    for name in imports(path):
        other = layer(name)
        if other == "streamlit" or (other == "ot" and "clouds" not in path.parts):
            wrong.append(name)
        elif name.startswith("fairdd_core."):
            if own is None and other is not None:
                wrong.append(name)
            elif own is not None and other is not None:
                known = own in LAYERS and other in LAYERS
                if not known or LAYERS.index(other) > LAYERS.index(own) or other in FORBIDDEN.get(own, ()):
                    wrong.append(name)
        elif other in FORBIDDEN.get(own or "", ()):
            wrong.append(name)
    return wrong


def wrong_room_imports(path: Path) -> list[str]:
    """Return the imports of a file of ``pages/ui`` from rooms that it may not know."""
    own = path.relative_to(PAGES / "ui").parts[0]
    allowed = {"common": ("common",), "controls": SHARED_ROOMS}.get(own, (own, *SHARED_ROOMS))
    rooms = {room.name for room in (PAGES / "ui").iterdir() if room.is_dir()}
    used = [name for name in imports(path) if name.startswith("pages.")]
    return [name for name in used if (name.split(".")[2:] or [""])[0] in rooms.difference(allowed)]


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("*.py")), ids=lambda p: str(p.relative_to(LIBRARY)))
def test_a_layer_imports_lower_layers_only(path: Path) -> None:
    assert wrong_imports(path) == []


@pytest.mark.parametrize(
    "path", sorted((PAGES / "ui").rglob("*/*.py")), ids=lambda p: str(p.relative_to(PAGES))
)
def test_screens_share_nothing_but_the_shared_rooms(path: Path) -> None:
    assert wrong_room_imports(path) == []


def test_the_shared_room_stays_small() -> None:
    modules = [path.stem for path in (PAGES / "ui" / "common").glob("*.py") if path.stem != "__init__"]
    assert len(modules) <= MOST_COMMON
    loose = [path.name for path in (PAGES / "ui").glob("*.py") if path.stem != "__init__"]
    assert loose == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_functions_and_files_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= (MOST_LINES_OF_A_PAGE if path.parent == PAGES else MOST_LINES)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < MOST_LINES_OF_A_FUNCTION, node.name


@pytest.mark.parametrize(
    "module",
    [
        "fairdd_core.runs.engine",
        "fairdd_core.runs.storage.folder",
        "fairdd_core.runs.storage.summary",
        "fairdd_core.config.presets",
        "fairdd_core.data.registry",
        "fairdd_core.distill.alignments.registry",
        "fairdd_core.analysis.metrics",
        "fairdd_core.plots.maps",
        "fairdd_core.playground.scene",
        "fairdd_core.__main__",
    ],
)
def test_what_the_dashboard_imports_waits_for_no_heavy_library(module: str) -> None:
    heavy = "('torch', 'umap', 'ot', 'torchvision')"
    code = f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
