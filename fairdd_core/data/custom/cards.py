"""Cards of the custom sets."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.annotated import AnnotatedSet
from fairdd_core.data.bias.separation import TINT
from fairdd_core.data.card import DataFile, DatasetCard
from fairdd_core.data.custom.store import FOLDER, PREFIX, About, custom_sets, open_set
from fairdd_core.data.grouped import Split
from fairdd_core.data.image_store import IMAGES, SAMPLES
from fairdd_core.errors import UserError
from fairdd_core.units import counted


def custom_cards(data_dir: Path) -> dict[str, DatasetCard]:
    """Return the card of every custom set by its key, ``own-NAME``."""
    return {key: card_of(about) for key, about in custom_sets(data_dir).items()}


@lru_cache(maxsize=256)
def card_of(about: About) -> DatasetCard:
    """Return the card of a custom set."""
    train, test = about.sizes
    side = about.options.side
    return DatasetCard(
        title=about.title,
        summary=f"Your images, from {about.source}: {len(about.classes)} classes and "
        f"{len(about.groups)} groups, with the bias they have.",
        source="You added it.",
        licence="Unknown to the explorer; you added the images.",
        ethics="The explorer does not know how these images were taken and labelled. Use them only if you "
        "are allowed to and if nobody in them is harmed.",
        size=f"{train:,} images to train on and {test:,} to test, at {side}×{side}.",
        test_set=_test_set_text(about),
        separation=TINT,
        side=side,
        class_names=about.classes,
        group_names=about.groups,
        max_groups=len(about.groups),
        synthetic_groups=False,
        train_counts=about.train,
        mirrored=False,  # they may show letters or signs
        load=partial(_load, about.name),
        content=lambda data_dir: open_set(data_dir, about).content,
        files=tuple(DataFile(f"{FOLDER}/{about.name}/{file}") for file in (IMAGES, SAMPLES)),
        fetch="Remove the set and add it again, on the Data page or with python -m fairdd_core data add.",
    )


def _test_set_text(about: About) -> str:
    cells = [n for row in about.test for n in row]
    fewest, most = min(cells), max(cells)
    spread = f"{counted(most, 'image')} a cell" if fewest == most else f"{fewest} to {most} images a cell"
    options = about.options
    if about.drawn:
        return f"{options.test_share:.0%} of every cell, drawn once with seed {options.seed}; {spread}."
    return f"The test images that the set names; {spread}."


def _load(name: str, spec: DataSpec, seed: int, data_dir: Path) -> Split:
    """Return a custom set with the skew and the separation of ``spec``.

    Raises:
        UserError: when its files are damaged, or the skew cannot be reached.
    """
    about = custom_sets(data_dir).get(f"{PREFIX}{name}")
    if about is None:
        raise UserError("data.dataset", f"the custom set {name!r}", "none", "Add it again.")
    store = open_set(data_dir, about)
    y_N, a_N = (store.samples[column].to_numpy(np.int64) for column in ("y", "a"))
    test_N = store.samples["test"].to_numpy(bool)
    names = (about.classes, about.groups)
    usable = AnnotatedSet(store.x_NCHW, np.arange(len(store)), y_N, a_N, *names, content=store.content)
    return usable.split(~test_N, test_N, spec, seed)
