"""Output to a terminal, without what names from outside could do to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

_KEPT = "\n\r\t"
_CONTROLS = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in _KEPT}
"""What moves the cursor, changes colours or the clipboard; C0 and C1."""


class _Plain:
    """A stream that leaves control characters out."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        encoding = self._stream.encoding or "utf-8"
        # Names of files need not be valid text.
        self._stream.write(text.translate(_CONTROLS).encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def plain_output() -> Iterator[None]:
    """Leave control characters, but line breaks and tabs, out of everything that is printed."""
    out, errors = cast(TextIO, _Plain(sys.stdout)), cast(TextIO, _Plain(sys.stderr))
    with redirect_stdout(out), redirect_stderr(errors):
        yield
