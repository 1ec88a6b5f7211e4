"""Names of classes, groups and parts as people and programs write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from fairdd_core.data.custom.options import MAX_NAME

TRAIN, TEST = "train", "test"
SPLITS = (TRAIN, TEST)
_VALIDATION = "validation"
_WORDS = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("test", "testing"), TEST),
    **dict.fromkeys(("val", "valid", "validation", "dev"), _VALIDATION),
}
_JOINERS = "\u200c\u200d"
"""The zero-width (non-)joiner shapes letters and emoji; the other invisible characters only hide in names."""
_JOINS = str.maketrans("", "", _JOINERS)


@lru_cache(maxsize=20_000)
def tidy(text: str) -> str:
    """Return a name in one spelling: composed accents, single blanks, no invisible characters at all.

    Blanks of every kind, line breaks among them, become single blanks; marks of direction, soft hyphens and
    the like are removed; the joiners of scripts and emoji stay.
    """
    visible = (
        c for c in unicodedata.normalize("NFC", text) if c in _JOINERS or unicodedata.category(c) != "Cf"
    )
    return " ".join("".join(visible).split())


def name_fault(names: Sequence[str]) -> str:
    """Return what is wrong with tidy names, "" when nothing is."""
    if max(map(len, names)) > MAX_NAME:
        return f"A label or group is longer than {MAX_NAME} characters."
    if not all(name.translate(_JOINS).isprintable() for name in names):
        return "A label or group has characters that cannot be shown."
    return ""


def natural_key(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Return a key that sorts g2 before g10, and capitals beside small letters."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in parts], name


def listed(names: Iterable[str], most: int = 3) -> str:
    """Return the first names with commas between them, and an ellipsis where there are more."""
    known = list(names)
    return ", ".join(known[:most]) + (", …" if len(known) > most else "")


def are_splits(words: Iterable[str]) -> bool:
    """Return whether all words name parts of a set, one of them the part to train on."""
    parts = {_WORDS.get(word.casefold()) for word in words}
    return TRAIN in parts and None not in parts and len(parts) > 1


def parts_of(words: Iterable[str]) -> dict[str, str]:
    """Return for each word, in lower case, the part that it names: train, test, or "" for images left out.

    Validation images are test images where no others are named, else they are left out. Words that name no
    part are missing.
    """
    known = {word: _WORDS[word] for word in map(str.casefold, words) if word in _WORDS}
    instead = "" if TEST in known.values() else TEST
    return {word: instead if part == _VALIDATION else part for word, part in known.items()}


def standing_in(words: Iterable[str]) -> list[str]:
    """Return the words for validation images that serve as test images, because no others are named."""
    known = {word: _WORDS[word] for word in map(str.casefold, words) if word in _WORDS}
    return [] if TEST in known.values() else [word for word, part in known.items() if part == _VALIDATION]
