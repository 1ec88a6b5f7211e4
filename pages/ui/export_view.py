"""Everything that can be taken away from a run: report, tables, pictures, figures, tensors, settings."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from fairdd_core.cli.command import needs_file, run_command
from fairdd_core.report import document, figures, pictures, tables
from pages.ui.run_rows import name_of
from pages.ui.runs import RunView


def export_popover(view: RunView) -> None:
    """Draw a button that opens what can be exported of a run that has ended."""
    with st.popover("Export", icon=":material/download:", key="export", help="Take this run with you."):
        exports(view)


def exports(view: RunView) -> None:
    """Draw a button for every kind of file; each file is made when it is asked for."""
    folder, labels = view.folder, view.labels
    title = name_of(view.record.title if view.record else "", view.spec)
    note = "" if view.state == "done" else f"This run has not come to its end: {view.state}."
    _file(
        "Report",
        "html",
        lambda: document.report(folder, labels, title, note).encode(),
        view,
        "One HTML file with images, figures, tables and settings. It opens without a network.",
        icon=":material/description:",
    )
    _file(
        "Tables (CSV)",
        "zip",
        lambda: tables.csv_zip(tables.tables(folder, labels)),
        view,
        "Every measure, every cell of class and group, every network and the curves.",
        part="tables",
    )
    _file(
        "Images (PNG)",
        "zip",
        lambda: pictures.as_zip(pictures.grids(folder)),
        view,
        "A grid of the last images for every method, enlarged without smoothing.",
        part="images",
        icon=":material/image:",
    )
    _file(
        "Figures (HTML)",
        "html",
        lambda: document.figures_page(folder, labels, title).encode(),
        view,
        "All figures, interactive, in one file. The camera on each saves it as SVG.",
        part="figures",
        icon=":material/bar_chart:",
    )
    _vectors(view)
    if folder.synthetic_file.exists():
        _file(
            "Tensors (safetensors)",
            "safetensors",
            folder.synthetic_file.read_bytes,
            view,
            "The synthetic images and their classes as the networks see them.",
            part="synthetic",
            icon=":material/data_array:",
        )
    _file(
        "Settings (JSON)",
        "json",
        folder.spec_file.read_bytes,
        view,
        "The complete specification; `run --spec FILE` repeats the run.",
        part="spec",
        icon=":material/tune:",
    )
    st.markdown("**The same from the command line**")
    name = f"spec-{view.id}.json"
    st.code(run_command(view.spec, name), language="bash", wrap_lines=True)
    if needs_file(view.spec):
        st.caption(f"Save the settings above as `{name}` first: options cannot say all of them.")


def _vectors(view: RunView) -> None:
    """Offer vector files where this machine can draw them; everywhere else the HTML file does it."""
    if not figures.can_draw_vectors():
        return
    for form in ("svg", "pdf"):
        _file(
            f"Figures ({form.upper()})",
            "zip",
            lambda form=form: pictures.as_zip(
                figures.vector_files(figures.figures(view.folder, view.labels), form)
            ),
            view,
            f"Every figure as a {form.upper()} file. Drawing them takes a while.",
            part=f"figures-{form}",
            icon=":material/bar_chart:",
        )


def _file(
    label: str,
    suffix: str,
    make: Callable[[], bytes],
    view: RunView,
    told: str,
    *,
    part: str = "report",
    icon: str = ":material/table_rows:",
) -> None:
    kinds = {"html": "text/html", "zip": "application/zip", "json": "application/json"}
    st.download_button(
        label,
        data=make,
        file_name=f"{part}-{view.id}.{suffix}",
        mime=kinds.get(suffix, "application/octet-stream"),
        key=f"export-{part}",
        icon=icon,
        on_click="ignore",
        width="stretch",
        help=told,
    )
