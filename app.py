"""The entry point: ``streamlit run app.py``.

The screens hang on ``pages/_main.py`` rather than on this file, because beside a folder called ``pages`` a
deep link that is opened first would skip the entry point.
"""

import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

WARM_WORKER_DELAY = 8.0
"""After the server started; whoever visits it earlier asks for a warm worker once the first page is drawn."""
ROOT = Path(__file__).resolve().parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from pages.ui.server.access import AccessMiddleware, allowed_hosts  # noqa: E402 - needs the path
from pages.ui.server.faults import report_fault  # noqa: E402


def warm_up() -> None:
    """Load what the first visitor would otherwise wait for, in the order of the first page."""
    import inspect

    from fairdd_core.analysis.tables import curves_table
    from fairdd_core.config.presets import quick
    from fairdd_core.data.registry import load
    from fairdd_core.plots.curves import curve
    from fairdd_core.workspace import Workspace
    from pages.ui.common.runs import examples
    from pages.ui.controls import sidebar  # noqa: F401
    from pages.ui.fairness import view as fairness  # noqa: F401
    from pages.ui.maps import view as maps  # noqa: F401
    from pages.ui.studio import header, status  # noqa: F401

    # The first element of a process makes Streamlit look up the file of every module; Python remembers them.
    inspect.stack()
    # Plotly imports its parts when they are first used.
    for view in examples()[:1]:
        curve(curves_table(view.folder.steps()), "loss", total=view.spec.distill.iterations)
    load(quick().data, 0, Workspace.default().data)


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Load what the first page needs; once that is likely to be on the screen, ask for a warm worker.

    With one, the first Launch need not wait for torch to load. Loading it at once would delay the page.
    """
    from fairdd_core.runs import engine
    from fairdd_core.workspace import Workspace

    threading.Thread(target=warm_up, daemon=True, name="warm-up").start()

    def request_warm_worker() -> None:
        from pages.ui.common.errors import EXPECTED

        with suppress(*EXPECTED):  # a workspace that cannot be written: the screens explain it
            engine.request_warm_worker(Workspace.default())

    later = threading.Timer(WARM_WORKER_DELAY, request_warm_worker)
    later.daemon = True
    later.start()
    try:
        yield {}
    finally:
        later.cancel()


def arguments() -> list[str]:
    """Return what follows ``--`` on the command line; nothing where another server imports this file."""
    return sys.argv[1:] if Path(sys.argv[0]).name == Path(__file__).name else []


hosts = allowed_hosts(arguments(), st.get_option("server.address"))
access = Middleware(AccessMiddleware, allowed_hosts=hosts)
app = st.App(
    ROOT / "pages" / "_main.py", lifespan=lifespan, middleware=[access], on_script_error=report_fault
)
