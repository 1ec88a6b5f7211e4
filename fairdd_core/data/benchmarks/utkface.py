"""UTKFace: age from a face, with race or gender as group. File names carry the annotation."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from fairdd_core.data.benchmarks import attributes
from fairdd_core.data.benchmarks.attributes import SIDE
from fairdd_core.data.card import DataFile
from fairdd_core.data.image_store import Progress, cache_folder, open_cache
from fairdd_core.errors import UserError

FOLDER = "UTKFace"
NAME = re.compile(r"(\d{1,3})_([01])_([0-4])_[^/]*\.(?:jpe?g|png)", re.IGNORECASE)
"""``age_gender_race_date.jpg``; other names (three files of the archive) are left out."""
AGES = (20, 40)
"""First ages of the second and the third class."""
MOST_TESTED = 100
ATTRIBUTES = {
    "age": ("0–19", "20–39", "40 or older"),
    "race": ("White", "Black", "Asian", "Indian"),
    "gender": ("male", "female"),
}


def read_utkface(data_dir: Path, progress: Progress | None = None) -> attributes.AnnotatedImages:
    """Return the faces under ``data_dir/UTKFace``; race 4, "others", counts as none.

    Raises:
        UserError: when no file name carries an annotation.
    """
    import pandas as pd

    base = data_dir / FOLDER
    matches = [(file, NAME.fullmatch(file.rpartition("/")[2])) for file in attributes.image_names(base)]
    rows = [(file, *map(int, match.groups())) for file, match in matches if match]
    if not rows:
        raise UserError("data.dataset", f"images called age_gender_race_date.jpg in {base}", "none")
    table = pd.DataFrame(rows, columns=["file", "years", "gender", "race"])
    store = open_cache(cache_folder(data_dir), "utkface", base, table, SIDE, progress=progress)
    race_N = store.samples["race"].to_numpy(np.int64)
    return attributes.AnnotatedImages(
        store,
        {
            "age": np.searchsorted(AGES, store.samples["years"].to_numpy(np.int64), side="right"),
            "race": np.where(race_N < len(ATTRIBUTES["race"]), race_N, -1),
            "gender": store.samples["gender"].to_numpy(np.int64),
        },
    )


CARD = attributes.annotated_card(
    read_utkface,
    attributes.balanced_holdout(MOST_TESTED),
    title="UTKFace",
    summary="Portraits with age, race and gender in the file name. Age is predicted from the face; White "
    f"is the largest group. Images of race “others” are left out of groups by race. {attributes.SKEW}",
    source="UTKFace, Z. Zhang, Y. Song and H. Qi, CVPR 2017, arXiv 1702.08423",
    licence="non-commercial research only; the copyright of the images stays with their owners",
    ethics="The faces were taken from the web without consent, and race and gender were guessed by a model "
    "and corrected by annotators, in a few fixed categories that people may not see themselves in. Show "
    "group differences of the methods with it, and never use it to judge people.",
    size=f"about 23 700 aligned portraits, 200×200, resized to {SIDE}×{SIDE}",
    test_set=f"Equally many images of every (class, group) cell, at most {MOST_TESTED} and at most a third "
    "of the smallest cell; the same for every seed.",
    max_groups=8,
    attributes=ATTRIBUTES,
    label="age",
    group="race",
    files=(DataFile(FOLDER, 0, "", "UTKFace.tar.gz"),),
    fetch="Ask for the aligned and cropped faces (UTKFace.tar.gz, about 107 MB) at "
    "https://susanqq.github.io/UTKFace/ and unpack it in the data folder, so that the images lie in UTKFace.",
)
