"""The exports of a run: report, tables, images, figures, tensors, settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from fairdd_core.config.command import run_command
from fairdd_core.report import document, figures, pictures, tables
from fairdd_core.report.repeats import seed_files
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.readable import damage_note, readable_view
from fairdd_core.workspace import Workspace
from pages.ui.common.runs import RunView, repeats_of_run

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
                st.caption(export.about, width=230)
        st.caption("A single figure: the camera above it. A single table: CSV below it.")
        st.markdown("**The same from the command line**")
        command = run_command(view.spec, Workspace.default().data, repeats_of_run(view).seeds)
        st.code(command, language="bash", wrap_lines=True)


def exports(view: RunView) -> list[Export]:
    """Return what can be exported of a run."""
    folder = view.folder
    about = {
        "report": "One HTML file: images, figures, maps, tables, settings. It opens without a network.",
        "tables": "Every metric, every cell of class and group, every network, the curves.",
        "images": "A grid of the last images for every method, enlarged without smoothing.",
        "figures": "All figures and maps, interactive, in one file. The camera on each saves it as SVG.",
        "vectors": "Every figure as a separate file. Drawing them takes a while.",
        "synthetic": "The synthetic images and their classes as the networks see them.",
        "spec": "The complete specification; run --spec FILE repeats the run.",
    }
    offered = [
        Export("report", "html", "Report", about["report"], "description", partial(_made, view, _report)),
        Export("tables", "zip", "Tables (CSV)", about["tables"], "table_rows", partial(_made, view, _tables)),
        Export("images", "zip", "Images (PNG)", about["images"], "image", partial(_made, view, _pictures)),
        Export(
            "figures", "html", "Figures (HTML)", about["figures"], "bar_chart", partial(_made, view, _figures)
        ),
    ]
    for form in ("svg", "pdf") if figures.can_draw_vectors() else ():  # else the HTML file serves instead
        label, make = f"Figures ({form.upper()})", partial(_made, view, partial(_vectors, form))
        offered.append(Export(f"figures-{form}", "zip", label, about["vectors"], "bar_chart", make))
    for part, suffix, label, icon, file in (
        ("synthetic", "safetensors", "Tensors (safetensors)", "data_array", folder.synthetic_file),
        ("spec", "json", "Settings (JSON)", "tune", folder.spec_file),
    ):
        if file.exists():
            offered.append(Export(part, suffix, label, about[part], icon, file.read_bytes))
    return offered


def _made(view: RunView, make: Callable[[RunView, RunFolder, str], bytes]) -> bytes:
    """Return an export from the readable files of a run, and a note about the damaged ones."""
    with readable_view(view.folder) as (folder, damaged):
        return make(view, folder, damage_note(damaged))


def _report(view: RunView, folder: RunFolder, note: str) -> bytes:
    ended = "" if view.state == "done" else f"This run is incomplete: {view.state}."
    note = f"{ended} {note}".strip()
    return document.report(folder, view.labels, view.name, note, repeats_of_run(view)).encode()


def _figures(view: RunView, folder: RunFolder, note: str) -> bytes:
    return document.figures_page(folder, view.labels, view.name, note).encode()


def _tables(view: RunView, folder: RunFolder, note: str) -> bytes:
    return tables.csv_zip(tables.tables(folder, view.labels) | seed_files(repeats_of_run(view)), note)


def _pictures(view: RunView, folder: RunFolder, note: str) -> bytes:
    about = f"Images after {max(folder.snapshot_iterations(), default=0)} iterations. {note}\n"
    return pictures.as_zip(pictures.grids(folder) | {"README.txt": about.encode()})


def _vectors(form: str, view: RunView, folder: RunFolder, note: str) -> bytes:
    return pictures.as_zip(figures.vector_files(figures.figures(folder, view.labels), form))
