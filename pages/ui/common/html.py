"""The style sheets, and small pieces of HTML that Streamlit has no element for."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fairdd_core.plots.images import GRID_CSS
from fairdd_core.plots.theme import RGB, ArmStyle, arm_styles, group_css
from pages.ui import ASSETS
from pages.ui.common.cache import Thumbnail
from pages.ui.common.errors import escape_markdown

_SHEETS = ("studio.css", "figures.css", "images.css")


def inject_assets() -> None:
    """Add the style sheets and the script to the page, once per run."""
    sheets = "".join((ASSETS / name).read_text() for name in _SHEETS)
    st.html(f"<style>{GRID_CSS}{sheets}</style>")
    with st.container(key="script"):
        st.html(f"<script>{(ASSETS / 'tables.js').read_text()}</script>", unsafe_allow_javascript=True)


_SHAPES = {
    "circle": '<circle cx="8" cy="8" r="5.5"/>',
    "square": '<rect x="3" y="3" width="10" height="10"/>',
    "diamond": '<path d="M8 1.5 14.5 8 8 14.5 1.5 8z"/>',
    "triangle-up": '<path d="M8 2 14.5 13.5h-13z"/>',
    "triangle-down": '<path d="M8 14 1.5 2.5h13z"/>',
    "star": '<path d="M8 1l2 4.7 5.1.4-3.9 3.3 1.2 5L8 11.7l-4.4 2.7 1.2-5L.9 6.1 6 5.7z"/>',
    "x": '<path d="M3.5 1.5 8 6l4.5-4.5 2 2L10 8l4.5 4.5-2 2L8 10l-4.5 4.5-2-2L6 8 1.5 3.5z"/>',
    "circle-cross": '<circle cx="8" cy="8" r="6"/><path d="M8 2v12M2 8h12"/>',
}


def marker_svg(symbol: str, color: str, *, size: int = 14) -> str:
    """Return an image of a marker as HTML, outlined so that any colour is visible on any ground.

    It is an image, not inline SVG, because Streamlit takes SVG out of HTML.
    """
    source = _marker_uri(symbol, color, size)
    return f'<img class="fx-mark" alt="" width="{size}" height="{size}" src="{source}">'


def marker_markdown(symbol: str, color: str, *, size: int = 14) -> str:
    """Return an image of a marker as Markdown, for the cells of ``st.table``."""
    return f"![]({_marker_uri(symbol, color, size)})"


def arm_markdown(style: ArmStyle) -> str:
    """Return the marker and the name of an arm as Markdown."""
    return f"{marker_markdown(style.symbol, style.color)} {escape_markdown(style.label)}"


def _marker_uri(symbol: str, color: str, size: int) -> str:
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 16 16" '
        f'fill="{color}" stroke="#808080">{_SHAPES.get(symbol, _SHAPES["circle"])}</svg>'
    )
    return f"data:image/svg+xml,{quote(picture, safe='')}"


def legend(entries: Sequence[tuple[str, str, str]]) -> str:
    """Return a row of (symbol, colour, text); the symbol ``chip`` is a plain patch of colour."""
    parts = []
    for symbol, color, text in entries:
        chip = f'<i class="fx-chip" style="background:{color}"></i>'
        mark = chip if symbol == "chip" else marker_svg(symbol, color)
        parts.append(f"<span>{mark}{html.escape(text)}</span>")
    return f'<div class="fx-legend">{"".join(parts)}</div>'


def group_legend(groups: Sequence[str], colors: Sequence[RGB]) -> str:
    """Return a row of the colours and names of groups."""
    palette = group_css(colors, len(groups))
    return legend([("chip", color, name) for color, name in zip(palette, groups, strict=True)])


def arm_heading(style: ArmStyle, summary: str = "") -> str:
    """Return an arm's marker and name, with one sentence about it."""
    mark = marker_svg(style.symbol, style.color, size=16)
    return f'<div class="fx-arm">{mark}{html.escape(style.label)}</div>' + (
        f'<p class="fx-note fx-two">{html.escape(summary)}</p>' if summary else ""
    )


def arm_columns(
    arms: Sequence[str], summaries: Mapping[str, str] | None = None, per_row: int = 0
) -> Iterator[tuple[str, ArmStyle, DeltaGenerator]]:
    """Yield the name, style and column of each arm, once its heading is drawn there.

    Args:
        arms: names.
        summaries: a sentence about each arm, below its name.
        per_row: number of columns; 0: two or three.
    """
    per_row = per_row or min(3, max(2, len(arms)))
    for start in range(0, len(arms), per_row):
        columns = st.columns(per_row, gap="large")
        for column, arm in zip(columns, arms[start : start + per_row], strict=False):
            style = arm_styles(list(arms))[arm]
            column.html(arm_heading(style, (summaries or {}).get(arm, "")))
            yield arm, style, column


def thumbnail_html(thumbnail: Thumbnail, styles: Mapping[str, ArmStyle]) -> str:
    """Return the thumbnail of a run with the marker of each arm beside its row."""
    if not thumbnail.source:
        return '<div class="fx-thumbnail fx-empty">No images yet</div>'
    shown = [styles[arm] for arm in thumbnail.arms]
    marks = "".join(f"<span>{marker_svg(style.symbol, style.color, size=12)}</span>" for style in shown)
    names = ", then ".join(style.label for style in shown)
    alt = f"Synthetic images after {thumbnail.iteration} iterations, one per class: {names}."
    return (
        f'<div class="fx-thumbnail"><div class="fx-rows" aria-hidden="true">{marks}</div>'
        f'<img src="{thumbnail.source}" alt="{html.escape(alt, quote=True)}"></div>'
    )
