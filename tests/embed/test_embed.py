"""The map: every kind of point, and distances that are those of the real space."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fairdd_core.embed.points import rows_per_cell
from fairdd_core.embed.run import embed
from fairdd_core.embed.spec import EmbeddingSpec
from fairdd_core.events import Embedded
from fairdd_core.nets.build import make_network
from fairdd_core.runs.presets import arms_named
from tests.helpers import TINY_NET, toy_dataset

CPU = torch.device("cpu")
ARMS = arms_named("vanilla", "cobra", "fairdd")


def embedded(umap: bool = False) -> list[Embedded]:
    train = toy_dataset()
    net = make_network(TINY_NET, 8, 3, torch.Generator().manual_seed(0), CPU).requires_grad_(False)
    rows = np.concatenate([np.flatnonzero(train.y_N == c)[:2] for c in range(3)])
    x = torch.from_numpy(train.normalisation.apply(train.x_NCHW[rows]))
    synthetic = {arm.name: (x, torch.from_numpy(train.y_N[rows])) for arm in ARMS}
    spec = EmbeddingSpec(samples_per_cell=3, umap=umap, neighbors=5)
    return [e for e in embed(net, train, synthetic, ARMS, spec, 0, CPU) if isinstance(e, Embedded)]


def test_every_kind_of_point_is_there() -> None:
    (event,) = embedded()
    sizes = event.points.groupby(["kind", "arm"]).size().to_dict()
    assert sizes.pop(("real", "")) == 3 * 2 * 3
    assert sizes.pop(("group_mean", "")) == 3 * 2
    assert sizes == {
        (kind, arm.name): n
        for arm in ARMS
        for kind, n in (("synthetic", 6), ("target", 3), ("class_mean", 3))
    }
    assert event.points[["pca_x", "pca_y"]].notna().all(axis=None)
    assert event.points[["umap_x", "umap_y"]].isna().all(axis=None)


def test_targets_lie_where_the_algebra_puts_them() -> None:
    (event,) = embedded()
    points = event.points
    means = points[points.kind == "group_mean"]
    for c in range(3):
        xy = means[means.class_id == c][["pca_x", "pca_y"]].to_numpy()
        target = points[(points.kind == "target") & (points.class_id == c)].set_index("arm")[
            ["pca_x", "pca_y"]
        ]
        assert target.loc["cobra"].to_numpy() == pytest.approx(xy.mean(axis=0), abs=1e-4)
        assert target.loc["fairdd"].to_numpy() == pytest.approx(xy.mean(axis=0), abs=1e-4)
        # 12 images of group 0 and 3 of group 1; PCA is affine, so weighted means survive it
        assert target.loc["vanilla"].to_numpy() == pytest.approx((12 * xy[0] + 3 * xy[1]) / 15, abs=1e-4)


def test_residuals_are_distances_in_the_feature_space() -> None:
    (event,) = embedded()
    table = event.residuals
    assert len(table) == 3 * 3 * 2
    cobra = table[table.arm == "cobra"].pivot(index="class_id", columns="group_id", values="to_target")
    assert cobra[0].to_numpy() == pytest.approx(cobra[1].to_numpy()), "two groups: the middle"
    vanilla = table[table.arm == "vanilla"].pivot(index="class_id", columns="group_id", values="to_target")
    assert (vanilla[1] / vanilla[0]).to_numpy() == pytest.approx(np.full(3, 4.0), rel=1e-3), "12 to 3"
    assert table.groupby(["arm", "class_id"]).share.sum().to_numpy() == pytest.approx(np.ones(9))


def test_umap_comes_second_and_repeats() -> None:
    first, second = embedded(umap=True)
    assert first.points.umap_x.isna().all()
    assert second.points[["umap_x", "umap_y"]].notna().all(axis=None)
    again = embedded(umap=True)[1]
    assert np.array_equal(second.points.umap_x, again.points.umap_x)


def test_rows_per_cell_takes_up_to_the_limit() -> None:
    train = toy_dataset()
    rows = rows_per_cell(train, 5, np.random.default_rng(0))
    cell = train.y_N[rows] * 2 + train.a_N[rows]
    assert np.bincount(cell).tolist() == [5, 3] * 3
    assert len(set(rows)) == len(rows)
