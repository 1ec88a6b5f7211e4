"""A finished run made of invented numbers, in the format of a real one, within milliseconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from fairdd_core.config.presets import quick
from fairdd_core.config.spec.evaluation import BASELINES, series
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.grouped import GroupedDataset, Split
from fairdd_core.data.registry import load
from fairdd_core.evaluate.counts import count
from fairdd_core.events import Nearest
from fairdd_core.files import write_arrays
from fairdd_core.runs.storage.folder import RunFolder

CLASSES, GROUPS, NETWORKS = 10, 10, 3
HOSTILE = '![i](http://zq.example/p_q)<img src="http://zq.example">*x*$y$:red[z] www.zq.example'
"""A name that most kinds of markup would turn into something else."""
SKILL = {
    "vanilla": (0.98, 0.15),
    "cobra": (0.95, 0.80),
    "random-subset": (0.95, 0.2),
    "full-data": (0.99, 0.9),
}
"""Recall of each class's own colour, and of the other colours."""


def write_fake_run(
    path: Path, spec: RunSpec | None = None, iterations: tuple[int, ...] = (0, 10, 60, 600)
) -> RunFolder:
    """Write a complete run folder at ``path`` and return it."""
    spec = spec or quick()
    rng = np.random.default_rng(0)
    folder = RunFolder(path)
    folder.create(spec)
    arms, split = [arm.name for arm in spec.distill.arms], load(spec.data, spec.seed, path)
    _write_steps(folder, arms, spec.distill.iterations, split.train, rng)
    _write_images(folder, spec, split.train, iterations, rng)
    skills = {name: SKILL[name.partition(":")[0]] for name in [*arms, *BASELINES]}
    answers = {name: _answers(split.test, *skill, rng) for name, skill in skills.items()}
    for other in spec.evaluation.others:
        weaker = {series(name, other): (0.9 * own, 0.9 * rest) for name, (own, rest) in skills.items()}
        answers |= {name: _answers(split.test, *skill, rng) for name, skill in weaker.items()}
    counts = {name: _counts(split.test, answers_KN) for name, answers_KN in answers.items()}
    write_arrays(folder.counts_file, counts)
    write_arrays(
        folder.answers_file, {f"{n}/{k}": row for n, rows in answers.items() for k, row in enumerate(rows)}
    )
    folder.write_test_labels(split.test.y_N, split.test.a_N)
    points, residuals = _tables(arms, split.train, rng)
    folder.write_tables(points, residuals, _moments(points, iterations))
    for arm in arms:
        folder.write_nearest(_nearest(arm, split, spec.distill.ipc, rng))
    folder.write_diagnostics(iterations[-1], _cells(arms))
    folder.write_result(_result(path.name, spec, {name: counts[name] for name in skills}))
    return folder


def rename(folder: RunFolder, name: Callable[[str, int], str]) -> None:
    """Name the classes and groups of a run anew: ``name`` takes ``class`` or ``group`` and an index."""
    first, *others = folder.events_file.read_text().splitlines()
    loaded = json.loads(first)
    loaded["classes"] = [name("class", c) for c in range(CLASSES)]
    loaded["groups"] = [name("group", g) for g in range(GROUPS)]
    folder.events_file.write_text("\n".join([json.dumps(loaded), *others]) + "\n")


def _write_steps(
    folder: RunFolder, arms: list[str], total: int, train: GroupedDataset, rng: np.random.Generator
) -> None:
    norm = train.normalisation
    loaded = {"classes": train.class_names, "groups": train.group_names, "colors": train.group_colors}
    lines: list[dict] = [
        {"t": 0.0, "event": "loaded", **loaded, "mean": norm.mean_C, "std": norm.std_C},
    ]
    for iteration in np.unique(np.linspace(1, total, 100).astype(int)):
        for k, arm in enumerate(arms):
            loss = (1 + k) * np.exp(-iteration / (total / 5)) + 0.05 * rng.random()
            residual = 0.5 + (0.4 if arm == "vanilla" else 0.1) + 0.05 * rng.random()
            lines.append(
                {
                    "t": iteration / 30,
                    "event": "step",
                    "arm": arm,
                    "iteration": int(iteration),
                    "loss": loss,
                    "worst_residual": residual,
                }
            )
    folder.events_file.write_text("".join(json.dumps(line) + "\n" for line in lines))


def _write_images(
    folder: RunFolder,
    spec: RunSpec,
    train: GroupedDataset,
    iterations: tuple[int, ...],
    rng: np.random.Generator,
) -> None:
    ipc = spec.distill.ipc
    start = np.stack([train.x_NCHW[np.flatnonzero(train.y_N == c)[:ipc]] for c in range(CLASSES)])
    for iteration in iterations:
        noise = rng.normal(0, 60 * iteration / iterations[-1], start.shape)
        images = np.clip(start + noise, 0, 255).astype(np.uint8)
        folder.write_snapshot(iteration, {arm.name: images for arm in spec.distill.arms})
    finished = train.normalisation.apply(images.reshape(-1, *images.shape[2:]))
    labels = np.repeat(np.arange(CLASSES), ipc)
    arrays = {arm.name: (finished, labels) for arm in spec.distill.arms}
    both = {f"{arm}/{name}": a for arm, pair in arrays.items() for name, a in zip("xy", pair, strict=True)}
    write_arrays(folder.synthetic_file, both)


def _answers(test: GroupedDataset, own: float, other: float, rng: np.random.Generator) -> np.ndarray:
    """Return answers (K, N): a wrong one is the class of the image's colour half of the time."""
    right_N = np.where(test.y_N == test.a_N, own, other)
    by_color_N = np.where(
        rng.random((NETWORKS, len(test))) < 0.5, test.a_N, rng.integers(0, CLASSES, len(test))
    )
    taken_KN = np.where(rng.random((NETWORKS, len(test))) < right_N, test.y_N, by_color_N)
    return taken_KN.astype(np.int16)


