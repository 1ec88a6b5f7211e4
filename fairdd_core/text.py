"""Text from outside, such as names in somebody else's file, where it is shown as plain text."""

from __future__ import annotations

import unicodedata

_KEPT = "\u200c\u200d"  # joiners, which some scripts and emoji need


def one_line(text: object) -> str:
    """Return text without what moves a cursor or reorders other text: line breaks, escapes, bidi controls.

    For terminals, and for widgets that show text as it is.
    """
    words = " ".join(str(text).split())
    if words.isascii() and words.isprintable():
        return words
    return "".join(c for c in words if c in _KEPT or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})


def spreadsheet_cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: an apostrophe is put before what begins like one.

    Source: OWASP, CSV injection.
    """
    return (
        f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@", "\t", "\r"} and not _is_number(text) else text
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
