"""CIFAR10-S: CIFAR-10 with grey and colour as groups."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.benchmarks.attributes import image_names
from fairdd_core.data.benchmarks.torchvision_files import TrainTest, digest_of, read_torchvision
from fairdd_core.data.bias.deal import shown_in_groups
from fairdd_core.data.bias.skew import assign_groups
from fairdd_core.data.card import DataFile, DatasetCard
from fairdd_core.data.grouped import GroupedDataset, Split
from fairdd_core.data.image_store import ImageStore, Progress, cache_folder, never_build, open_cache
from fairdd_core.errors import UserError
from fairdd_core.rng import numpy_stream

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
GROUPS = ("grey", "colour")
GREY = 0
MAJORITY_C = np.array([0] * 5 + [1] * 5)
"""Airplane to deer are mostly grey, dog to truck mostly in colour."""
LUMA = np.array([0.299, 0.587, 0.114])
BLOCK = 4096
SIDE = 32
FOLDER, PARTS = "cifar10", ("train", "test")


def image_folder(data_dir: Path) -> Path | None:
    """Return the folder with ``train/CLASS`` and ``test/CLASS``, as fast.ai and Kaggle have them, if any."""
    wanted = [Path(part, name) for part in PARTS for name in NAMES]
    folders = (data_dir / FOLDER, data_dir)
    return next((base for base in folders if all((base / path).is_dir() for path in wanted)), None)


def prepare_cifar(data_dir: Path, progress: Progress | None = None) -> None:
    """Read the image files, where there are some instead of torchvision's."""
    if (folder := CARD.unverified(data_dir)) is not None:
        _image_store(folder, data_dir, progress)


def read_cifar(data_dir: Path) -> TrainTest:
    """Return CIFAR-10 from torchvision's files or, where these are absent, from a folder of images.

    The two have the pictures in different orders, so the same seed makes different splits of them.

    Raises:
        UserError: when a file is not the published one, or no image of a part can be read.
    """
    if (folder := CARD.unverified(data_dir)) is None:
        return read_batches(data_dir)
    store = _image_store(folder, data_dir)
    usable_N = store.samples["error"].to_numpy() == ""
    part_N, y_N = (store.samples[name].to_numpy(np.int64) for name in ("part", "y"))
    train, test = (np.flatnonzero(usable_N & (part_N == part)) for part in range(len(PARTS)))
    if not len(train) or not len(test):
        raise UserError(
            "data.dataset", f"images that can be read in {folder / PARTS[0]} and {PARTS[1]}", "none"
        )
    return TrainTest(store.x_NCHW[train], y_N[train], store.x_NCHW[test], y_N[test])


def cifar_content(data_dir: Path) -> str:
    """Return the digest of the files that ``read_cifar`` reads.

    Raises:
        OSError: when one cannot be read.
    """
    if (folder := CARD.unverified(data_dir)) is not None:
        return _image_store(folder, data_dir, never_build).content
    return digest_of(sorted((data_dir / CARD.files[0].path).glob("*_batch*")))


def _image_store(folder: Path, data_dir: Path, progress: Progress | None = None) -> ImageStore:
    import pandas as pd

    rows = [
        (f"{part}/{name}/{file}", p, c)
        for p, part in enumerate(PARTS)
        for c, name in enumerate(NAMES)
        for file in image_names(folder / part / name)
    ]
    table = pd.DataFrame(rows, columns=["file", "part", "y"])
    return open_cache(cache_folder(data_dir), "cifar10", folder, table, SIDE, progress=progress)


@lru_cache(maxsize=1)
def read_batches(data_dir: Path) -> TrainTest:
    """Return CIFAR-10; torchvision verifies the checksums of the files.

    Raises:
        UserError: when a file is not the published one.
    """
    parts = read_torchvision("CIFAR10", data_dir, "cifar-10-batches-py")
    (train, y_N), (test, z_N) = ((np.ascontiguousarray(x.transpose(0, 3, 1, 2)), y) for x, y in parts)
    return TrainTest(train, y_N, test, z_N)


def greyed(x_NCHW: np.ndarray, a_N: np.ndarray, separation: float) -> np.ndarray:
    """Return the pictures, those of the grey group desaturated, uint8.

    Args:
        x_NCHW: uint8 pictures in colour.
        a_N: group of each.
        separation: 0 keeps the colours of the grey group, 1 removes them.
    """
    out = x_NCHW.copy()
    rows_N = np.flatnonzero(a_N == GREY)
    for start in range(0, len(rows_N), BLOCK):
        rows = rows_N[start : start + BLOCK]
        grey_NHW = np.einsum("nchw,c->nhw", x_NCHW[rows], LUMA)
        out[rows] = np.rint((1 - separation) * x_NCHW[rows] + separation * grey_NHW[:, None])
    return out


def load_cifar10_s(spec: DataSpec, seed: int, data_dir: Path) -> Split:
    """Return a split whose first five classes are mostly grey."""
    pictures, skew = read_cifar(data_dir), spec.skew or 1 / len(GROUPS)
    rng = numpy_stream(seed, "data", "train")
    a_N = assign_groups(pictures.train_y_N, len(GROUPS), skew, rng, MAJORITY_C)
    rows_M, b_M = shown_in_groups(pictures.test_y_N, spec, seed)

    def grouped(x_NCHW: np.ndarray, y_N: np.ndarray, groups_N: np.ndarray) -> GroupedDataset:
        return GroupedDataset(greyed(x_NCHW, groups_N, spec.separation), y_N, groups_N, NAMES, GROUPS)

    train = grouped(pictures.train_x, pictures.train_y_N, a_N)
    test = grouped(pictures.test_x[rows_M], pictures.test_y_N[rows_M], b_M)
    return Split(train, test, test_pictures=len(pictures.test_y_N))


CARD: DatasetCard = DatasetCard(
    title="CIFAR10-S (grey or in colour)",
    summary="Photographs of ten kinds of things. Airplane, automobile, bird, cat and deer are mostly grey, "
    "the others mostly in colour, so colour narrows the class down to five.",
    source="CIFAR-10, A. Krizhevsky, University of Toronto; grey and colour as in Z. Wang et al., CVPR 2020, "
    "arXiv 1911.11834",
    licence="none stated; used for research since 2009",
    ethics="The pictures were gathered from the web, through a collection that was withdrawn later for "
    "offensive labels, without asking those who took them. Grey stands in for a protected group here and "
    "says nothing about people.",
    size="50 000 training and 10 000 test photographs, 32×32",
    test_set="Each test picture is shown grey and in colour, so both groups are equally large in every "
    "class.",
    separation="0: both groups are in colour. 1: one is grey. In between, its colours are paler.",
    side=SIDE,
    class_names=NAMES,
    load=load_cifar10_s,
    content=cifar_content,
    prepare=prepare_cifar,
    image_folder=image_folder,
    group_names=GROUPS,
    max_groups=len(GROUPS),
    files=(
        DataFile(
            "cifar-10-batches-py",
            170_498_071,
            "c58f30108f718f92721af3b95e74349a",
            "cifar-10-python.tar.gz",
        ),
    ),
    fetch="Take cifar-10-python.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html and unpack it in the "
    "data folder. The image files of fast.ai or Kaggle serve too, as cifar10/train/CLASS and "
    "cifar10/test/CLASS; they are not verified.",
    torchvision="torchvision.datasets:CIFAR10",
)
