"""The data sets. Adding one is a file with a card and a line in ``DATASETS``."""

from __future__ import annotations

from pathlib import Path

from fairdd_core.data import bffhq, celeba, cifar, digits, fashion, mnist, utkface
from fairdd_core.data.card import DatasetCard
from fairdd_core.data.colored import coloured_card
from fairdd_core.data.grouped import Split
from fairdd_core.data.noise import with_conditions
from fairdd_core.data.spec import DataSpec
from fairdd_core.errors import lookup

__all__ = ["DATASETS", "DatasetCard", "load"]

DATASETS: dict[str, DatasetCard] = {
    "colored-digits-fg": coloured_card(digits.SHAPES, "foreground"),
    "colored-digits-bg": coloured_card(digits.SHAPES, "background"),
    "colored-mnist-fg": coloured_card(mnist.SHAPES, "foreground"),
    "colored-mnist-bg": coloured_card(mnist.SHAPES, "background"),
    "colored-fashion-fg": coloured_card(fashion.SHAPES, "foreground"),
    "colored-fashion-bg": coloured_card(fashion.SHAPES, "background"),
    "cifar10-s": cifar.CARD,
    "utkface": utkface.CARD,
    "celeba": celeba.CARD,
    "bffhq": bffhq.CARD,
}


def load(spec: DataSpec, seed: int, data_dir: Path) -> Split:
    """Load and bias a data set, then apply the specification's label noise and missing group labels.

    Args:
        spec: which one, and how biased.
        seed: of the run; decides which image gets which group.
        data_dir: folder under which files of data sets are looked for.

    Raises:
        UserError: unknown name, settings that this data set cannot have, or missing files.
    """
    card = lookup(DATASETS, spec.dataset, "data.dataset")
    card.check(spec)
    card.check_files(data_dir, spec.dataset)
    return with_conditions(card.load(spec, seed, data_dir), spec, seed)
