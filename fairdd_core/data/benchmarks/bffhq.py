"""BFFHQ: age from a face, where nearly all young faces are women's and nearly all old ones men's."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fairdd_core.data.benchmarks import attributes
from fairdd_core.data.benchmarks.attributes import SIDE
from fairdd_core.data.card import DataFile
from fairdd_core.data.image_store import Progress, cache_folder, open_cache
from fairdd_core.errors import UserError

FOLDER = "bffhq"
PARTS = {"0.5pct/align": attributes.TRAIN, "0.5pct/conflict": attributes.TRAIN, "test": attributes.TEST}
ATTRIBUTES = {"age": ("young", "old"), "gender": ("female", "male")}


def read_bffhq(data_dir: Path, progress: Progress | None = None) -> attributes.AnnotatedImages:
    """Return the faces under ``data_dir/bffhq``; label and group are the last two fields of their names.

    Raises:
        UserError: when a part is missing, or a name has no such fields.
    """
    import pandas as pd

    base, rows = data_dir / FOLDER, []
    for folder, part in PARTS.items():
        if not (base / folder).is_dir():
            raise UserError("data.dataset", f"the folder {folder} in {base}", "none", CARD.fetch)
        for name in attributes.image_names(base / folder):
            fields = name.rpartition("/")[2].rpartition(".")[0].split("_")
            if not set(fields[-2:]) <= {"0", "1"} or len(fields) < 3:
                raise UserError("data.dataset", f"names that end in _0 or _1 twice in {base / folder}", name)
            rows.append((f"{folder}/{name}", int(fields[-2]), int(fields[-1]), part))
    if not rows:
        raise UserError("data.dataset", f"images in {base}", "none", CARD.fetch)
    table = pd.DataFrame(rows, columns=["file", "age", "gender", "part"])
    store = open_cache(cache_folder(data_dir), "bffhq", base, table, SIDE, progress=progress)
    columns = {name: store.samples[name].to_numpy(np.int64) for name in ("age", "gender", "part")}
    return attributes.AnnotatedImages(store, {name: columns[name] for name in ATTRIBUTES}, columns["part"])


CARD = attributes.annotated_card(
    read_bffhq,
    attributes.whole_part,
    title="BFFHQ",
    summary="Portraits of Flickr users, young or old. By selection, 99.5 % of the young ones are women and "
    f"99.5 % of the old ones men; only 96 of 19 200 are exceptions. {attributes.SKEW}",
    source="Biased FFHQ, J. Lee et al., NeurIPS 2021, arXiv 2107.01372, from FFHQ by T. Karras, S. Laine "
    "and T. Aila",
    licence="CC BY-NC-SA 4.0 for the selection of FFHQ; every photograph has its own Creative Commons "
    "licence",
    ethics="Age and gender were estimated by a model from looks, in two values each, and nobody was asked. "
    "The tie between them was constructed for the study of bias and describes no population.",
    size=f"19 200 training and 1 000 test portraits, 128×128, resized to {SIDE}×{SIDE}",
    test_set="The published test part as shipped, half of it against the training set's tie of age and "
    "gender.",
    max_groups=2,
    attributes=ATTRIBUTES,
    label="age",
    group="gender",
    files=tuple(DataFile(f"{FOLDER}/{part}") for part in PARTS),
    fetch="Take the archive bffhq of the authors of “Learning Debiased Representation via Disentangled "
    "Feature Augmentation” (github.com/kakaoenterprise/Learning-Debiased-Disentangled) and unpack it, so "
    "that 0.5pct and test lie in bffhq.",
)
