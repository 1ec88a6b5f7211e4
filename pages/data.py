"""The data sets of this machine, and adding your own."""

from __future__ import annotations

import streamlit as st

from fairdd_core.data.custom.store import PREFIX
from pages.ui.common import notices
from pages.ui.common.errors import escape_markdown
from pages.ui.common.url import one_of, read
from pages.ui.controls.catalogue import catalogue
from pages.ui.datasets.add import ADDED, add_view
from pages.ui.datasets.catalogue import go_to_studio, open_button, sets_view

VIEWS = {
    "sets": ("All data sets", ":material/dataset:"),
    "add": ("Add your own", ":material/add_photo_alternate:"),
}


def choose_view() -> str:
    """Draw the switch between the views and return the chosen one; the address remembers it."""
    if "data-view" not in st.session_state:
        complaints: list[str] = []
        st.session_state["data-view"] = read(st.query_params, "do", one_of(VIEWS), complaints) or "sets"
        notices.warn_unusable(complaints)
    name = st.segmented_control(
        "View",
        list(VIEWS),
        format_func=lambda v: f"{VIEWS[v][1]} {VIEWS[v][0]}",
        key="data-view",
        required=True,
        label_visibility="collapsed",
    )
    if name == "sets":
        st.query_params.pop("do", None)
    else:
        st.query_params["do"] = str(name)
    return str(name)


def main() -> None:
    """Draw the page."""
    go_to_studio()
    cards = catalogue()
    st.title("Data", anchor=False)
    own = sum(key.startswith(PREFIX) for key in cards)
    st.caption(f"{len(cards) - own} benchmarks and {own} of your own. Nothing leaves this machine.")
    name = choose_view()
    notices.show()
    if (key := st.session_state.get(ADDED)) in cards:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key="data-flash"):
            title = escape_markdown(cards[key].title)
            st.markdown(f":material/check_circle: **{title}** was added as `{key}`.", width="stretch")
            open_button(key, place="flash", primary=True)
    if name == "sets":
        sets_view(cards)
    else:
        st.markdown(
            "Images with a **label** to predict and a **group** to be fair to: a table (CSV) with columns "
            "`file`, `label` and `group` (several that begin with `group` are crossed; `split` may say train "
            "or test), or folders `label/group/image`."
        )
        add_view()


main()
