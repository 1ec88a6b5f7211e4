"""The exports of a run: report, tables, images, figures, tensors, settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from fairdd_core.config.command import run_command
from fairdd_core.report import document, figures, pictures, tables
from fairdd_core.runs.storage.readable import damage_note, readable_view
from fairdd_core.workspace import Workspace
from pages.ui.common.runs import RunView

_KINDS = {"html": "text/html", "zip": "application/zip", "json": "application/json"}


@dataclass(frozen=True)
class Export:
    """A file that a run can be exported to.

    Attributes:
        part: first part of the file's name.
        suffix: of the file's name.
        label: of the button.
        about: its content.
        icon: of the button.
        make: returns the content.
    """

    part: str
    suffix: str
    label: str
    about: str
    icon: str
    make: Callable[[], bytes]


def export_popover(view: RunView, key: str = "export") -> None:
    """Draw a button that opens what can be exported of a run that has ended.

    Args:
        view: the run.
        key: of the button, unique on the page.
    """
    with st.popover("Export", icon=":material/download:", key=key, help="Download this run as files."):
        for export in exports(view):
            # The text stands beside the button: a tooltip would cover the button above.
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                _button(view, export, key)
                st.caption(export.about, width=230)
        st.caption("A single figure: the camera above it. A single table: CSV below it.")
        _command(view)


def _button(view: RunView, export: Export, key: str) -> None:
    st.download_button(
        export.label,
        data=export.make,
        file_name=f"{export.part}-{view.id}.{export.suffix}",
        mime=_KINDS.get(export.suffix, "application/octet-stream"),
        key=f"{key}-{export.part}",
        icon=f":material/{export.icon}:",
        on_click="ignore",
        width=210,
    )


def exports(view: RunView) -> list[Export]:
    """Return what can be exported of a run."""
    folder = view.folder
    about = {
        "report": "One HTML file: images, figures, maps, tables, settings. It opens without a network.",
        "tables": "Every metric, every cell of class and group, every network, the curves.",
        "images": "A grid of the last images for every method, enlarged without smoothing.",
        "figures": "All figures and maps, interactive, in one file. The camera on each saves it as SVG.",
        "synthetic": "The synthetic images and their classes as the networks see them.",
        "spec": "The complete specification; run --spec FILE repeats the run.",
    }
    offered = [
        Export("report", "html", "Report", about["report"], "description", partial(_report, view)),
        Export("tables", "zip", "Tables (CSV)", about["tables"], "table_rows", partial(_tables, view)),
        Export("images", "zip", "Images (PNG)", about["images"], "image", partial(_pictures, view)),
        Export("figures", "html", "Figures (HTML)", about["figures"], "bar_chart", partial(_figures, view)),
        *_vectors(view),
    ]
    for part, suffix, label, icon, file in (
        ("synthetic", "safetensors", "Tensors (safetensors)", "data_array", folder.synthetic_file),
        ("spec", "json", "Settings (JSON)", "tune", folder.spec_file),
    ):
        if file.exists():
            offered.append(Export(part, suffix, label, about[part], icon, file.read_bytes))
    return offered


def _report(view: RunView) -> bytes:
    ended = "" if view.state == "done" else f"This run is incomplete: {view.state}."
    with readable_view(view.folder) as (folder, damaged):
        note = f"{ended} {damage_note(damaged)}".strip()
        return document.report(folder, view.labels, view.name, note).encode()


def _figures(view: RunView) -> bytes:
    with readable_view(view.folder) as (folder, damaged):
        return document.figures_page(folder, view.labels, view.name, damage_note(damaged)).encode()


def _tables(view: RunView) -> bytes:
    with readable_view(view.folder) as (folder, damaged):
        return tables.csv_zip(tables.tables(folder, view.labels), damage_note(damaged))


def _pictures(view: RunView) -> bytes:
    with readable_view(view.folder) as (folder, damaged):
        last = max(folder.snapshot_iterations(), default=0)
        about = f"Images after {last} iterations. {damage_note(damaged)}\n"
        return pictures.as_zip(pictures.grids(folder) | {"README.txt": about.encode()})


def _vectors(view: RunView) -> list[Export]:
    """Return vector files where this machine can draw them; elsewhere the HTML file serves instead."""

    def make(form: str) -> bytes:
        with readable_view(view.folder) as (folder, _):
            return pictures.as_zip(figures.vector_files(figures.figures(folder, view.labels), form))

    text = "Every figure as a separate file. Drawing them takes a while."
    forms = ("svg", "pdf") if figures.can_draw_vectors() else ()
    return [
        Export(f"figures-{form}", "zip", f"Figures ({form.upper()})", text, "bar_chart", partial(make, form))
        for form in forms
    ]


def _command(view: RunView) -> None:
    st.markdown("**The same from the command line**")
    st.code(run_command(view.spec, Workspace.default().data), language="bash", wrap_lines=True)
