"""Tiny archives, laid out exactly as the real ones."""

from __future__ import annotations

import gzip
import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fairdd_core.data.benchmarks.celeba import NAMES
from fairdd_core.data.benchmarks.cifar import NAMES as CIFAR_NAMES


def picture(path: Path, rgb: tuple[int, int, int], size: tuple[int, int]) -> None:
    """Write one image of one colour, as JPEG or PNG after the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, rgb).save(path)


def write_idx(raw: Path, train: int = 200, test: int = 100, *, packed: bool = False) -> None:
    """Write the four IDX files: random images, labels 0 to 9 in turn; ``packed`` writes .gz files."""
    raw.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for part, n in (("train", train), ("t10k", test)):
        images, labels = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), np.arange(n, dtype=np.uint8) % 10
        for name, kind, array in (
            (f"{part}-images-idx3-ubyte", 3, images),
            (f"{part}-labels-idx1-ubyte", 1, labels),
        ):
            head = bytes([0, 0, 8, kind]) + b"".join(int(d).to_bytes(4, "big") for d in array.shape)
            content = head + array.tobytes()
            if packed:
                (raw / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
            else:
                (raw / name).write_bytes(content)


def write_cifar(data_dir: Path, monkeypatch: pytest.MonkeyPatch, per_batch: int = 40) -> None:
    """Write CIFAR-10's batches, and tell torchvision their checksums instead of the published ones."""
    from torchvision.datasets import CIFAR10

    folder = data_dir / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)

    def write(name: str, content: object) -> list[str]:
        (folder / name).write_bytes(pickle.dumps(content))
        return [name, hashlib.md5((folder / name).read_bytes()).hexdigest()]

    def batch(name: str) -> list[str]:
        data = rng.integers(0, 256, (per_batch, 3072), dtype=np.uint8)
        return write(name, {"data": data, "labels": [i % 10 for i in range(per_batch)]})

    train = [batch(f"data_batch_{i}") for i in range(1, 6)]
    monkeypatch.setattr(CIFAR10, "train_list", train)
    monkeypatch.setattr(CIFAR10, "test_list", [batch("test_batch")])
    meta = write("batches.meta", {"label_names": [str(c) for c in range(10)]})
    monkeypatch.setattr(CIFAR10, "meta", {"filename": "batches.meta", "key": "label_names", "md5": meta[1]})


def write_utkface(data_dir: Path, per_cell: int = 6) -> None:
    """Write faces of three ages, five races and two genders, and three badly named files."""
    for age in (3, 30, 70):
        for race in range(5):
            for n in range(per_cell + 6 * (race == 0)):
                name = f"{age + n % 2}_{n % 2}_{race}_2017010{n:010d}.jpg.chip.jpg"
                picture(data_dir / "UTKFace" / name, (50 * race, 3 * age, 100 * (n % 2)), (200, 200))
    for name in ("39_1_20170116174525125.jpg.chip.jpg", "61_1_20170109150557335.jpg.chip.jpg", "readme.txt"):
        (data_dir / "UTKFace" / name).write_bytes(b"")


def write_celeba(data_dir: Path, n: int = 60) -> np.ndarray:
    """Write portraits with random attributes, half of them for training; return these, bool (N, 40)."""
    rng = np.random.default_rng(2)
    values = rng.random((n, len(NAMES))) < 0.5
    files = [f"{i + 1:06d}.jpg" for i in range(n)]
    for i, file in enumerate(files):
        picture(data_dir / "celeba" / "img_align_celeba" / file, (4 * i, 100, 200), (178, 218))
    rows = [
        f"{file} " + " ".join(f"{1 if v else -1:>2}" for v in row)
        for file, row in zip(files, values, strict=True)
    ]
    text = f"{n}\n{' '.join(NAMES)} \n" + "\n".join(rows) + "\n"
    (data_dir / "celeba" / "list_attr_celeba.txt").write_text(text)
    parts = [f"{file} {0 if i < n // 2 else 1 if i < 2 * n // 3 else 2}" for i, file in enumerate(files)]
    (data_dir / "celeba" / "list_eval_partition.txt").write_text("\n".join(parts) + "\n")
    return values


def write_bffhq(data_dir: Path) -> None:
    """Write aligned and conflicting faces, a validation part and a balanced test part."""
    base, number = data_dir / "bffhq", 0
    cells = {(y, a): 12 if y == a else 2 for y in (0, 1) for a in (0, 1)}
    for (y, a), n in cells.items():
        tie = "align" if y == a else "conflict"
        folders = [base / "0.5pct" / tie / str(y)] * n + [base / "valid"] * 2 + [base / "test"] * 5
        for folder in folders:
            picture(folder / f"{number}_{y}_{a}.png", (200 * y, 200 * a, number), (128, 128))
            number += 1


def write_cifar_images(folder: Path, train: int = 20, test: int = 4) -> None:
    """Write CIFAR-10 as ``train/CLASS`` and ``test/CLASS`` with PNGs, and JPEGs in the last class."""
    rng = np.random.default_rng(3)
    for part, n in (("train", train), ("test", test)):
        for c, name in enumerate(CIFAR_NAMES):
            ending = "jpg" if c == len(CIFAR_NAMES) - 1 else "png"
            for i in range(n):
                path = folder / part / name / f"{i:04d}.{ending}"
                path.parent.mkdir(parents=True, exist_ok=True)
                pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                pixels[0] = c * 20
                Image.fromarray(pixels).save(path)
