"""All data sets. To add one, write a file with a card in ``benchmarks`` and a line in ``DATASETS``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.benchmarks import bffhq, celeba, cifar, digits, fashion, mnist, utkface
from fairdd_core.data.bias.label_noise import with_conditions
from fairdd_core.data.card import DatasetCard
from fairdd_core.data.custom.cards import custom_cards
from fairdd_core.data.grouped import Split
from fairdd_core.errors import UserError, lookup

__all__ = ["DATASETS", "DatasetCard", "card_of", "cards", "content_of", "crossed_test", "load"]

DATASETS: dict[str, DatasetCard] = {
    **digits.CARDS,
    **mnist.CARDS,
    **fashion.CARDS,
    "cifar10-s": cifar.CARD,
    "utkface": utkface.CARD,
    "celeba": celeba.CARD,
    "bffhq": bffhq.CARD,
}


def cards(data_dir: Path) -> dict[str, DatasetCard]:
    """Return every data set by key: the benchmarks, then the custom sets in the data folder."""
    return {**DATASETS, **custom_cards(data_dir)}


def card_of(name: str, data_dir: Path | None = None) -> DatasetCard:
    """Return the card of a data set.

    Args:
        name: of the data set.
        data_dir: the data folder, which may hold custom data sets; None for the benchmarks only.

    Raises:
        UserError: when the name is unknown; the message lists the known ones.
    """
    if data_dir is None or name in DATASETS:
        return lookup(DATASETS, name, "data.dataset")
    return lookup(cards(data_dir), name, "data.dataset")


def crossed_test(spec: DataSpec) -> bool:
    """Return whether the test set of a run shows every picture in every group.

    The test images are then G rows for each picture: ``np.repeat`` of the pictures, ``np.tile`` of the
    groups. Custom sets are annotated, so the benchmarks are all that can.
    """
    card = DATASETS.get(spec.dataset)
    return card is not None and card.crosses(spec)


def load(spec: DataSpec, seed: int, data_dir: Path) -> Split:
    """Load and bias a data set, then apply label noise and hide group labels.

    Args:
        spec: the data set and its bias.
        seed: of the run; decides which image gets which group.
        data_dir: folder with the files of the data sets.

    Raises:
        UserError: for an unknown name, settings that the data set does not allow, or missing files.
    """
    card = card_of(spec.dataset, data_dir)
    card.check(spec)
    card.check_files(data_dir, spec.dataset)
    split = card.load(spec, seed, data_dir)
    split = replace(split, content=split.content or card.content(data_dir))
    return with_conditions(split, spec, seed)


def content_of(name: str, data_dir: Path) -> str:
    """Return the digest of a data set in the data folder, "" where it is unknown: absent, or not read yet.

    Cheap where nothing has changed since the last call in this process.
    """
    try:
        card = card_of(name, data_dir)
        return "" if card.missing(data_dir) else card.content(data_dir)
    except (UserError, OSError):
        return ""
