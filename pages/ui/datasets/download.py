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
    """A download at work, or one that has ended.

    Attributes:
        process: that downloads.
        log: what it says.
    """

    process: subprocess.Popen[bytes]
    log: IO[bytes]

    def complaint(self) -> str:
        """Return the last line of what it said."""
        self.log.seek(0)
        lines = self.log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "It ended without a word."


_JOBS: dict[str, _Job] = {}
"""By name of the data set. The pages of all visitors share it: a download is for everybody."""


def fetch_view(key: str, card: DatasetCard, data_dir: Path) -> None:
    """Say which files of a data set are missing and where they belong; offer to download them."""
    job = _JOBS.get(key)
    if job is not None and job.process.poll() is None:
        st.fragment(_progress, run_every=POLL_SECONDS)(key, card, data_dir)
        return
    if job is not None:
        st.error(f"**The download has failed.** {escape_markdown(job.complaint())}", icon=":material/error:")
    if card.torchvision:
        st.button(
            "Download" if job is None else "Download again",
            icon=":material/download:",
            key=f"download-{key}",
            on_click=start,
            args=(key,),
            help="Fetches the files into the data folder. What arrives is checked; nothing else leaves or "
            "enters this machine.",
        )
    with st.expander("How to get the files by hand", icon=":material/folder_open:", type="compact"):
        st.markdown(f"{escape_markdown(card.fetch)} They belong into `{data_dir}`:")
        lines = []
        for file in card.files:
            known = [bytes_text(file.size)] * bool(file.size) + [f"MD5 `{file.md5}`"] * bool(file.md5)
            source = f" from `{file.archive}`" if file.archive else ""
            lines.append(f"- `{file.path}`{source}{', ' if known else ''}{', '.join(known)}")
        st.markdown("\n".join(lines))


def start(key: str) -> None:
    """Begin to download; a download that is at work already goes on."""
    job = _JOBS.get(key)
    if job is not None and job.process.poll() is None:
        return
    log = tempfile.TemporaryFile()  # noqa: SIM115 - stays open for as long as the process writes
    command = [sys.executable, "-m", "fairdd_core", "data", "download", key]
    root = ROOT
    # A process, because torchvision is slow to import and would make every visitor wait meanwhile.
    _JOBS[key] = _Job(
        subprocess.Popen(command, stdout=log, stderr=log, cwd=root, start_new_session=True), log
    )


def _progress(key: str, card: DatasetCard, data_dir: Path) -> None:
    job = _JOBS.get(key)  # gone when the page of another visitor saw first that all is here
    if job is None or job.process.poll() is not None:
        if not card.missing(data_dir):
            _JOBS.pop(key, None)
        st.rerun()
    done, total = arrived(card, data_dir)
    if total:
        share = f"{bytes_text(done)} of {bytes_text(total)}"
        st.progress(done / total, text=f"Downloading: {share}. You may leave this page.")
    else:
        st.progress(0.0, text=f"Downloading: {bytes_text(done)} so far. You may leave this page.")
