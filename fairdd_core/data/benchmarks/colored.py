"""Grey, centred shapes whose group is a colour, on the shape or behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.benchmarks.torchvision_files import TrainTest
from fairdd_core.data.bias.deal import shown_in_groups
from fairdd_core.data.bias.separation import PALETTE, Place, colorize, pick_palette, separated
from fairdd_core.data.bias.skew import assign_groups
from fairdd_core.data.card import DatasetCard, Loader
from fairdd_core.data.grouped import GroupedDataset, Normalisation, Split
from fairdd_core.rng import numpy_stream

Reader = Callable[[Path], TrainTest]
Redraw = Callable[[np.ndarray], np.ndarray]
"""From grey images, uint8 (N, H, W), to as many of the same size."""
HALF = Normalisation((0.5,) * 3, (0.5,) * 3)
"""The normalisation of the published runs, from −1 to 1."""
LIMITED = (
    f"Where that makes more than {DataSpec().test_images:,} images, a fixed draw is tested, the same for "
    "every seed and equal in every class; the limit is a setting."
).replace(",000", " 000")


def colored_cards(
    name: str,
    read: Reader,
    *,
    title: str,
    what: str,
    thing: str,
    draw_as_published: Redraw | None = None,
    content: Callable[[Path], str] | None = None,
    **fields: Any,
) -> dict[str, DatasetCard]:
    """Return two cards by their key: the shapes coloured (``NAME-fg``), and their background (``NAME-bg``).

    Args:
        name: begins the keys.
        read: reads the grey images from the data folder.
        draw_as_published: redraws them as in the papers, where that is a choice.
        content: returns a digest of the data; by default that of what ``read`` returns.
        title: of the shapes.
        what: what the images show, to begin a sentence with.
        thing: what one image shows, e.g. ``digit``.
        fields: the other fields of the cards.
    """
    test_set = f"Each test {thing} is shown in every colour, so all cells are equally large."
    if fields.get("published_test") == "dealt":
        test_set += f" {LIMITED} The papers show each {thing} in one colour: choose “dealt” to do so."

    def card(place: Place) -> DatasetCard:
        inked = place == "foreground"
        return DatasetCard(
            title=f"{title} ({thing if inked else 'background'} coloured)",
            summary=f"{what} {'drawn in' if inked else 'in black on'} one colour per group; most of each "
            "class has the same colour, so colour predicts the class.",
            test_set=test_set,
            separation="0: all groups have the same mean colour. 1: the ten published colours.",
            load=_loader(read, place, fields["class_names"], draw_as_published),
            content=content or (lambda data_dir: read(data_dir).digest()),
            max_groups=len(PALETTE),
            renderings=("smooth", "published") if draw_as_published else ("smooth",),
            **fields,
        )

    return {f"{name}-fg": card("foreground"), f"{name}-bg": card("background")}


def _loader(read: Reader, place: Place, class_names: tuple[str, ...], redraw: Redraw | None) -> Loader:
    def load(spec: DataSpec, seed: int, data_dir: Path) -> Split:
        grey, skew, groups = read(data_dir), spec.skew or 1 / spec.groups, spec.groups
        palette = pick_palette(groups)
        colors_GC = separated(np.array([rgb for _, rgb in palette], float), spec.separation)
        a_N = assign_groups(grey.train_y_N, groups, skew, numpy_stream(seed, "data", "train"))
        normalisation = None
        if redraw is not None and spec.rendering == "published":
            normalisation = HALF
            grey = replace(grey, train_x=redraw(grey.train_x), test_x=redraw(grey.test_x))
        rows_M, b_M = shown_in_groups(grey.test_y_N, spec, seed)

        def grouped(grey_NHW: np.ndarray, y_N: np.ndarray, groups_N: np.ndarray) -> GroupedDataset:
            return GroupedDataset(
                x_NCHW=colorize(grey_NHW, colors_GC, groups_N, place),
                y_N=y_N,
                a_N=groups_N,
                class_names=class_names,
                group_names=tuple(name for name, _ in palette),
                group_colors=tuple(rgb for _, rgb in palette),
                fixed_normalisation=normalisation,
            )

        train = grouped(grey.train_x, grey.train_y_N, a_N)
        test = grouped(grey.test_x[rows_M], grey.test_y_N[rows_M], b_M)
        return Split(train, test, test_pictures=len(grey.test_y_N))

    return load
