"""``list``: what can be named in a specification."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Callable, Mapping
from functools import partial

from fairdd_core.cards import Card
from fairdd_core.config.presets import PRESETS
from fairdd_core.config.published import RECIPES, SAME_EVERYWHERE, deviations, kind_of, source_of
from fairdd_core.config.recipes import PUBLISHED, fields_by_ipc
from fairdd_core.config.settings import REGISTRIES, SETTINGS
from fairdd_core.data.custom.store import PREFIX
from fairdd_core.data.registry import DatasetCard, cards
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.errors import lookup
from fairdd_core.workspace import Workspace

WIDTH = 100
Described = Mapping[str, str]


def _presets() -> Described:
    described = {name: (build.__doc__ or "").splitlines()[0] for name, build in PRESETS.items()}
    described |= {
        f"controlled-{name}": f"The preset quick with {card.title} and its recipe."
        for name, card in BACKBONES.items()
    }
    for name in dict.fromkeys([*RECIPES, *BACKBONES]):
        own = deviations(name)[: -len(SAME_EVERYWHERE)]
        follow = ", ".join(SETTINGS[path].title.lower() for path in sorted(fields_by_ipc(PUBLISHED, name)))
        said = [f"{source_of(name)}.", *[f"Follows the images per class: {follow}."] * bool(follow), *own]
        described[f"{kind_of(name)}-{name}"] = " ".join(said)
    described[PUBLISHED] += f" All of these: {' '.join(SAME_EVERYWHERE)}"
    return described


def _settings() -> Described:
    described = {}
    for path, setting in SETTINGS.items():
        default = setting.field.get_default()
        facts = {
            "default": "" if setting.field.is_required() else setting.text(default) or "empty",
            "option": f"--{setting.option}" if setting.option else f"--set {path}=…",
        }
        known = [setting.bounds, *(f"{name} {text}" for name, text in facts.items() if text)]
        described[path] = f"{setting.title} ({'; '.join(filter(None, known))}). {setting.help}".strip()
    return described


def _cards(registry: Mapping[str, Card | DatasetCard]) -> Described:
    return {name: f"{card.title}. {card.summary}" for name, card in registry.items()}


KINDS: dict[str, Callable[[], Described]] = {
    "datasets": lambda: _cards(cards(Workspace.default().data)),
    **{kind: partial(_cards, registry) for kind, registry in REGISTRIES.items()},
    "presets": _presets,
    "settings": _settings,
}


def _facts(name: str) -> Described:
    """Return all that a user should know of a data set, heading -> text."""
    data_dir = Workspace.default().data
    card = cards(data_dir)[name]
    facts = dict(card.facts())
    for file in card.files:
        size = [f"{file.size:,} bytes".replace(",", " ")] * bool(file.size)
        source = f" from {file.archive}" if file.archive else ""
        known = ", ".join([*size, *[f"md5 {file.md5}"] * bool(file.md5)]) + source
        state = "here" if (data_dir / file.path).exists() else "missing"
        facts[str(data_dir / file.path)] = f"{known}, {state}" if known else state
    if card.files:
        own = name.startswith(PREFIX)
        facts["If its files are gone" if own else "download"] = card.fetch if own else card.how_to_fetch(name)
    return facts


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``list``."""
    text = "List what can be named in a specification."
    parser = subparsers.add_parser("list", help=text, description=text)
    parser.set_defaults(function=show)
    parser.add_argument("kind", choices=KINDS, help="what to list")
    parser.add_argument("name", nargs="?", metavar="NAME", help="all that is known of this one")
    parser.add_argument("--json", action="store_true", help="as a JSON object from name to description")


def show(args: argparse.Namespace) -> int:
    """Print names and one line about each."""
    described = KINDS[args.kind]()
    if args.name is not None:
        lookup(described, args.name, args.kind)
        described = _facts(args.name) if args.kind == "datasets" else {args.name: described[args.name]}
    if args.json or args.name is None or args.kind != "datasets":
        return _print(described, as_json=args.json)
    for heading, text in described.items():
        print(heading, *textwrap.wrap(text, WIDTH, break_long_words=False), sep="\n    ")
    return 0


def _print(described: Described, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(described, indent=2, ensure_ascii=False))
    else:
        width = max(map(len, described)) + 2
        print("\n".join(f"{name:<{width}}{text}" for name, text in described.items()))
    return 0
