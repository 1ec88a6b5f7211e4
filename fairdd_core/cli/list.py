"""``list``: what can be named in a specification."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping

Described = Mapping[str, str]


def _datasets() -> Described:
    from fairdd_core.data.registry import DATASETS

    return {name: f"{card.title}. {card.summary}" for name, card in DATASETS.items()}


def _backbones() -> Described:
    from fairdd_core.distill.backbones.registry import BACKBONES

    return {name: _first_line(build) for name, build in BACKBONES.items()}


def _alignments() -> Described:
    from fairdd_core.distill.alignments.registry import ALIGNMENTS

    return {name: card.summary for name, card in ALIGNMENTS.items()}


def _discrepancies() -> Described:
    from fairdd_core.distill.discrepancies.registry import DISCREPANCIES

    return {name: _first_line(build) for name, build in DISCREPANCIES.items()}


def _networks() -> Described:
    from fairdd_core.nets.registry import NETWORKS

    return {name: _first_line(build) for name, build in NETWORKS.items()}


def _presets() -> Described:
    from fairdd_core.runs.presets import PRESETS

    return {name: _first_line(build) for name, build in PRESETS.items()}


KINDS: dict[str, Callable[[], Described]] = {
    "datasets": _datasets,
    "backbones": _backbones,
    "alignments": _alignments,
    "discrepancies": _discrepancies,
    "networks": _networks,
    "presets": _presets,
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``list``."""
    text = "List what can be named in a specification."
    parser = subparsers.add_parser("list", help=text, description=text)
    parser.set_defaults(function=show)
    parser.add_argument("kind", choices=KINDS, help="what to list")
    parser.add_argument("--json", action="store_true", help="as a JSON object from name to description")


def show(args: argparse.Namespace) -> int:
    """Print names and one line about each."""
    described = KINDS[args.kind]()
    if args.json:
        print(json.dumps(described, indent=2, ensure_ascii=False))
    else:
        width = max(map(len, described)) + 2
        print("\n".join(f"{name:<{width}}{text}" for name, text in described.items()))
    return 0


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]
