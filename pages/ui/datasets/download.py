"""Downloading the files of a benchmark, in a process of its own that outlives the page."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import streamlit as st

from fairdd_core.data.card import DatasetCard
from fairdd_core.data.download import arrived
from fairdd_core.units import bytes_text
from pages.ui import ROOT
from pages.ui.common.errors import escape_markdown

POLL_SECONDS = 1.0


@dataclass
class _Job:
    """A download, running or ended.

    Attributes:
        process: the downloading process.
        log: its output.
    """

    process: subprocess.Popen[bytes]
    log: IO[bytes]

    def last_line(self) -> str:
        """Return the last line of the output."""
        self.log.seek(0)
        lines = self.log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "It ended without a message."


_JOBS: dict[str, _Job] = {}
"""By key of the data set, shared by all sessions of the server."""


def fetch_view(key: str, card: DatasetCard, data_dir: Path) -> None:
    """Draw the button that downloads a data set, and how to get its files by hand."""
    job = _JOBS.get(key)
    if job is not None and job.process.poll() is None:
        st.fragment(_progress, run_every=POLL_SECONDS)(key, card, data_dir)
        return
    if job is not None:
        st.error(f"**The download failed.** {escape_markdown(job.last_line())}", icon=":material/error:")
    if card.torchvision:
        st.button(
            "Download" if job is None else "Download again",
            icon=":material/download:",
            key=f"download-{key}",
            on_click=start,
            args=(key,),
            help="Downloads the files into the data folder and verifies them. Nothing is uploaded.",
        )
    with st.expander("How to get the files by hand", icon=":material/folder_open:", type="compact"):
        st.markdown(f"{escape_markdown(card.fetch, links=True)} They belong in `{data_dir}`:")
        lines = []
        for file in card.files:
            known = [bytes_text(file.size)] * bool(file.size) + [f"MD5 `{file.md5}`"] * bool(file.md5)
            source = f" from `{file.archive}`" if file.archive else ""
            lines.append(f"- `{file.path}`{source}{', ' if known else ''}{', '.join(known)}")
        st.markdown("\n".join(lines))


def start(key: str) -> None:
    """Start the download of a data set unless it is running."""
    job = _JOBS.get(key)
    if job is not None and job.process.poll() is None:
        return
    log = tempfile.TemporaryFile()  # noqa: SIM115 - stays open for as long as the process writes
    command = [sys.executable, "-m", "fairdd_core", "data", "download", key]
    # A process, because importing torchvision is slow and would block all sessions meanwhile.
    _JOBS[key] = _Job(
        subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, start_new_session=True), log
    )


def _progress(key: str, card: DatasetCard, data_dir: Path) -> None:
    job = _JOBS.get(key)  # None when another session has seen the end first
    if job is None or job.process.poll() is not None:
        if not card.missing(data_dir):
            _JOBS.pop(key, None)
        st.rerun()
    done, total = arrived(card, data_dir)
    share = f"{bytes_text(done)} of {bytes_text(total)}" if total else f"{bytes_text(done)} so far"
    st.progress(done / total if total else 0.0, text=f"Downloading: {share}. You may leave this page.")
