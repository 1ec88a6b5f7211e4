"""The recipes behind the published numbers, and every point in which a preset still differs from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fairdd_core.config.spec.data import DSA_STRATEGY

Fields = Mapping[str, Any]
"""Dotted path of a setting -> value."""

FACES = frozenset({"utkface", "celeba", "bffhq"})
"""Data sets of faces, which IDC divides into more parts."""
LOOPS = {1: (1, 1), 10: (10, 50), 20: (20, 25), 30: (30, 20), 40: (40, 15), 50: (50, 10), 51: (100, 10)}
"""Images per class, or more -> iterations with the same network, and passes of its training between (DC)."""

SAME_EVERYWHERE = (
    "DSA scales height and width alike; the original draws them apart.",
    "DSA draws its parameters once for eight images of a test network's batch, and once for a batch of a "
    "matching network's training; the originals draw them for every image.",
    "A seed colours the training images anew; the originals repeat on one fixed set of colours.",
    "The peers' Fashion-MNIST (BG) overflows its pixels, which is not repeated.",
)
"""Differences from the published protocols that all presets have."""


@dataclass(frozen=True)
class Recipe:
    """A published recipe.

    Attributes:
        source: whose.
        fields: from images per class and data set to the settings.
        arms: from images per class to the methods: what they have besides their alignment, by name.
        followed: whether the recipe is followed in all that its source says; otherwise the preset only takes
            as long and is called ``long-``.
        differs: in what the preset differs from the source, or what the source leaves open.
    """

    source: str
    fields: Callable[[int, str], Fields]
    arms: Callable[[int], Mapping[str, Mapping[str, Any]]]
    followed: bool = True
    differs: tuple[str, ...] = ()


def _plain(passes: bool = True) -> Fields:
    """Return plain SGD, in passes over shuffled batches, for the matching networks."""
    return {
        "distill.schedule.sampling": "per-class",
        "distill.schedule.expert_lr": 0.01,
        "distill.schedule.expert_momentum": 0.0,
        "distill.schedule.expert_decay": 0.0,
        "distill.schedule.unit": "passes" if passes else "updates",
    }


def _test(epochs: int, networks: int, augmentation: str) -> Fields:
    return {
        "evaluation.epochs": epochs,
        "evaluation.networks": networks,
        "evaluation.augmentation": augmentation,
        "evaluation.lr": 0.01,
    }


def _dm(ipc: int, dataset: str) -> Fields:
    own = {
        "distill.iterations": 2600,
        "distill.lr": 1.0,
        "distill.matching": "squared-l2",
        "distill.augmentation": DSA_STRATEGY,
        "distill.schedule.kind": "fresh",
        "distill.schedule.samples": 600,
    }
    return {**own, **_plain(), **_test(1500, 5, DSA_STRATEGY)}


def _dm_arms(ipc: int) -> Mapping[str, Mapping[str, Any]]:
    warm = {50: 50, 100: 100}.get(ipc, 10)
    return {
        "vanilla": {},
        "fairdd": {"weighting": "sum"},
        "cobra": {"matching": "l1", "warm_steps": warm},
    }


def _fairdd_dm(ipc: int, dataset: str) -> Fields:
    own = {"distill.iterations": 20_000, "distill.lr": 10.0 if ipc == 100 else 1.0}
    size = {"distill.schedule.samples": 256}
    return {**_dm(ipc, dataset), **own, **size, **_test(1000, 10, DSA_STRATEGY)}


def _summed(ipc: int) -> Mapping[str, Mapping[str, Any]]:
    return {"vanilla": {}, "fairdd": {"weighting": "sum"}, "cobra": {}}


def _without_cobra(ipc: int) -> Mapping[str, Mapping[str, Any]]:
    return {"vanilla": {}, "fairdd": {"weighting": "sum"}}


def loops(ipc: int) -> tuple[int, int]:
    """Return the loops of DC for so many images per class: those of the next smaller number that has any."""
    return LOOPS[max(known for known in LOOPS if known <= ipc)]


def _dc(ipc: int, dataset: str) -> Fields:
    outer, inner = loops(ipc)
    own = {
        "distill.iterations": 1000 * outer,
        "distill.lr": 0.1,
        "distill.matching": "cosine",
        "distill.augmentation": "",
        "distill.schedule.kind": "inner",
        "distill.schedule.outer": outer,
        "distill.schedule.inner": inner,
        "distill.schedule.samples": 256,
    }
    return {**own, **_plain(), **_test(300, 10, "")}


def _idc(ipc: int, dataset: str) -> Fields:
    own = {
        "distill.iterations": 1000,
        "distill.lr": 0.1,
        "distill.matching": "cosine",
        "distill.augmentation": "",
        "distill.factor": 4 if dataset in FACES else 2,
        "distill.schedule.kind": "fresh",
        "distill.schedule.samples": 256,
    }
    return {**own, **_plain(), **_test(1500, 5, "")}


def _cafe(ipc: int, dataset: str) -> Fields:
    own = {
        "distill.iterations": 20_000,
        "distill.lr": 0.1,
        "distill.lr_halvings": (0.6, 0.8, 0.9),
        "distill.matching": "squared-l2",
        "distill.augmentation": "",
        "distill.feature_loss": "published",
        "distill.discrimination": 0.01,
        "distill.schedule.kind": "inner",
        "distill.schedule.outer": 10,
        "distill.schedule.inner": 10,
        "distill.schedule.samples": 256,
    }
    return {**own, **_plain(), **_test(600, 20, "")}


def _cafe_arms(ipc: int) -> Mapping[str, Mapping[str, Any]]:
    return {"vanilla": {}, "fairdd": {"weighting": "sum"}, "cobra": {"discrimination": 0.0}}


def _mtt(ipc: int, dataset: str) -> Fields:
    own = {
        "distill.iterations": 5000,
        "distill.lr": 1000.0,
        "distill.matching": "squared-l2",
        "distill.augmentation": DSA_STRATEGY,
        "distill.schedule.kind": "fresh",
        "distill.schedule.samples": 256,
        "distill.schedule.experts": 20,
        "distill.schedule.expert_steps": 24,
        "distill.trajectory.expert_steps": 30,
        "distill.trajectory.expert_lr": 0.01,
        "distill.trajectory.student_steps": 20,
        "distill.trajectory.student_lr": 0.01,
    }
    return {**own, **_plain(), **_test(1000, 5, DSA_STRATEGY)}


def _two(ipc: int) -> Mapping[str, Mapping[str, Any]]:
    return {"vanilla": {}, "cobra": {}}


RECIPES: dict[str, Recipe] = {
    "dm": Recipe("Distribution Matching as in COBRA's public code", _dm, _dm_arms),
    "fairdd-dm": Recipe("Distribution Matching as in FairDD's public code", _fairdd_dm, _without_cobra),
    "dc": Recipe(
        "Dataset Condensation as in COBRA's public code",
        _dc,
        _summed,
        differs=(
            "300 test epochs and 10 test networks are those of FairDD's code; COBRA's are not known.",
            "For numbers of images per class without published loops (2 to 9, and those between 10, 20, "
            "30, 40 and 50), those of the next smaller one are taken.",
        ),
    ),
    "idc": Recipe(
        "IDC as in COBRA's public code",
        _idc,
        _summed,
        differs=(
            "From 100 images per class on, images are divided 3 × 3 in the original; 3 does not divide a "
            "side of 32 or 64 pixels, so they stay at 2 × 2.",
            "1 500 test epochs and 5 test networks are those of COBRA's DM; its IDC's are not known.",
            "IDC's authors train the matching networks beside the images, with mixup, and match by ℓ1 "
            "without the last layer; COBRA's code does not.",
        ),
    ),
    "cafe": Recipe(
        "CAFE as in COBRA's public code",
        _cafe,
        _cafe_arms,
        followed=False,
        differs=(
            "A network serves 10 iterations, with 10 passes of training in between. The original goes on "
            "until its accuracy on real images stays within 4 points over ten iterations, or changes by 3 "
            "over ten passes: 10 is the least of both.",
            "The original also adds the distance of the last layer's class means a second time, with the "
            "discrimination term.",
            "600 test epochs and 20 test networks are those of CAFE's code; COBRA's are not known.",
        ),
    ),
    "mtt": Recipe(
        "Trajectory matching as by its authors",
        _mtt,
        _two,
        followed=False,
        differs=(
            "The target is what 30 full-batch steps on the images of each group reach from a point of an "
            "expert's path; the original's is the expert's own path over three epochs of mini-batches, "
            "which has no groups.",
            "20 experts instead of 100, trained for 24 epochs instead of 50; the start is drawn from "
            "these, as in the original.",
            "The step size on synthetic images is learned as its logarithm, at rate 0.01; the original "
            "learns it as it is, at rate 1e-5, and tests with it, where 0.01 is used here.",
            "The augmentation is drawn once per iteration and class; the original draws it for every step.",
            "Images start as real ones; the original starts from noise.",
        ),
    ),
}
"""By the name of the preset after ``published-``: a backbone, or whose variant of it."""
BACKBONE_OF = {"fairdd-dm": "dm"}
"""Recipes that are not named after their backbone."""


def deviations(name: str) -> tuple[str, ...]:
    """Return every known point in which the preset of a recipe differs from its source.

    Args:
        name: in ``RECIPES``; for any other, there is no recipe.
    """
    if name not in RECIPES:
        own = ("No recipe is known for this backbone; the preset has that of Distribution Matching.",)
        return own + SAME_EVERYWHERE
    return RECIPES[name].differs + SAME_EVERYWHERE


def kind_of(name: str) -> str:
    """Return how the preset of a recipe is called before its name: ``published`` or ``long``."""
    return "published" if name in RECIPES and RECIPES[name].followed else "long"


def source_of(name: str) -> str:
    """Return whose recipe a preset follows, or that it only takes as long."""
    if name not in RECIPES:
        return "As long as published, without a recipe for this backbone"
    return RECIPES[name].source if RECIPES[name].followed else f"Not quite {RECIPES[name].source}"
