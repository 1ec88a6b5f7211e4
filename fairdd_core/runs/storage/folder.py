"""The folder of one run: the only place that knows its file names. Reading needs no torch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from fairdd_core.config.spec.base import user_error
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.card import Labels
from fairdd_core.data.grouped import Normalisation
from fairdd_core.files import TEMPORARY, read_arrays, read_json, write_arrays, write_json
from fairdd_core.runs.storage.artefacts import FoundFiles

if TYPE_CHECKING:
    import pandas as pd

SNAPSHOT_NAME = re.compile(r"(\d{6})\.safetensors")
STEP_COLUMNS = ("arm", "iteration", "loss", "worst_residual", "seconds")


class RunFolder(FoundFiles):
    """Reads and writes the files of a run. Whatever is not there yet reads as empty or None."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(Path(path))
        self.spec_file = self.path / "spec.json"
        self.events_file = self.path / "events.jsonl"
        self.snapshots_folder = self.path / "snapshots"
        self.checkpoint_file = self.path / "checkpoint.safetensors"
        self.synthetic_file = self.path / "synthetic.safetensors"
        self.result_file = self.path / "result.json"
        self.log_file = self.path / "log.txt"
        self.lock_file = self.path / "worker.lock"

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    def artefacts(self) -> list[Path]:
        """Return the files that make up the run, without locks and left-overs."""
        words = (self.spec_file, self.events_file, self.result_file, self.log_file)
        arrays = (self.checkpoint_file, self.synthetic_file)
        snapshots = [self.snapshot_file(iteration) for iteration in self.snapshot_iterations()]
        return [path for path in [*words, *arrays, *self.found(), *snapshots] if path.exists()]

    @property
    def complete(self) -> bool:
        """Whether this is the folder of a run at all: a specification is there."""
        return self.spec_file.exists()

    def size(self) -> int:
        """Return the bytes on disk of everything in the folder."""
        total = 0
        for path in self.path.rglob("*"):
            try:
                total += path.lstat().st_size
            except FileNotFoundError:  # a temporary file that was just renamed
                continue
        return total

    def sweep(self) -> None:
        """Remove temporary files that a killed process left behind. Only for the owner of the run."""
        for path in self.path.rglob(f"*{TEMPORARY}"):
            path.unlink(missing_ok=True)

    # Specification and result

    def create(self, spec: RunSpec) -> None:
        """Make the folder and write the specification."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.spec_file, spec.model_dump(mode="json"))

    def spec(self) -> RunSpec:
        """Return the specification.

        Raises:
            UserError: when it is not a valid one.
            FileNotFoundError: when this is not the folder of a run.
        """
        try:
            return RunSpec.model_validate_json(self.spec_file.read_bytes())
        except ValidationError as error:
            raise user_error(error) from error

    def result(self) -> dict[str, Any] | None:
        """Return the document of ``run --json``, or None before the run is done."""
        return read_json(self.result_file)

    def write_result(self, document: dict[str, Any]) -> None:
        """Write ``result.json``; from then on the run counts as finished."""
        write_json(self.result_file, document)

    # Events

    def events(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Return the events from byte ``offset`` on, and the offset to go on from.

        A line that is still being written is left for the next call.
        """
        if not self.events_file.exists():
            return [], 0
        with self.events_file.open("rb") as file:
            file.seek(offset)
            content = file.read()
        content = content[: content.rfind(b"\n") + 1]
        return list(_parse(content)), offset + len(content)

    def steps(self) -> pd.DataFrame:
        """Return the logged steps with the columns ``STEP_COLUMNS``; ``seconds`` since the run started.

        Steps that a resumed run took again count once.
        """
        import pandas as pd

        rows: list[dict[str, Any]] = []
        for event in self.events()[0]:
            if event["event"] == "step":
                rows.append({name: event[name] for name in STEP_COLUMNS[:-1]} | {"seconds": event["t"]})
            elif event["event"] == "resumed":
                rows = [row for row in rows if row["iteration"] <= event["iteration"]]
        return pd.DataFrame(rows, columns=list(STEP_COLUMNS))

    def attempts(self) -> list[dict[str, Any]]:
        """Return what each attempt at the run was noted down with: device, threads, torch, processor."""
        told = ("t", "event")
        events = (event for event in self.events()[0] if event["event"] == "attempt")
        return [{name: value for name, value in event.items() if name not in told} for event in events]

    def labels(self) -> Labels | None:
        """Return the names of the run's classes and groups, or None before its data was loaded."""
        last = self._loaded()
        try:  # the run may come from elsewhere
            classes, groups = (tuple(str(name) for name in last[kind]) for kind in ("classes", "groups"))
            colors = tuple((int(r), int(g), int(b)) for r, g, b in last["colors"])
        except (KeyError, TypeError, ValueError):
            return None
        return Labels(classes, groups, colors)

    def _loaded(self) -> dict[str, Any]:
        loaded = [event for event in self.events()[0] if event["event"] == "loaded"]
        return loaded[-1] if loaded else {}

    # Images

    def snapshot_file(self, iteration: int) -> Path:
        """Return where the snapshot of an iteration lies."""
        return self.snapshots_folder / f"{iteration:06d}.safetensors"

    def snapshot_iterations(self) -> list[int]:
        """Return the iterations with a snapshot, in order."""
        if not self.snapshots_folder.exists():
            return []
        names = (SNAPSHOT_NAME.fullmatch(path.name) for path in self.snapshots_folder.iterdir())
        return sorted(int(name[1]) for name in names if name)

    def snapshot(self, iteration: int) -> dict[str, np.ndarray]:
        """Return ``{arm: uint8 (C, IPC, 3, H, W)}``; empty when there is no such snapshot."""
        return read_arrays(self.snapshot_file(iteration))[0]

    def write_snapshot(self, iteration: int, images: dict[str, np.ndarray]) -> None:
        """Write the images of all arms after ``iteration`` updates."""
        write_arrays(self.snapshot_file(iteration), images)

    def thin_snapshots(self, budget: int) -> None:
        """Drop every second snapshot, but never the first or the last, until they fit ``budget`` bytes."""
        iterations = self.snapshot_iterations()
        while len(iterations) > 2 and self._snapshot_bytes(iterations) > budget:
            dropped = iterations[1:-1:2]
            for iteration in dropped:
                self.snapshot_file(iteration).unlink(missing_ok=True)
            iterations = [iteration for iteration in iterations if iteration not in dropped]

    def _snapshot_bytes(self, iterations: list[int]) -> int:
        return sum(self.snapshot_file(iteration).stat().st_size for iteration in iterations)

    def synthetic(self) -> dict[str, np.ndarray]:
        """Return ``{arm}/x`` float32 (N, 3, H, W) and ``{arm}/y`` int64 (N,) of every finished arm."""
        return read_arrays(self.synthetic_file)[0]

    def pictures(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return ``{arm: (uint8 (M, 3, H, W), int64 (M,))}``: the finished training images and their labels.

        Mosaics are taken apart. Empty while nothing is finished, and for a run of an older version.
        """
        norm, arrays = self._normalisation(), self.synthetic()
        if norm is None:
            return {}
        arms = [name.removesuffix("/x") for name in arrays if name.endswith("/x")]
        return {arm: (norm.invert(arrays[f"{arm}/x"]), arrays[f"{arm}/y"]) for arm in arms}

    def _normalisation(self) -> Normalisation | None:
        loaded = self._loaded()
        if not loaded.get("mean"):
            return None
        return Normalisation(tuple(map(float, loaded["mean"])), tuple(map(float, loaded["std"])))

    def log_tail(self, n: int) -> str:
        """Return the last ``n`` lines of the log."""
        if not self.log_file.exists():
            return ""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-n:])


def _parse(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.splitlines():
        try:
            event = json.loads(line)
        except ValueError:  # torn by a crash, then closed by the next writer
            continue
        if isinstance(event, dict) and "event" in event:
            yield event
