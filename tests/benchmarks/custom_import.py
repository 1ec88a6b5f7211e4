"""Time and memory for validating and adding a custom set.

    python -m tests.benchmarks.custom_import [--images 20000] [--workdir DIR]

Makes face-like JPEG images of 200×200, the size of UTKFace's, in a folder and in a zip file; then measures
checking, adding at 64×64 and loading, each in a process of its own.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

SIDE = 200
STEPS = ("check", "add", "add-zip", "load")


def portrait(i: int) -> bytes:
    """Return a smooth picture with an oval in it as JPEG."""
    from PIL import Image, ImageDraw, ImageFilter

    rng = np.random.default_rng(i)
    coarse = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    ImageDraw.Draw(image).ellipse((50, 30, 150, 170), fill=tuple(rng.integers(60, 240, 3).tolist()))
    grain = Image.fromarray(rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    Image.blend(image.filter(ImageFilter.GaussianBlur(2)), grain, 0.08).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def make(folder: Path, archive: Path, images: int) -> None:
    """Write the set twice."""
    rows = [f"{i}.jpg,{i % 3},{'ab'[i // 3 % 2]},{'xy'[i // 6 % 2]}" for i in range(images)]
    table = "\n".join(["file,label,group,group2", *rows])
    folder.mkdir()
    (folder / "labels.csv").write_text(table)
    with zipfile.ZipFile(archive, "w") as packed, ProcessPoolExecutor() as pool:
        packed.writestr("labels.csv", table)
        for i, content in enumerate(pool.map(portrait, range(images), chunksize=100)):
            (folder / f"{i}.jpg").write_bytes(content)
            packed.writestr(f"{i}.jpg", content)


def step(name: str, workdir: Path) -> None:
    """Do one thing and print what it took as JSON."""
    from fairdd_core.data.custom.options import Options
    from fairdd_core.data.custom.store import add
    from fairdd_core.data.custom.validation import validate
    from fairdd_core.data.registry import card_of, load

    folder, data, options = workdir / "faces", workdir / "data", Options(side=64)
    started = time.monotonic()
    if name == "check":
        assert validate(folder, options).valid
    elif name == "load":
        split = load(card_of("own-a", data).usual().model_copy(update={"dataset": "own-a"}), 0, data)
        assert split.train.x_NCHW[:256].mean() > 0
    else:
        add(data, "a" if name == "add" else "b", folder if name == "add" else workdir / "faces.zip", options)
    seconds = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "step": name,
                "seconds": round(seconds, 2),
                "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
                "peak_MB": round(used.ru_maxrss * 1024 / 1e6),
            }
        )
    )


def main() -> None:
    """Measure every step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--workdir", type=Path)
    parser.add_argument("--step", choices=STEPS, help="do one step only, in a work folder that is made")
    args = parser.parse_args()
    if args.step:
        step(args.step, args.workdir)
        return
    with tempfile.TemporaryDirectory() as temporary:
        workdir = Path(args.workdir or temporary)
        make(workdir / "faces", workdir / "faces.zip", args.images)
        size = (workdir / "faces.zip").stat().st_size
        print(f"{args.images} images of {SIDE}×{SIDE}, {size / 1e6:.0f} MB")
        for name in STEPS:
            command = [sys.executable, "-m", "tests.benchmarks.custom_import", "--step", name]
            subprocess.run([*command, "--workdir", str(workdir)], check=True)


if __name__ == "__main__":
    main()
