"""The map: every kind of point, and distances that are those of the real space."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fairdd_core.config.presets import arms_named
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.data.grouped import Split
from fairdd_core.embed.nearest import nearest_rows
from fairdd_core.embed.points import rows_per_cell
from fairdd_core.embed.stage import EmbeddingInput, embed
from fairdd_core.embed.trajectory import History, no_history
from fairdd_core.events import Embedded, Nearest, Phase
from fairdd_core.nets.build import make_network
from tests.helpers import TINY_NET, toy_dataset

CPU = torch.device("cpu")
ARMS = arms_named("vanilla", "cobra", "fairdd")


def events(umap: bool = False, history: History = no_history) -> list[Phase | Nearest | Embedded]:
    train = toy_dataset()
    net = make_network(TINY_NET, 8, 3, torch.Generator().manual_seed(0), CPU).requires_grad_(False)
    rows = np.concatenate([np.flatnonzero(train.y_N == c)[:2] for c in range(3)])
    x = torch.from_numpy(train.normalisation.apply(train.x_NCHW[rows]))
    synthetic = {arm.name: (x, torch.from_numpy(train.y_N[rows])) for arm in ARMS}
    spec = EmbeddingSpec(samples_per_cell=3, umap=umap, neighbors=5)
    shown = EmbeddingInput(Split(train, train), synthetic, ARMS, 9, history)
    return list(embed(net, shown, spec, 0, CPU))


def embedded(umap: bool = False, history: History = no_history) -> list[Embedded]:
    return [event for event in events(umap, history) if isinstance(event, Embedded)]


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
    moved = []  # keeps memory, so that later arrays lie elsewhere, on which ARPACK's last bits depend
    for size in range(1, 7):
        moved.append(np.empty(1013 * size))
        again = embedded(umap=True)[1]
        assert np.array_equal(second.points.umap_x, again.points.umap_x)


def test_rows_per_cell_takes_up_to_the_limit() -> None:
    train = toy_dataset()
    rows = rows_per_cell(train, 5, np.random.default_rng(0))
    cell = train.y_N[rows] * 2 + train.a_N[rows]
    assert np.bincount(cell).tolist() == [5, 3] * 3
    assert len(set(rows)) == len(rows)


def test_the_last_moment_is_the_finished_map() -> None:
    start_NCHW = torch.zeros(6, 3, 8, 8)
    first, second = embedded(True, lambda: [(0, {arm.name: start_NCHW for arm in ARMS})])
    assert first.moments.umap_x.isna().all()
    moments = second.moments
    assert moments[["pca_x", "pca_y", "umap_x", "umap_y"]].notna().all(axis=None)
    assert moments.groupby(["iteration", "kind"]).size().to_dict() == {
        (iteration, kind): n * len(ARMS)
        for iteration in (0, 9)
        for kind, n in (("synthetic", 6), ("class_mean", 3))
    }
    finished = second.points[second.points.kind.isin(["synthetic", "class_mean"])]
    last = moments[moments.iteration == 9]
    assert last[["arm", "index", "pca_x", "umap_y"]].to_numpy().tolist() == (
        finished[["arm", "index", "pca_x", "umap_y"]].to_numpy().tolist()
    )
    # The blank images are all alike, so each of them lies where their mean is.
    blank = moments[(moments.iteration == 0) & (moments.arm == "cobra")]
    assert np.ptp(blank[["pca_x", "pca_y"]].to_numpy(), axis=0) == pytest.approx(np.zeros(2), abs=1e-4)
    assert embedded(True)[1].points.equals(second.points), "the past does not move the finished map"


def test_a_copy_is_its_own_neighbour() -> None:
    """The synthetic images are the first two real ones of each class, both of group 0."""
    found = next(event for event in events() if isinstance(event, Nearest))
    train = toy_dataset()
    copied = np.concatenate([np.flatnonzero(train.y_N == c)[:2] for c in range(3)])
    assert found.searched_CG.tolist() == train.counts_CG().tolist()
    assert found.real_MGR.shape == (6, 2, 3)
    for m, row in enumerate(copied):
        assert found.real_MGR[m, train.a_N[row], 0] == row
        assert found.real_distance_MGR[m, train.a_N[row], 0] == pytest.approx(0, abs=1e-5)
        assert found.synthetic_NR[row, 0] == m
    assert (train.y_N[found.real_MGR] == train.y_N[copied][:, None, None]).all()
    assert (train.a_N[found.real_MGR] == np.arange(2)[None, :, None]).all()
    assert (np.diff(found.real_distance_MGR) >= -1e-3).all()


def test_where_too_few_are_there_the_rest_is_none() -> None:
    pool = torch.tensor([[0.0, 0.0], [3.0, 4.0]])
    rows, distances = nearest_rows(torch.tensor([[3.0, 3.0]]), pool)
    assert rows.tolist() == [[1, 0, -1]]
    assert distances[0, :2] == pytest.approx([1.0, 18**0.5])
    assert np.isnan(distances[0, 2])
    assert nearest_rows(pool, pool[:0])[0].tolist() == [[-1] * 3] * 2
