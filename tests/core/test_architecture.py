"""Rules about the code itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "fairdd_core"
FILES = sorted([*LIBRARY.rglob("*.py"), *(ROOT / "pages").rglob("*.py"), ROOT / "app.py"])
LAYER = {
    "data": 0,
    "nets": 0,
    "plane": 0,
    "distill": 1,
    "evaluate": 1,
    "embed": 1,
    "runs": 2,
    "plots": 2,
    "cli": 3,
    "report": 3,
}
FOR_ALL = {"cards", "errors", "rng", "device", "settings", "events"}


def imports(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    found = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return found + [a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names]


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("*.py")), ids=lambda p: str(p.relative_to(LIBRARY)))
def test_dependencies_point_one_way(path: Path) -> None:
    parts = path.relative_to(LIBRARY).parts
    for module in imports(path):
        top = module.split(".")
        assert top[0] != "streamlit", "the library knows nothing of the dashboard"
        if top[0] == "ot":
            assert "discrepancies" in parts, "optimal transport only where a barycenter needs it"
        if top[0] != "fairdd_core" or len(top) < 2 or len(parts) < 2 or top[1] in FOR_ALL:
            continue
        assert LAYER[top[1]] <= LAYER[parts[0]], f"{parts[0]} must not import {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_functions_and_files_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 260
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 50, node.name


@pytest.mark.parametrize(
    "module",
    [
        "fairdd_core.runs.engine",
        "fairdd_core.runs.folder",
        "fairdd_core.runs.presets",
        "fairdd_core.runs.summary",
        "fairdd_core.data.registry",
        "fairdd_core.distill.alignments.registry",
        "fairdd_core.evaluate.metrics",
        "fairdd_core.__main__",
    ],
)
def test_what_the_dashboard_imports_waits_for_no_heavy_library(module: str) -> None:
    heavy = "('torch', 'umap', 'ot', 'torchvision')"
    code = f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
