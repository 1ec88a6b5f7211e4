"""Figures of maps are drawn from the points of the embedding's tests."""

from __future__ import annotations

from tests.embed.conftest import moments, points

__all__ = ["moments", "points"]
