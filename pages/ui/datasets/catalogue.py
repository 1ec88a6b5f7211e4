"""The data sets of this machine, each with the facts to know before using it."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import streamlit as st

from fairdd_core.config.adapt import Start
from fairdd_core.data.card import DatasetCard
from fairdd_core.data.custom import store
from fairdd_core.data.custom.store import About
from fairdd_core.data.custom.validation import TILES_PER_CELL
from fairdd_core.data.image_store import read_store
from fairdd_core.workspace import Workspace
from pages.ui.common import notices
from pages.ui.common.errors import escape_markdown
from pages.ui.common.url import one_of, read
from pages.ui.controls.sidebar import adopt
from pages.ui.datasets.download import fetch_view
from pages.ui.datasets.preview import cells_view

_STUDIO = "data-to-studio"
_FIRST = ("What it is", "Size", "Licence", "Limits")
_VIEWS = {
    "sets": ":material/dataset: All data sets",
    "add": ":material/add_photo_alternate: Add a custom set",
}


def choose_view() -> str:
    """Draw the switch between the views and return the chosen one; the address remembers it."""
    if "data-view" not in st.session_state:
        unusable: list[str] = []
        st.session_state["data-view"] = read(st.query_params, "do", one_of(_VIEWS), unusable) or "sets"
        notices.warn_unusable(unusable)
    name = st.segmented_control(
        "View",
        list(_VIEWS),
        format_func=lambda view: _VIEWS[view],
        key="data-view",
        required=True,
        label_visibility="collapsed",
    )
    if name == "sets":
        st.query_params.pop("do", None)
    else:
        st.query_params["do"] = str(name)
    return str(name)


def sets_view(cards: Mapping[str, DatasetCard]) -> None:
    """Draw the custom sets, then the benchmarks."""
    data_dir = Workspace.default().data
    custom = store.custom_sets(data_dir)
    st.header("Custom", anchor=False)
    if not custom:
        st.caption("None yet. Choose **Add a custom set** above: a zip file or a folder of images is enough.")
    for key, about in custom.items():
        if key in cards:  # else another session added it since the catalogue was read
            _card(key, cards[key], data_dir, about)
    for name in store.damaged_sets(data_dir):
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"damaged-{name}"):
            st.markdown(
                f":material/broken_image: **{escape_markdown(name)}** is damaged and cannot be read.",
                width="stretch",
            )
            _remove_button(name, name)
    st.header("Benchmarks", anchor=False)
    for key, card in cards.items():
        if key not in custom:
            _card(key, card, data_dir)


def go_to_studio() -> None:
    """Switch to the Studio when a button asked for it; no control is drawn here, so all can be set."""
    if (key := st.session_state.pop(_STUDIO, None)) is not None:
        adopt(Start(dataset=key).spec(Workspace.default().data))
        st.session_state["view"] = "data"
        st.switch_page("studio.py", query_params={"view": "data"})


def open_button(key: str, *, place: str, primary: bool = False) -> None:
    """Draw the button that opens a data set in the Studio."""
    st.button(
        "Open in Studio",
        icon=":material/science:",
        type="primary" if primary else "secondary",
        key=f"open-{place}-{key}",
        on_click=st.session_state.update,
        args=({_STUDIO: key},),
        help="Selects this data set in the Studio, with its default settings.",
    )


def _card(key: str, card: DatasetCard, data_dir: Path, about: About | None = None) -> None:
    """Draw a data set; ``about`` is that of a custom one, which can be shown and removed."""
    missing = card.missing(data_dir) if about is None else []
    with st.container(border=True, key=f"set-{key}"):
        _heading(key, card, ready=not missing)
        _facts(card)
        if note := card.note(data_dir):
            st.caption(f":material/warning: {escape_markdown(note)}")
        if missing:
            fetch_view(key, card, data_dir)
        if about is None:
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            shown = st.toggle(
                "Show the images",
                key=f"show-{key}",
                help="The number of images in every cell, and a few of them.",
            )
            _remove_button(about.name, about.title)
        if shown:
            cells_view(
                about.classes,
                about.groups,
                np.array(about.train),
                np.array(about.test),
                _tiles(str(store.folder_of(data_dir, about.name)), about.options.side, about.created),
                key=key,
            )


@st.cache_data(max_entries=8, show_spinner=False)
def _tiles(folder: str, side: int, created: float) -> dict[tuple[int, int], list[np.ndarray]]:
    """Return a few images of every cell; ``created`` distinguishes sets of one name in the cache."""
    try:
        images = read_store(Path(folder), side)
        cells = images.samples.groupby(["y", "a"])
    except (OSError, ValueError, KeyError):  # a damaged set must not take the page down
        return {}
    return {
        (int(y), int(a)): [np.array(images.x_NCHW[i]) for i in rows.index[:TILES_PER_CELL]]
        for (y, a), rows in cells
    }


def _heading(key: str, card: DatasetCard, *, ready: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        badge = ":orange-badge[:material/download: Files missing]"
        if ready:
            badge = ":green-badge[:material/check: Ready]"
        st.markdown(f"**{escape_markdown(card.title)}** &nbsp;`{key}` &nbsp;{badge}", width="stretch")
        if ready:
            open_button(key, place="card")


def _facts(card: DatasetCard) -> None:
    """Draw the facts of a card, the rest of them folded."""
    facts = card.facts()
    st.html(_terms({name: facts.pop(name) for name in _FIRST if name in facts}))
    with st.expander("Classes, groups, test set and source", icon=":material/info:", type="compact"):
        st.html(_terms(facts))


def _terms(facts: Mapping[str, str]) -> str:
    rows = (f"<dt>{term}</dt><dd>{html.escape(text)}</dd>" for term, text in facts.items() if text)
    return f'<dl class="fx-facts">{"".join(rows)}</dl>'


def _remove_button(name: str, title: str) -> None:
    with st.popover("Remove", icon=":material/delete:", key=f"ask-{name}"):
        st.markdown(f"Remove **{escape_markdown(title)}** permanently? Runs that used it keep their results.")
        st.button(
            "Remove permanently",
            icon=":material/delete_forever:",
            key=f"remove-{name}",
            on_click=_remove,
            args=(name, title),
        )


def _remove(name: str, title: str) -> None:
    def do() -> None:
        store.remove(Workspace.default().data, name)
        notices.report(f"**{escape_markdown(title)}** was removed.")

    notices.attempt(f"{escape_markdown(title)} could not be removed.", do)
