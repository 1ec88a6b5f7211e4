"""The command line uses the workspaces and the stand-in pipeline of the engine's tests."""

from __future__ import annotations

from tests.runs.conftest import make_spec, stand_in, workspace

__all__ = ["make_spec", "stand_in", "workspace"]
