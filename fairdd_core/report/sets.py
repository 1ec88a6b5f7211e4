"""The distilled sets of a run as files that other programs read, and this one (see ``data.distilled``)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from fairdd_core.data.grouped import Normalisation
from fairdd_core.errors import UserError, lookup
from fairdd_core.files import arrays_bytes
from fairdd_core.plots.images import mosaic, png
from fairdd_core.report.pictures import file_name
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.grids import as_grid


@dataclass(frozen=True)
class FinishedSet:
    """The distilled set of one method.

    Attributes:
        x_NCHW: float32, normalised, ordered by class.
        y_N: int64 class indices.
        normalisation: of the images.
        class_names: in index order.
    """

    x_NCHW: np.ndarray
    y_N: np.ndarray
    normalisation: Normalisation
    class_names: tuple[str, ...]

    def pixels(self) -> np.ndarray:
        """Return the images as uint8 (N, 3, H, W), which rounds and cuts them off."""
        return self.normalisation.invert(self.x_NCHW)


def _safetensors(one: FinishedSet) -> dict[str, bytes]:
    arrays = {"images": one.x_NCHW, "labels": one.y_N}
    return {".safetensors": arrays_bytes(arrays, one.normalisation.metadata())}


def _npz(one: FinishedSet) -> dict[str, bytes]:
    buffer, norm = io.BytesIO(), one.normalisation
    mean, std = np.array(norm.mean_C), np.array(norm.std_C)
    np.savez_compressed(buffer, images=one.x_NCHW, labels=one.y_N, mean=mean, std=std)
    return {".npz": buffer.getvalue()}


def _pt(one: FinishedSet) -> dict[str, bytes]:
    """Return a file as the public loop of DM, FairDD and COBRA writes it, and the normalisation beside."""
    import torch

    images, labels = torch.from_numpy(one.x_NCHW.copy()), torch.from_numpy(one.y_N.copy())
    norm, buffer = one.normalisation, io.BytesIO()
    content = {
        "data": [[images, labels]],
        "accs_all_exps": {},
        "mean": list(norm.mean_C),
        "std": list(norm.std_C),
    }
    torch.save(content, buffer)
    return {".pt": buffer.getvalue()}


def _grid(one: FinishedSet) -> dict[str, bytes]:
    grid = as_grid(one.pixels().astype(np.float32) / 255, one.y_N)
    return {".png": png(mosaic(grid))}


def _folder(one: FinishedSet) -> dict[str, bytes]:
    """Return a PNG for every image; classes whose names are no safe names of folders are numbered."""
    safe = all(re.fullmatch(r"\w[\w \-]{0,60}", name) for name in one.class_names)
    distinct = len({name.casefold() for name in one.class_names}) == len(one.class_names)
    folders = one.class_names if safe and distinct else [f"{c:03d}" for c in range(len(one.class_names))]
    number, files = [0] * len(folders), {}
    for x_CHW, c in zip(one.pixels(), one.y_N, strict=True):
        number[c] += 1
        files[f"/{folders[c]}/{number[c]:04d}.png"] = png(x_CHW.transpose(1, 2, 0))
    return files


FORMATS: dict[str, Callable[[FinishedSet], dict[str, bytes]]] = {
    "safetensors": _safetensors,
    "npz": _npz,
    "pt": _pt,
    "png": _grid,
    "folder": _folder,
}
"""Format -> what follows an arm's name in the names of its files, and their content."""


def set_files(folder: RunFolder, kind: str, class_names: tuple[str, ...]) -> dict[str, bytes]:
    """Return the finished sets of a run as files: name, with ``/`` between folders -> content.

    Mosaics are taken apart. Formats of pictures round to 256 levels.

    Args:
        folder: of the run.
        kind: one of ``FORMATS``.
        class_names: in index order.

    Raises:
        UserError: for an unknown format, or a run without finished images.
    """
    make = lookup(FORMATS, kind, "format")
    files: dict[str, bytes] = {}
    for arm, one in _finished(folder, class_names).items():
        files |= {f"{file_name(arm)}{end}": content for end, content in make(one).items()}
    if not files:
        raise UserError(
            "run", "a run with finished images", folder.path.name, "Resume it, or launch it again."
        )
    return files


def _finished(folder: RunFolder, class_names: tuple[str, ...]) -> Mapping[str, FinishedSet]:
    arrays, norm = folder.synthetic(), folder.normalisation()
    if norm is None:
        return {}
    arms = [arm.name for arm in folder.spec().distill.arms if f"{arm.name}/x" in arrays]
    return {arm: FinishedSet(arrays[f"{arm}/x"], arrays[f"{arm}/y"], norm, class_names) for arm in arms}
