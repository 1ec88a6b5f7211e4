"""Every benchmark's loader, on an archive laid out as the real one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data.benchmarks import cifar
from fairdd_core.data.benchmarks.celeba import NAMES
from fairdd_core.data.grouped import Split
from fairdd_core.data.registry import DATASETS, load
from fairdd_core.errors import UserError
from tests.data.archives import (
    picture,
    write_bffhq,
    write_celeba,
    write_cifar,
    write_cifar_images,
    write_idx,
    write_utkface,
)


def default_spec(name: str, **changes: object) -> DataSpec:
    usual = DATASETS[name].usual(str(changes.get("label", "")), str(changes.get("group", "")))
    return DataSpec.model_validate({**usual.model_dump(), "dataset": name, **changes})


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    cifar.read_batches.cache_clear()


@pytest.mark.parametrize("name", list(DATASETS))
def test_every_card_says_what_one_should_know(name: str) -> None:
    card = DATASETS[name]
    for text in (
        card.title,
        card.summary,
        card.source,
        card.licence,
        card.size,
        card.test_set,
        card.separation,
    ):
        assert text.strip()
    assert card.ethics.rstrip(".").count(". ") == 1, "ethics must be two sentences"
    assert card.classes == len(set(card.class_names)) >= 2
    labels = card.labels(card.usual())
    assert len(labels.groups) == card.usual().groups <= card.max_groups
    assert bool(card.fetch) == bool(card.files)
    card.check(DataSpec.model_validate({**card.usual().model_dump(), "dataset": name}))
    assert set(card.facts()) >= {"What it is", "Licence", "Limits", "Test set", "Groups"}


@pytest.mark.parametrize("name", [name for name, card in DATASETS.items() if card.train_counts])
def test_the_sizes_of_classes_that_a_card_states_are_true(name: str, tmp_path: Path) -> None:
    card = DATASETS[name]
    train = load(default_spec(name), 0, tmp_path).train
    assert card.class_sizes(card.usual()) == np.bincount(train.y_N).tolist()


@pytest.mark.parametrize("name", [name for name, card in DATASETS.items() if card.files])
def test_missing_files_say_which_where_and_how(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load(default_spec(name), 0, tmp_path)
    message = str(caught.value)
    for file in DATASETS[name].files:
        assert Path(file.path).name in message
    assert str(tmp_path) in message
    assert "colored-digits-fg needs no files" in message
    assert ("data download" in message) == bool(DATASETS[name].torchvision)


@pytest.mark.parametrize("place", ["fg", "bg"])
def test_fashion_mnist_has_mnists_layout(place: str, tmp_path: Path) -> None:
    write_idx(tmp_path / "FashionMNIST" / "raw")
    split = load(default_spec(f"colored-fashion-{place}", groups=4), 0, tmp_path)
    assert split.train.x_NCHW.shape == (200, 3, 32, 32)
    assert split.train.class_names[9] == "ankle boot"
    assert split.train.group_names == ("red", "yellow", "cyan", "violet")
    assert (split.test.counts_CG() == 10).all()
    assert split.train.counts_CG().max(axis=1).tolist() == [18] * 10


def test_cifar10_s_is_grey_in_the_first_half_and_tested_in_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cifar(tmp_path, monkeypatch)
    split = load(default_spec("cifar10-s"), 0, tmp_path)
    train, test = split.train, split.test
    assert train.counts_CG().tolist() == [[18, 2]] * 5 + [[2, 18]] * 5
    grey_N = (train.x_NCHW == train.x_NCHW[:, :1]).all(axis=(1, 2, 3))
    assert (grey_N == (train.a_N == 0)).all()
    assert (test.counts_CG() == 4).all()
    assert (test.y_N[::2] == test.y_N[1::2]).all()
    grey = np.rint(np.einsum("nchw,c->nhw", test.x_NCHW[1::2], [0.299, 0.587, 0.114]))
    assert (test.x_NCHW[::2, 0] == grey).all(), "the same picture, once grey and once in colour"


def test_cifar10_s_without_separation_is_all_in_colour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cifar(tmp_path, monkeypatch)
    none, half, full = (
        load(default_spec("cifar10-s", separation=s), 0, tmp_path).test.x_NCHW.astype(int)
        for s in (0, 0.5, 1)
    )
    assert (none[::2] == none[1::2]).all()
    assert np.abs(half[::2] - (none[::2] + full[::2]) / 2).max() <= 1
    assert (half[1::2] == none[1::2]).all()


def test_a_changed_cifar_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cifar(tmp_path, monkeypatch)
    file = tmp_path / "cifar-10-batches-py" / "data_batch_2"
    file.write_bytes(file.read_bytes() + b"!")
    with pytest.raises(UserError, match="published files"):
        load(default_spec("cifar10-s"), 0, tmp_path)


@pytest.mark.parametrize("place", ["cifar10", "."])
def test_cifar10_is_read_from_folders_of_images_and_called_unverified(place: str, tmp_path: Path) -> None:
    card = DATASETS["cifar10-s"]
    assert card.missing(tmp_path)
    assert card.note(tmp_path) == ""
    write_cifar_images(tmp_path / place)
    (tmp_path / place / "train" / "bird" / "0001.png").write_bytes(b"not an image")
    assert not card.missing(tmp_path)
    assert "not verified" in card.note(tmp_path)
    steps: list[tuple[int, int]] = []
    assert card.prepare is not None
    card.prepare(tmp_path, lambda done, total, note: steps.append((done, total)))
    assert steps[-1] == (240, 240)
    split = load(default_spec("cifar10-s", separation=0), 0, tmp_path)
    assert split.train.counts_CG().sum(axis=1).tolist() == [20, 20, 19, *[20] * 7]
    assert (split.test.counts_CG() == 4).all()
    first = np.asarray(Image.open(tmp_path / place / "train" / "airplane" / "0000.png"))
    assert (split.train.x_NCHW[0] == first.transpose(2, 0, 1)).all(), "PNGs keep every pixel"
    for part in (split.train, split.test):
        level_N = part.x_NCHW[:, :, 0].mean(axis=(1, 2))
        assert np.abs(level_N - 20 * part.y_N)[part.y_N < 9].max() == 0
    card.prepare(tmp_path, lambda done, total, note: pytest.fail("the images were read already"))


def test_verified_files_take_precedence_over_folders_of_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cifar_images(tmp_path / "cifar10", train=1, test=1)
    write_cifar(tmp_path, monkeypatch)
    assert DATASETS["cifar10-s"].note(tmp_path) == ""
    assert len(load(default_spec("cifar10-s"), 0, tmp_path).train) == 200


def test_folders_of_images_need_all_classes(tmp_path: Path) -> None:
    write_cifar_images(tmp_path / "cifar10", train=1, test=1)
    (tmp_path / "cifar10" / "test" / "frog").rename(tmp_path / "cifar10" / "test" / "toad")
    with pytest.raises(UserError, match="CLASS"):
        load(default_spec("cifar10-s"), 0, tmp_path)


def test_utkface_reads_its_names_and_balances_the_test_set(tmp_path: Path) -> None:
    write_utkface(tmp_path)
    split = load(default_spec("utkface"), 0, tmp_path)
    assert split.train.class_names == ("0–19", "20–39", "40 or older")
    assert split.train.group_names == ("White", "Black", "Asian", "Indian")
    assert (split.test.counts_CG() == 2).all(), "a third of the smallest cell"
    assert split.train.counts_CG().tolist() == [[10, 4, 4, 4]] * 3
    assert split.train.x_NCHW.shape[1:] == (3, 64, 64)
    for part in (split.train, split.test):  # the colours say what was written
        red_N = part.x_NCHW[:, 0, 32, 32].astype(int)
        assert (np.abs(red_N - 50 * part.a_N) <= 4).all()
        green_N = part.x_NCHW[:, 1, 32, 32].astype(int)
        assert (np.abs(green_N - 3 * np.array([3, 30, 70])[part.y_N]) <= 4).all()


def test_utkface_by_gender_and_by_both(tmp_path: Path) -> None:
    write_utkface(tmp_path)
    gender = load(default_spec("utkface", group="gender"), 0, tmp_path)
    assert gender.train.group_names == ("male", "female")
    assert len(gender.train) + len(gender.test) == 3 * (12 + 4 * 6), "race “others” has a gender"
    both = load(default_spec("utkface", group="race+gender"), 0, tmp_path)
    assert both.train.group_names[:2] == ("White × male", "White × female")
    assert both.train.num_groups == 8
    race = load(default_spec("utkface", label="gender"), 0, tmp_path)
    assert race.train.class_names == ("male", "female")


def test_the_test_set_of_faces_does_not_depend_on_the_seed_or_the_skew(tmp_path: Path) -> None:
    write_utkface(tmp_path)
    one, other = (
        load(default_spec("utkface"), 0, tmp_path),
        load(default_spec("utkface", skew=0.6), 7, tmp_path),
    )
    assert (np.asarray(one.test.x_NCHW) == np.asarray(other.test.x_NCHW)).all()
    assert one.dropped_CG is not None
    assert not one.dropped_CG.any()
    assert other.dropped_CG is not None
    assert (one.train.counts_CG() - other.train.counts_CG() == other.dropped_CG).all()
    shares_C = other.train.counts_CG().max(axis=1) / other.train.counts_CG().sum(axis=1)
    assert np.allclose(shares_C, 0.6, atol=0.05)


def test_separation_of_faces_is_a_tint_that_grows(tmp_path: Path) -> None:
    write_utkface(tmp_path)

    def pixels(separation: float) -> tuple[Split, np.ndarray]:
        split = load(default_spec("utkface", separation=separation), 0, tmp_path)
        return split, np.asarray(split.train.x_NCHW).astype(int)

    plain, plain_NCHW = pixels(0)
    _, half_NCHW = pixels(0.5)
    _, full_NCHW = pixels(1)
    shift = (full_NCHW - plain_NCHW)[:, :, 32, 32]
    for g in range(4):
        of_group = shift[plain.train.a_N == g]
        inside = (full_NCHW[plain.train.a_N == g][:, :, 32, 32] % 255 > 0).all(axis=1)
        assert (of_group[inside] == of_group[inside][0]).all()
        assert inside.sum() == 0 or abs(of_group[inside][0].sum()) <= 2, "brightness stays"
    grown = np.abs(half_NCHW - plain_NCHW) <= np.abs(full_NCHW - plain_NCHW)
    assert grown.all()
    assert (half_NCHW != plain_NCHW).any()


def test_celeba_takes_any_attribute_as_label_and_as_group(tmp_path: Path) -> None:
    values = write_celeba(tmp_path)
    split = load(default_spec("celeba"), 0, tmp_path)
    assert split.train.class_names == ("not attractive", "attractive")
    assert split.train.group_names == ("female", "male")
    column = {name: values[:, i].astype(int) for i, name in enumerate(NAMES)}
    trained = slice(0, 30)
    assert split.train.y_N.tolist() == column["Attractive"][trained].tolist()
    assert split.train.a_N.tolist() == column["Male"][trained].tolist()
    assert np.ptp(split.test.counts_CG()) == 0
    other = load(default_spec("celeba", label="Smiling", group="Young+Male"), 0, tmp_path)
    assert other.train.group_names == ("old × female", "old × male", "young × female", "young × male")
    assert other.train.a_N.tolist() == (2 * column["Young"] + column["Male"])[trained].tolist()


def test_celeba_names_what_its_lists_lack(tmp_path: Path) -> None:
    write_celeba(tmp_path)
    gone = tmp_path / "celeba" / "img_align_celeba" / "000007.jpg"
    gone.unlink()
    with pytest.raises(UserError, match=r"000007\.jpg"):
        load(default_spec("celeba"), 0, tmp_path)
    (tmp_path / "celeba" / "list_attr_celeba.txt").write_text("not a list")
    with pytest.raises(UserError, match="as published"):
        load(default_spec("celeba"), 0, tmp_path)


def test_bffhq_is_split_as_shipped(tmp_path: Path) -> None:
    write_bffhq(tmp_path)
    split = load(default_spec("bffhq"), 0, tmp_path)
    assert split.train.counts_CG().tolist() == [[12, 2], [2, 12]]
    assert (split.test.counts_CG() == 5).all()
    assert split.train.class_names == ("young", "old")
    red_N = split.train.x_NCHW[:, 0, 10, 10]
    assert (red_N == 200 * split.train.y_N).all()


def test_a_badly_named_face_is_named(tmp_path: Path) -> None:
    write_bffhq(tmp_path)
    picture(tmp_path / "bffhq" / "test" / "7_young_0.png", (0, 0, 0), (128, 128))
    with pytest.raises(UserError, match="7_young_0"):
        load(default_spec("bffhq"), 0, tmp_path)


def test_unreadable_faces_are_left_out(tmp_path: Path) -> None:
    write_utkface(tmp_path)
    broken = next((tmp_path / "UTKFace").glob("3_0_1_*"))
    broken.write_bytes(broken.read_bytes()[:500])
    split = load(default_spec("utkface"), 0, tmp_path)
    assert len(split.train) + len(split.test) == 3 * (12 + 3 * 6) - 1


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"groups": 5}, "data.groups", ["4", "White"]),
        ({"label": "mood"}, "data.label", ["age", "race", "gender"]),
        ({"group": "age"}, "data.group", ["label age"]),
        ({"group": "race+race", "groups": 16}, "data.group", ["different"]),
        ({"group": "race+mood", "groups": 8}, "data.group", ["'mood'"]),
        ({"skew": 0.9}, "data.skew", ["at most 0.7"]),
    ],
)
def test_what_utkface_cannot_be_is_refused(
    changes: dict, field: str, words: list[str], tmp_path: Path
) -> None:
    write_utkface(tmp_path)
    spec = DATASETS["utkface"].usual().model_dump() | {"dataset": "utkface"} | changes
    with pytest.raises(UserError) as caught:
        load(DataSpec.model_validate(spec), 0, tmp_path)
    assert caught.value.field == field
    assert all(word in str(caught.value) for word in words), caught.value


def test_a_set_without_a_choice_refuses_one() -> None:
    with pytest.raises(UserError, match="leaves no choice"):
        DATASETS["colored-digits-fg"].check(DataSpec(label="age"))
    with pytest.raises(UserError, match="synthetic"):
        DATASETS["colored-digits-fg"].check(DataSpec(skew=None))
