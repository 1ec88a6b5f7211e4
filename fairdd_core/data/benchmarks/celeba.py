"""CelebA: any of forty attributes as label, any others as group.

Images and lists are laid out as by torchvision, but read here, because torchvision's class requires three
further lists that nothing here needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fairdd_core.data.benchmarks import attributes
from fairdd_core.data.benchmarks.attributes import SIDE
from fairdd_core.data.card import DataFile
from fairdd_core.data.image_store import Progress, cache_folder, open_cache
from fairdd_core.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "celeba"
ATTRIBUTE_LIST, PART_LIST, IMAGES = "list_attr_celeba.txt", "list_eval_partition.txt", "img_align_celeba"
MOST_TESTED = 500
PARTS = {0: attributes.TRAIN, 1: attributes.NEITHER, 2: attributes.TEST}
"""The archive's training, validation and test part."""
_HEAD = (
    "5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips Big_Nose Black_Hair "
    "Blond_Hair Blurry Brown_Hair Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee Gray_Hair "
    "Heavy_Makeup High_Cheekbones Male Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard Oval_Face "
    "Pale_Skin Pointy_Nose Receding_Hairline Rosy_Cheeks Sideburns Smiling Straight_Hair Wavy_Hair "
    "Wearing_Earrings Wearing_Hat Wearing_Lipstick Wearing_Necklace Wearing_Necktie Young"
)
NAMES = tuple(_HEAD.split())
"""The forty attributes, in the order of the archive's list."""


_TEXTS = {name: name.replace("_", " ").lower() for name in NAMES}
ATTRIBUTES: dict[str, tuple[str, str]] = {
    **{name: (f"not {text}", text) for name, text in _TEXTS.items()},
    **{"Male": ("female", "male"), "Young": ("old", "young"), "No_Beard": ("beard", "no beard")},
}
"""Attribute -> what its absence and its presence mean."""


def read_celeba(data_dir: Path, progress: Progress | None = None) -> attributes.AnnotatedImages:
    """Return the faces under ``data_dir/celeba``.

    Raises:
        UserError: when a list cannot be read, or names an image that is not there.
    """
    folder = data_dir / FOLDER
    table = _lists(folder)
    try:
        store = open_cache(cache_folder(data_dir), "celeba", folder / IMAGES, table, SIDE, progress=progress)
    except FileNotFoundError as error:
        raise UserError(
            "data.dataset", f"every image of {ATTRIBUTE_LIST} in {folder / IMAGES}", f"no {error.filename}"
        ) from error
    values = {name: (store.samples[name].to_numpy(np.int64) > 0).astype(np.int64) for name in NAMES}
    return attributes.AnnotatedImages(store, values, store.samples["part"].map(PARTS).to_numpy(np.int64))


def _lists(folder: Path) -> pd.DataFrame:
    """Return a row per image: ``file``, the forty attributes (-1 or 1) and ``part``."""
    import pandas as pd

    try:
        marks = pd.read_csv(folder / ATTRIBUTE_LIST, sep=r"\s+", skiprows=1, index_col=0)
        parts = pd.read_csv(folder / PART_LIST, sep=r"\s+", header=None, index_col=0, names=["file", "part"])
        table = marks[list(NAMES)].astype(np.int8).join(parts["part"].astype(np.int8), how="inner")
        table["part"].map(PARTS).astype(np.int64)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            "data.dataset", f"{ATTRIBUTE_LIST} and {PART_LIST} as published, in {folder}", error
        ) from error
    if not len(table):
        raise UserError("data.dataset", f"the same images in {ATTRIBUTE_LIST} and {PART_LIST}", "none")
    return table.rename_axis("file").reset_index()


CARD = attributes.annotated_card(
    read_celeba,
    attributes.balanced_part(MOST_TESTED),
    title="CelebA",
    summary="Portraits of celebrities with forty yes-or-no attributes. Any of them can be predicted, any "
    "others can make the groups; as usual here, “attractive” is predicted and the groups are male and "
    f"female. {attributes.SKEW}",
    source="CelebA, Z. Liu, P. Luo, X. Wang and X. Tang, ICCV 2015, arXiv 1411.7766",
    licence="non-commercial research only; the copyright of the images stays with their owners",
    ethics="The people did not agree to be in it, and “attractive” or “male” are opinions of annotators "
    "about looks, in two values each. Such labels repeat stereotypes: show with them how methods treat "
    "groups, and conclude nothing about people.",
    size=f"202 599 aligned portraits, 178×218, cut to the central square and resized to {SIDE}×{SIDE}; "
    "162 770 are for training",
    test_set="Equally many images of every (class, group) cell of the published test part, at most "
    f"{MOST_TESTED}; the same for every seed.",
    max_groups=16,
    attributes=ATTRIBUTES,
    label="Attractive",
    group="Male",
    files=(
        DataFile(
            f"{FOLDER}/{IMAGES}", 1_443_490_838, "00d2c5bc6d35e252742224ab0c1e8fcb", "img_align_celeba.zip"
        ),
        DataFile(f"{FOLDER}/{ATTRIBUTE_LIST}", 26_721_026, "75e246fa4810816ffd6ee81facbd244c"),
        DataFile(f"{FOLDER}/{PART_LIST}", 2_836_386, "d32c9cbf5e040fd4025c592c306e6668"),
    ),
    fetch="Take img_align_celeba.zip, list_attr_celeba.txt and list_eval_partition.txt from "
    "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, put them into celeba and unpack the zip file there.",
    torchvision="torchvision.datasets:CelebA",
    needs="gdown",
)
