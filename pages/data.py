"""The Data screen: the data sets of this machine, and adding custom ones."""

from __future__ import annotations

import streamlit as st

from fairdd_core.data.custom.store import PREFIX
from pages.ui.common import notices
from pages.ui.controls.catalogue import catalogue
from pages.ui.datasets.add import add_view, added_view
from pages.ui.datasets.catalogue import choose_view, go_to_studio, sets_view

go_to_studio()
cards = catalogue()
st.title("Data", anchor=False)
custom = sum(key.startswith(PREFIX) for key in cards)
st.caption(f"{len(cards) - custom} benchmarks and {custom} custom. Nothing leaves this machine.")
view = choose_view()
notices.show()
added_view(cards)
if view == "sets":
    sets_view(cards)
else:
    add_view()
