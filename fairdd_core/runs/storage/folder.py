"""The folder of one run: the only place that knows its file names. Reading needs no torch."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from fairdd_core.config.spec.base import user_error
from fairdd_core.config.spec.evaluation import SERIES_SIGN, series
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.card import Labels
from fairdd_core.data.grouped import Normalisation
from fairdd_core.events import Nearest
from fairdd_core.files import (
    TEMPORARY,
    read_arrays,
    reading,
    write_arrays,
    write_json,
    write_table,
)
from fairdd_core.runs.storage.documents import (
    DIAGNOSTICS,
    MOMENTS,
    POINTS,
    RESIDUALS,
    parse_events,
)
from fairdd_core.runs.storage.grids import as_grid, read_sets
from fairdd_core.runs.storage.readers import (
    read_columns,
    read_counts,
    read_images,
    read_result,
    refuse_newer,
)

if TYPE_CHECKING:
    import pandas as pd

SNAPSHOT_PATH = re.compile(r"snapshots/(\d{6})\.safetensors")
STEP_COLUMNS = ("arm", "iteration", "loss", "worst_residual", "seconds")


class RunFolder:
    """Reads and writes the files of a run. A file that does not exist (yet) reads as empty or None."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.spec_file = self.path / "spec.json"
        self.events_file = self.path / "events.jsonl"
        self.result_file = self.path / "result.json"
        self.log_file = self.path / "log.txt"
        self.lock_file = self.path / "worker.lock"
        self.snapshots_folder = self.path / "snapshots"
        self.checkpoint_file = self.path / "checkpoint.safetensors"
        self.synthetic_file = self.path / "synthetic.safetensors"
        self.external_file = self.path / "external.safetensors"
        self.counts_file = self.path / "counts.safetensors"
        self.answers_file = self.path / "answers.safetensors"
        self.test_file = self.path / "test.safetensors"
        self.nearest_file = self.path / "nearest.safetensors"
        self.points_file = self.path / "points.parquet"
        self.residuals_file = self.path / "residuals.parquet"
        self.moments_file = self.path / "moments.parquet"
        self.diagnostics_file = self.path / "diagnostics.parquet"

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    def files(self) -> list[Path]:
        """Return the path of every file that a run may have, snapshots aside."""
        texts = [self.spec_file, self.events_file, self.result_file, self.log_file]
        arrays = [self.checkpoint_file, self.synthetic_file, self.counts_file, self.answers_file]
        tables = [self.points_file, self.residuals_file, self.moments_file, self.diagnostics_file]
        return [*texts, *arrays, self.external_file, self.test_file, self.nearest_file, *tables]

    def artefacts(self) -> list[Path]:
        """Return the files that exist, snapshots included, without locks and temporary files."""
        snapshots = [self.snapshot_file(iteration) for iteration in self.snapshot_iterations()]
        return [path for path in [*self.files(), *snapshots] if path.exists()]

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

    def remove_temporary_files(self) -> None:
        """Remove what a killed process left behind. Only for the owner of the run."""
        for path in self.path.rglob(f"*{TEMPORARY}"):
            path.unlink(missing_ok=True)

    # Specification and result

    def create(self, spec: RunSpec) -> None:
        """Create the folder and write the specification."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.spec_file, spec.model_dump(mode="json"))

    def spec(self) -> RunSpec:
        """Return the specification.

        Raises:
            NewerVersion: when a newer version of the program made the run.
            UserError: when it is not a valid one, or names what this version does not know.
            FileNotFoundError: when this is not the folder of a run.
        """
        content = self.spec_file.read_bytes()
        try:
            spec = RunSpec.model_validate_json(content)
        except ValidationError as error:
            refuse_newer(content)
            raise user_error(error) from error
        # Imported here because it loads the cards of all data sets, which a dispatcher does not need.
        from fairdd_core.config.checks import check_run

        check_run(spec)
        return spec

    def result(self) -> dict[str, Any] | None:
        """Return the document of ``run --json``, or None before the run is done.

        Raises:
            DamagedFile: when it is not one.
        """
        return read_result(self.result_file)

    def write_result(self, document: dict[str, Any]) -> None:
        """Write ``result.json``; from then on the run counts as finished."""
        write_json(self.result_file, document)

    # Events

    def events(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Return the events from byte ``offset`` on, and the offset for the next call.

        A line that is still being written is left for the next call.
        """
        if not self.events_file.exists():
            return [], 0
        with self.events_file.open("rb") as file:
            file.seek(offset)
            content = file.read()
        content = content[: content.rfind(b"\n") + 1]
        return list(parse_events(content)), offset + len(content)

    def steps(self) -> pd.DataFrame:
        """Return the logged steps with the columns ``STEP_COLUMNS``; ``seconds`` since the run started.

        Of steps that a resumed run repeated, only the later ones are returned.
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
        """Return the environment of each attempt at the run: device, threads, torch, processor."""
        attempts = (event for event in self.events()[0] if event["event"] == "attempt")
        return [{key: event[key] for key in event if key not in {"t", "event"}} for event in attempts]

    def trainings(self) -> dict[str, dict[int, dict[str, Any]]]:
        """Return how the networks of the full-data baseline were trained; an older run has none.

        Returns:
            series (see ``config.spec.evaluation.series``) -> network -> ``updates``, ``converged``,
            ``accuracy`` and ``curve`` (see ``events.Trained``).
        """
        trainings: dict[str, dict[int, dict[str, Any]]] = {}
        for event in self.events()[0]:
            if event["event"] == "trained":
                name = series(event["arm"], event["architecture"])
                about = {key: event[key] for key in ("updates", "converged", "accuracy", "curve")}
                trainings.setdefault(name, {})[event["network"]] = about
        return trainings

    def reused(self) -> list[dict[str, str]]:
        """Return what was taken from earlier runs: ``kind``, ``name`` and ``run`` (see ``events.Reused``)."""
        found = (event for event in self.events()[0] if event["event"] == "reused")
        distinct = {(event["kind"], event["name"], event["run"]): None for event in found}
        return [dict(zip(("kind", "name", "run"), each, strict=True)) for each in distinct]

    def labels(self) -> Labels | None:
        """Return the names of the run's classes and groups, or None before its data was loaded."""
        loaded = self._loaded()
        try:  # the run may have been imported
            classes, groups = (tuple(map(str, loaded[kind])) for kind in ("classes", "groups"))
            colors = tuple((int(r), int(g), int(b)) for r, g, b in loaded["colors"])
        except (KeyError, TypeError, ValueError):
            return None
        return Labels(classes, groups, colors)

    def data(self) -> str:
        """Return the digest of the data set that the run has loaded first; "" where none is recorded."""
        loaded = (event.get("data") for event in self.events()[0] if event["event"] == "loaded")
        return next((digest for digest in loaded if isinstance(digest, str) and digest), "")

    def _loaded(self) -> dict[str, Any]:
        """Return the last ``loaded`` event, or an empty dictionary."""
        return next((event for event in reversed(self.events()[0]) if event["event"] == "loaded"), {})

    # Images

    def snapshot_file(self, iteration: int) -> Path:
        """Return the path of the snapshot of an iteration."""
        return self.snapshots_folder / f"{iteration:06d}.safetensors"

    def snapshot_iterations(self) -> list[int]:
        """Return the iterations with a snapshot, in order."""
        paths = self.snapshots_folder.glob("*")
        names = (SNAPSHOT_PATH.fullmatch(path.relative_to(self.path).as_posix()) for path in paths)
        return sorted(int(name[1]) for name in names if name)

    def snapshot(self, iteration: int, *, external: bool = True) -> dict[str, np.ndarray]:
        """Return ``{arm: uint8 (C, IPC, 3, H, W)}``; empty when there is no such snapshot.

        Args:
            iteration: number of updates.
            external: whether to add the sets that were made elsewhere, the same at all iterations. Where
                their classes have different numbers of images, the array is masked where there is none.
        """
        path = self.snapshot_file(iteration)
        sets = self.external() if external and path.exists() else {}
        return read_images(path) | {arm: as_grid(*images) for arm, images in sets.items()}

    def external(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return the sets that were made elsewhere by arm (see ``grids.read_sets``)."""
        return read_sets(self.external_file)

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

    def checkpoint(self) -> tuple[int, dict[str, np.ndarray]] | None:
        """Return the number of updates and the arrays of the last checkpoint, or None without one."""
        if not self.checkpoint_file.exists():
            return None
        arrays, about = read_arrays(self.checkpoint_file)
        with reading(self.checkpoint_file):
            return int(about.get("iteration", 0)), arrays

    def write_checkpoint(self, iteration: int, arrays: dict[str, np.ndarray]) -> None:
        """Write what is needed to resume after ``iteration`` updates."""
        write_arrays(self.checkpoint_file, arrays, {"iteration": str(iteration)})

    def synthetic(self) -> dict[str, np.ndarray]:
        """Return ``{arm}/x`` float32 (N, 3, H, W) and ``{arm}/y`` int64 (N,) of every finished arm."""
        return read_arrays(self.synthetic_file)[0]

    def normalisation(self) -> Normalisation | None:
        """Return that of the run's images, or None where it is not recorded."""
        mean, std = (tuple(map(float, self._loaded().get(name) or ())) for name in ("mean", "std"))
        return Normalisation(mean, std) if mean else None

    def pictures(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return ``{arm: (uint8 (M, 3, H, W), int64 (M,))}``: the finished training images and their labels.

        Mosaics are taken apart. Empty while nothing is finished, and for a run of an older version.
        """
        norm, arrays = self.normalisation(), self.synthetic()
        arms = [name.removesuffix("/x") for name in arrays if name.endswith("/x")]
        with reading(self.synthetic_file):
            return {arm: (norm.invert(arrays[f"{arm}/x"]), arrays[f"{arm}/y"]) for arm in arms if norm}

    # Evaluation

    def counts(self, architecture: str = "") -> dict[str, np.ndarray]:
        """Return ``{arm: int64 (K, G, C, C)}`` for the K networks evaluated so far, baselines included.

        Args:
            architecture: one of the evaluation's others; empty for its own.
        """
        series = {name.partition(SERIES_SIGN): counts for name, counts in self.count_series().items()}
        return {arm: counts for (arm, _, kind), counts in series.items() if kind == architecture}

    def count_series(self) -> dict[str, np.ndarray]:
        """Return the counts of every arm under every architecture (see ``config.spec.evaluation.series``)."""
        return read_counts(self.counts_file)

    def answers(self, architecture: str = "") -> dict[str, dict[int, np.ndarray]]:
        """Return ``{arm: {network: int16 (N,)}}``: the predicted class of each test image.

        An older run has none.

        Args:
            architecture: one of the evaluation's others; empty for its own.
        """
        answers: dict[str, dict[int, np.ndarray]] = {}
        for name, answers_N in read_arrays(self.answers_file)[0].items():
            series, _, network = name.rpartition("/")
            arm, _, kind = series.partition(SERIES_SIGN)
            if kind == architecture:
                with reading(self.answers_file):
                    answers.setdefault(arm, {})[int(network)] = answers_N
        return {arm: dict(sorted(networks.items())) for arm, networks in answers.items()}

    def test_labels(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return class and group of every test image, int16 (N,); None for an older run."""
        found = read_arrays(self.test_file)[0]
        with reading(self.test_file):
            return (found["y"], found["a"]) if found else None

    def write_test_labels(self, y_N: np.ndarray, a_N: np.ndarray) -> None:
        """Write class and group of every test image."""
        write_arrays(self.test_file, {"y": y_N.astype(np.int16), "a": a_N.astype(np.int16)})

    # Maps

    def points(self) -> pd.DataFrame | None:
        """Return the points of the maps (see ``events.Embedded``), or None before there are any."""
        return read_columns(self.points_file, POINTS)

    def residuals(self) -> pd.DataFrame | None:
        """Return the residuals behind the maps (see ``events.Embedded``), or None before there are any."""
        return read_columns(self.residuals_file, RESIDUALS)

    def moments(self) -> pd.DataFrame | None:
        """Return the earlier positions of the images (see ``events.Embedded``), or None for an older run."""
        return read_columns(self.moments_file, MOMENTS)

    def write_tables(
        self, points: pd.DataFrame, residuals: pd.DataFrame, moments: pd.DataFrame | None = None
    ) -> None:
        """Write the tables of an ``Embedded`` event."""
        write_table(self.residuals_file, residuals)
        if moments is not None:
            write_table(self.moments_file, moments)
        write_table(self.points_file, points)

    def nearest(self) -> dict[str, Nearest]:
        """Return the neighbours of every arm's images; an older run has none."""
        arms: dict[str, dict[str, np.ndarray]] = {}
        for name, array in read_arrays(self.nearest_file)[0].items():
            arm, _, part = name.rpartition("/")
            arms.setdefault(arm, {})[part] = array
        with reading(self.nearest_file):
            return {arm: Nearest(arm, **arrays) for arm, arrays in arms.items()}

    def write_nearest(self, nearest: Nearest) -> None:
        """Write the neighbours of an arm beside those of the others."""
        names = [field.name for field in fields(Nearest) if field.name != "arm"]
        arrays = {f"{nearest.arm}/{name}": getattr(nearest, name) for name in names}
        write_arrays(self.nearest_file, read_arrays(self.nearest_file)[0] | arrays)

    # Diagnostics and log

    def diagnostics(self) -> pd.DataFrame | None:
        """Return ``events.Diagnosed.cells`` of all logged iterations with a column ``iteration``, or None."""
        return read_columns(self.diagnostics_file, DIAGNOSTICS)

    def write_diagnostics(self, iteration: int, cells: pd.DataFrame) -> None:
        """Add the cells of a logged iteration; later ones of an earlier attempt at its arms are dropped."""
        import pandas as pd

        known, added = self.diagnostics(), cells.assign(iteration=iteration)
        if known is not None:
            repeated = known["arm"].isin(set(cells["arm"])) & (known["iteration"] >= iteration)
            added = pd.concat([known[~repeated], added], ignore_index=True)
        write_table(self.diagnostics_file, added)

    def log_tail(self, n: int) -> str:
        """Return the last ``n`` lines of the log."""
        if not self.log_file.exists():
            return ""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-n:])
