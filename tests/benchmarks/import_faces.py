"""How long a large folder of faces takes to come in, and how much memory.

    python -m tests.benchmarks.import_faces [IMAGES]

Writes so many (20 000) face-like portraits of 200×200 with UTKFace's names into a temporary folder, then
loads them three times in processes of their own: the first reads and resizes all, the second and third find
the store. Prints seconds, seconds of processor time and the largest resident memory of each. Exits with 1
when the first load takes more than a minute or 2 GB, or a later one more than a second after its imports.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

IMAGES, SIDE = 20_000, 200
MOST_SECONDS, MOST_BYTES, AGAIN_SECONDS = 60.0, 2e9, 1.0
SKIN = ((224, 180, 150), (110, 75, 55), (230, 195, 160), (165, 115, 80), (190, 140, 105))


def main() -> int:
    """Run the benchmark."""
    images = int(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        (data_dir / "UTKFace").mkdir()
        with ProcessPoolExecutor(2) as pool:
            list(pool.map(partial(draw_face, data_dir / "UTKFace"), range(images), chunksize=200))
        size = sum(path.stat().st_size for path in (data_dir / "UTKFace").iterdir())
        print(f"{images} portraits of {SIDE}×{SIDE}, {size / 1e6:.0f} MB as JPEG")
        rows = [_loaded(data_dir) for _ in range(3)]
    for name, (seconds, work, peak) in zip(("first load", "second load", "third load"), rows, strict=True):
        print(f"{name:<12}{seconds:>8.2f} s{work:>9.2f} s of processor{peak / 1e6:>9.0f} MB at most")
    good = rows[0][0] < MOST_SECONDS and all(peak < MOST_BYTES for *_, peak in rows)
    return 0 if good and all(seconds < AGAIN_SECONDS for seconds, *_ in rows[1:]) else 1


def draw_face(folder: Path, number: int) -> None:
    """Write one face-like picture: a ground, hair, a face, eyes and a mouth, with grain as of a camera."""
    rng = np.random.default_rng(number)
    age, gender = int(rng.integers(1, 90)), int(rng.integers(2))
    race = int(rng.choice(5, p=[0.4, 0.2, 0.15, 0.15, 0.1]))
    picture = Image.new("RGB", (SIDE, SIDE), tuple(int(v) for v in rng.integers(30, 220, 3)))
    draw, shift = ImageDraw.Draw(picture), int(rng.integers(-12, 13))
    draw.ellipse((30 + shift, 10, 170 + shift, 170), fill=tuple(int(v) for v in rng.integers(10, 90, 3)))
    draw.ellipse((45 + shift, 30, 155 + shift, 190), fill=SKIN[race])
    for x in (75, 115):
        draw.ellipse((x + shift, 85, x + 14 + shift, 97), fill=(30, 25, 25))
    draw.arc((75 + shift, 125, 125 + shift, 160), 20, 160, fill=(150, 50, 60), width=5 + 3 * gender)
    grain = rng.normal(0, 9, (SIDE, SIDE, 1))
    noisy = np.clip(np.asarray(picture, np.float32) + grain, 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(folder / f"{age}_{gender}_{race}_{number:017d}.jpg.chip.jpg", quality=90)


def _loaded(data_dir: Path) -> tuple[float, float, float]:
    """Load the data set in a process of its own; return seconds, processor seconds and the largest memory."""
    code = f"from tests.benchmarks.import_faces import load_once; load_once({str(data_dir)!r})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    seconds, work, peak = map(float, done.stdout.split())
    return seconds, work, peak


def load_once(data_dir: str) -> None:
    """Load the data set and print seconds, processor seconds and bytes; imports are not counted."""
    import pandas as pd

    from fairdd_core.config.spec.data import DataSpec
    from fairdd_core.data.registry import DATASETS, load

    pd.DataFrame({"warm": ["up"]}).to_parquet(Path(data_dir) / "warm.parquet")  # loads the reader's libraries
    spec = DataSpec.model_validate(DATASETS["utkface"].usual().model_dump() | {"dataset": "utkface"})
    start, worked = time.monotonic(), time.process_time()
    split = load(spec, 0, Path(data_dir))
    _ = split.train.x_NCHW[np.arange(256)]
    seconds, work = time.monotonic() - start, time.process_time() - worked
    unit = 1 if sys.platform == "darwin" else 1024
    print(seconds, work, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


if __name__ == "__main__":
    sys.exit(main())
