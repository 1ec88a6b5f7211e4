"""Test pictures and the synthetic groups that they are shown in."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from fairdd_core.config.spec.data import DataSpec, TestGroups
from fairdd_core.config.spec.run import SPEC_VERSION, RunSpec
from fairdd_core.data.bias.deal import at_most, shown_in_groups
from fairdd_core.data.grouped import Split
from fairdd_core.data.registry import DATASETS, crossed_test, load
from fairdd_core.errors import UserError
from tests.data.archives import write_idx
from tests.runs.test_earlier_versions import BUNDLED

SIZES_C = np.array([7, 40, 23])
CLASS_N = np.random.default_rng(0).permutation(np.repeat(np.arange(3), SIZES_C))


def spec(test_groups: TestGroups = "crossed", test_images: int = 0, groups: int = 4) -> DataSpec:
    return DataSpec(groups=groups, test_groups=test_groups, test_images=test_images)


def version_1(dataset: str, seed: int) -> RunSpec:
    """Return a specification as it was read from a file of version 1."""
    text = (BUNDLED[0] / "spec.json").read_text()
    document = RunSpec.model_validate_json(text).model_dump(mode="json")
    old = {name: value for name, value in document["data"].items() if name in VERSION_1}
    data = old | {"dataset": dataset, "groups": 4}
    return RunSpec.model_validate(document | {"version": 1, "seed": seed, "data": data})


VERSION_1 = ("dataset", "groups", "skew", "separation", "label", "group", "label_noise", "known_share")


def digest(split: Split) -> str:
    made = hashlib.sha256()
    for part in (split.train, split.test):
        for array in (part.x_NCHW, part.y_N, part.a_N):
            made.update(np.ascontiguousarray(array).tobytes())
    return made.hexdigest()


def test_a_crossed_test_shows_every_picture_in_every_group_once() -> None:
    rows_M, groups_M = shown_in_groups(CLASS_N, spec(), 0)
    pairs = set(zip(rows_M.tolist(), groups_M.tolist(), strict=True))
    assert pairs == {(row, group) for row in range(70) for group in range(4)}
    assert len(rows_M) == 280
    assert rows_M.tolist() == np.repeat(np.arange(70), 4).tolist()
    assert groups_M.tolist() == np.tile(np.arange(4), 70).tolist()


def test_the_deal_is_uniform_and_the_same_for_all_seeds() -> None:
    (rows_M, groups_M), (_, other_M) = (shown_in_groups(CLASS_N, spec("dealt"), seed) for seed in (0, 7))
    assert rows_M.tolist() == list(range(70))
    assert groups_M.tolist() == other_M.tolist()
    for c in range(3):
        counts_G = np.bincount(groups_M[c == CLASS_N], minlength=4)
        assert np.ptp(counts_G) <= 1


def test_the_deal_of_earlier_versions_follows_the_seed() -> None:
    one, same, other = (
        shown_in_groups(CLASS_N, spec("dealt-per-seed"), seed)[1].tolist() for seed in (0, 0, 7)
    )
    assert one == same
    assert one != other


@pytest.mark.parametrize("test_groups", ["crossed", "dealt"])
def test_a_limit_draws_equally_many_pictures_of_every_class_for_any_seed(test_groups: TestGroups) -> None:
    wanted = spec(test_groups, test_images=60)
    (rows_M, groups_M), (again_M, _) = (shown_in_groups(CLASS_N, wanted, seed) for seed in (0, 7))
    assert rows_M.tolist() == again_M.tolist()
    crossed = test_groups == "crossed"
    pictures = np.unique(rows_M)
    counts_C = np.bincount(CLASS_N[pictures], minlength=3)
    assert counts_C.tolist() == ([5, 5, 5] if crossed else [7, 20, 20]), "the smallest class has only 7"
    assert len(rows_M) == (60 if crossed else 47)
    assert np.bincount(groups_M).tolist() == ([15] * 4 if crossed else np.bincount(groups_M).tolist())
    smaller = np.unique(shown_in_groups(CLASS_N, spec(test_groups, test_images=24), 0)[0])
    assert set(smaller) < set(pictures)


def test_a_set_below_the_limit_is_tested_as_it_is() -> None:
    assert at_most(CLASS_N, 70).tolist() == at_most(CLASS_N, 0).tolist() == list(range(70))
    assert len(at_most(CLASS_N, 69)) < 70
    assert len(at_most(CLASS_N, 1, per_picture=10)) == 3, "one picture of every class is always tested"


@pytest.mark.parametrize(
    ("dataset", "seed", "bytes_before"),
    [
        ("colored-fashion-bg", 0, "364bd90538ef647dde94f9892ce3492c5d3e07a0232fde4069ee202dbc97b9fe"),
        ("colored-fashion-bg", 7, "d066d243f97b82cb0dc667e4e500b3b485fa94a4bf32b3f5164a357b2be66c67"),
        ("colored-mnist-fg", 0, "529fd7980e0794a3b9bc67de5e912fa96e24a106bf9c8d9f846b5043b87bdc42"),
        ("colored-mnist-fg", 7, "7cf02497c8626d6c74658313b9a05f44ef582dc929349a16d9d352b8d5553f37"),
        ("colored-digits-fg", 0, "f7e2ea5d8fe7fa5dae64a0990451c396ee9ec93427d5a9325617052a458cc59e"),
        ("colored-digits-fg", 7, "fa5b48ed15da7bb3c107795fab957129ee55fe4e746fe9feecc76f585e0fb328"),
    ],
)
def test_a_run_of_version_1_keeps_its_data_to_the_byte(
    dataset: str, seed: int, bytes_before: str, tmp_path: Path
) -> None:
    for name in ("MNIST", "FashionMNIST"):
        write_idx(tmp_path / name / "raw")
    old = version_1(dataset, seed)
    assert digest(load(old.data, seed, tmp_path)) == bytes_before
    assert crossed_test(old.data) == dataset.startswith("colored-digits")


def test_version_1_becomes_today_and_stays_what_it_meant() -> None:
    old = version_1("colored-mnist-bg", 3)
    assert (old.version, old.data.test_groups) == (SPEC_VERSION, "dealt-per-seed")
    assert RunSpec.model_validate_json(old.model_dump_json()) == old
    for dataset in ("colored-digits-fg", "cifar10-s", "utkface"):
        assert version_1(dataset, 0).data.test_groups == "crossed"


def test_annotated_groups_are_neither_crossed_nor_dealt() -> None:
    card = DATASETS["utkface"]
    usual = card.usual().model_copy(update={"dataset": "utkface"})
    assert not crossed_test(usual)
    assert not crossed_test(usual.model_copy(update={"dataset": "own-faces"}))
    assert crossed_test(DataSpec(dataset="cifar10-s", groups=2))
    assert not crossed_test(DataSpec(dataset="cifar10-s", groups=2, test_groups="dealt"))
    for changes in ({"test_groups": "dealt"}, {"test_images": 100}):
        with pytest.raises(UserError, match="annotated groups"):
            card.check(usual.model_copy(update=changes))


def test_cifar_can_be_dealt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fairdd_core.data.benchmarks import cifar
    from tests.data.archives import write_cifar

    cifar.read_batches.cache_clear()
    write_cifar(tmp_path, monkeypatch)
    split = load(DataSpec(dataset="cifar10-s", groups=2, test_groups="dealt"), 0, tmp_path)
    cifar.read_batches.cache_clear()
    assert (split.test.counts_CG() == 2).all()