def _counts(test: GroupedDataset, answers_KN: np.ndarray) -> np.ndarray:
    return np.stack([count(row, test.y_N, test.a_N, (GROUPS, CLASSES)) for row in answers_KN])


def _moments(points: pd.DataFrame, iterations: tuple[int, ...]) -> pd.DataFrame:
    """Return the points that move: from the middle of the map to where they end."""
    moving = points[points["kind"].isin(["synthetic", "class_mean"])].drop(columns="group_id")
    axes = ["pca_x", "pca_y", "umap_x", "umap_y"]
    parts = []
    for iteration in iterations:
        part = moving.assign(iteration=iteration)
        part[axes] *= iteration / iterations[-1]
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _nearest(arm: str, split: Split, ipc: int, rng: np.random.Generator) -> Nearest:
    """Return the first real images of each cell as neighbours, and the class's first synthetic ones."""
    train, test = split.train, split.test
    rows_CGR = np.full((CLASSES, GROUPS, 3), -1, np.int32)
    for c in range(CLASSES):
        for g in range(GROUPS):
            found = np.flatnonzero((train.y_N == c) & (train.a_N == g))[:3]
            rows_CGR[c, g, : len(found)] = found
    real_MGR = np.repeat(rows_CGR, ipc, axis=0)
    distance = np.where(real_MGR >= 0, np.sort(rng.random(real_MGR.shape), axis=-1), np.nan)
    synthetic_NR = (test.y_N[:, None] * ipc + np.arange(3) % ipc).astype(np.int32)
    far = np.sort(rng.random(synthetic_NR.shape), axis=-1).astype(np.float32)
    return Nearest(
        arm, train.counts_CG().astype(np.int32), real_MGR, distance.astype(np.float32), synthetic_NR, far
    )


def _tables(
    arms: list[str], train: GroupedDataset, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    angle = 2 * np.pi * np.arange(10) / 10
    centres = np.stack([np.cos(angle), np.sin(angle)], -1)
    means = centres[:, None] + 0.5 * centres[None, :]
    rows = []

    def add(kind: str, arm: str, cell: tuple[int, int], index: int, xy: np.ndarray) -> None:
        umap = xy * 3 + rng.normal(0, 0.05, 2)
        rows.append((kind, arm, *cell, index, xy[0], xy[1], umap[0], umap[1]))

    residuals = []
    for c in range(CLASSES):
        for g in range(GROUPS):
            for row in np.flatnonzero((train.y_N == c) & (train.a_N == g))[:3]:
                add("real", "", (c, g), int(row), means[c, g] + rng.normal(0, 0.07, 2))
            add("group_mean", "", (c, g), -1, means[c, g])
        for arm in arms:
            target = means[c, c] if arm == "vanilla" else means[c].mean(axis=0)
            add("target", arm, (c, -1), -1, target)
            add("class_mean", arm, (c, -1), -1, target + 0.03)
            for i in range(10):
                add("synthetic", arm, (c, -1), c * 10 + i, target + rng.normal(0, 0.1, 2))
            for g in range(GROUPS):
                distance = float(np.linalg.norm(means[c, g] - target))
                residuals.append((arm, c, g, 13, 0.9 if g == c else 0.011, distance + 0.02, distance))
    names = ["kind", "arm", "class_id", "group_id", "index", "pca_x", "pca_y", "umap_x", "umap_y"]
    columns = ["arm", "class_id", "group_id", "n", "share", "to_synthetic", "to_target"]
    return pd.DataFrame(rows, columns=names), pd.DataFrame(residuals, columns=columns)


def _cells(arms: list[str]) -> pd.DataFrame:
    """Return groups on a line from 0 to 1; group c is the majority of class c, and class 9 its far end."""
    rows = []
    place_G = np.linspace(0, 1, GROUPS)
    for arm in arms:
        for c in range(CLASSES):
            share_G = np.where(np.arange(GROUPS) == c, 0.91, 0.01)
            vanilla, centre = share_G @ place_G, place_G.mean()
            aim = vanilla if arm == "vanilla" else centre
            for g in range(GROUPS):
                bound = share_G @ np.abs(place_G - place_G[g])
                distances = [abs(place_G[g] - point) for point in (aim, vanilla, centre)]
                inner = (place_G[g] - centre) * (vanilla - centre)
                rows.append((arm, c, g, share_G[g], *distances, bound, abs(vanilla - centre), inner))
    names = [
        "arm",
        "class_id",
        "group_id",
        "share",
        "residual",
        "vanilla",
        "uniform",
        "bound",
        "shift",
        "inner",
    ]
    return pd.DataFrame(rows, columns=names)


def _result(run: str, spec: RunSpec, counts: dict[str, np.ndarray]) -> dict:
    from fairdd_core.analysis.metrics import METRICS

    arms: dict[str, dict] = {}
    for arm, counts_KGCC in counts.items():
        arms[arm] = {}
        for name, metric in METRICS.items():
            values = metric.of(counts_KGCC)
            arms[arm][name] = {"mean": float(values.mean()), "std": float(values.std())}
            arms[arm][name]["ci95"] = [float(values.mean() - 0.03), float(min(1, values.mean() + 0.03))]
            if metric.is_gap:
                arms[arm][name]["floor"] = [0.05, 0.01]
    seconds = {"distill": 20.0, "evaluate": 25.0, "embed": 12.0, "total": 58.0}
    return {
        "run": run,
        "spec": spec.model_dump(mode="json"),
        "device": "CPU, 2 threads",
        "seconds": seconds,
        "arms": arms,
    }
