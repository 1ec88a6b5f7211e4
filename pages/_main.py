"""What every screen shares: title, logo, navigation."""

from contextlib import suppress
from pathlib import Path

import streamlit as st

from fairdd_core.runs import engine
from fairdd_core.workspace import Workspace
from pages.ui.common import url
from pages.ui.common.errors import EXPECTED, show_error
from pages.ui.common.html import inject_assets

ASSETS = Path(__file__).resolve().parents[1] / "assets"

st.set_page_config(
    page_title="Fair distillation explorer",
    page_icon=str(ASSETS / "logo.svg"),
    layout="wide",
    initial_sidebar_state=330,
)
inject_assets()
st.logo(str(ASSETS / "wordmark.svg"), size="large", icon_image=str(ASSETS / "logo.svg"))

page = st.navigation(
    [
        st.Page("studio.py", title="Studio", icon=":material/science:", default=True),
        st.Page("sweep.py", title="Sweep", icon=":material/grid_view:", url_path="sweep"),
        st.Page("data.py", title="Data", icon=":material/dataset:", url_path="data"),
        st.Page("runs.py", title="Runs", icon=":material/history:", url_path="runs"),
        st.Page("compare.py", title="Compare", icon=":material/compare_arrows:", url_path="compare"),
        st.Page("learn.py", title="Learn", icon=":material/school:", url_path="learn"),
    ],
    position="top",
)
url.enter(page.url_path)
try:
    page.run()
except EXPECTED as error:  # of files or the index, for example a full disk
    show_error("This page cannot be shown.", error)
url.flush()

if "welcomed" not in st.session_state:  # who is here will launch something soon, but sees the page first
    st.session_state["welcomed"] = True
    with suppress(*EXPECTED):  # a workspace that cannot be written: the screens explain it
        engine.request_warm_worker(Workspace.default())
