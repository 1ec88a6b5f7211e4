"""The parts of the screens: one folder per screen, and the shared folders common and controls."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "assets"
