"""Fashion-MNIST, to be coloured: the same files as MNIST in another folder."""

from __future__ import annotations

from functools import partial

from fairdd_core.data.benchmarks.colored import colored_cards
from fairdd_core.data.benchmarks.torchvision_files import IDX_SIDE, idx_content, idx_files, read_idx

NAMES = (
    "T-shirt or top",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


CARDS = colored_cards(
    "colored-fashion",
    partial(read_idx, name="FashionMNIST"),
    content=partial(idx_content, name="FashionMNIST"),
    title="Colored Fashion-MNIST",
    source="Fashion-MNIST, H. Xiao, K. Rasul and R. Vollgraf, Zalando Research, arXiv 1708.07747",
    licence="MIT",
    ethics="The articles come from one European web shop, so clothing of other places is missing. Colour "
    "stands in for a protected group here and says nothing about people.",
    size="60 000 training and 10 000 test pictures of clothing, 28×28, padded to 32×32",
    what="Pieces of clothing",
    thing="article",
    side=IDX_SIDE,
    class_names=NAMES,
    published_test="dealt",
    mirrored=True,
    rendering="In the grey levels of the pictures, without overflow. The papers’ coloured backgrounds exceed "
    "8 bits and wrap around; that is not repeated here, so their numbers for backgrounds cannot be compared.",
    files=idx_files("FashionMNIST"),
    fetch="Take the four IDX files of Fashion-MNIST from https://github.com/zalandoresearch/fashion-mnist, "
    "unpack them and put them into FashionMNIST/raw.",
    torchvision="torchvision.datasets:FashionMNIST",
)
