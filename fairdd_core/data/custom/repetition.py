"""Images that come more than once in a set: in training and test, or described in two ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd

from fairdd_core.data.custom.problems import Problems


def note_repeated_images(
    digests: Sequence[bytes], rows: pd.DataFrame, test_N: np.ndarray, problems: Problems
) -> None:
    """Note test images that are training images too, and equal images with different descriptions.

    Args:
        digests: of the pixels of each image, as they are kept.
        rows: one per image, with ``file``, ``label`` and ``groups``.
        test_N: bool (N,), the test images.
        problems: the notes are added here.
    """
    places = defaultdict[bytes, list[int]](list)
    for i, digest in enumerate(digests):
        places[digest].append(i)
    repeated = [same for same in places.values() if len(same) > 1]
    if not repeated:
        return
    files, names = rows["file"].tolist(), list(zip(rows["label"], rows["groups"], strict=True))
    leaks = [same for same in repeated if len({bool(test_N[i]) for i in same}) == 2]
    if leaks:
        n, of = sum(int(test_N[i]) for same in leaks for i in same), int(test_N.sum())
        test, train = (next(files[i] for i in leaks[0] if test_N[i] == part) for part in (True, False))
        verb = "is" if n == 1 else "are"
        text = f"{n:,} of {of:,} test images {verb} in training too, e.g. {test}, which equals {train}."
        problems.add("repeated", text)
    twofold = [same for same in repeated if len({names[i] for i in same}) > 1]
    if twofold:
        first = twofold[0][0]
        other = next(i for i in twofold[0] if names[i] != names[first])
        n = sum(map(len, twofold))
        text = f"{n:,} images equal one of another class or group, e.g. {files[first]} and {files[other]}."
        problems.add("repeated", text)
