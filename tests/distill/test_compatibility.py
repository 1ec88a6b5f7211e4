"""Combinations: what makes sense runs, what does not is refused with the nearest that does."""

from __future__ import annotations

import pytest

from fairdd_core.config.spec.distill import DistillSpec
from fairdd_core.distill.alignments.registry import ALIGNMENTS, arm_name
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.compatibility import check_distill
from fairdd_core.distill.discrepancies.clouds.registry import CLOUD_DISCREPANCIES
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.errors import UserError
from tests.distill.test_loop import check_contract
from tests.helpers import tiny_distill


def arms_for_clouds(distance: str) -> list[str]:
    return [arm_name(name, distance) if card.barycenter else name for name, card in ALIGNMENTS.items()]


@pytest.mark.parametrize("distance", CLOUD_DISCREPANCIES)
def test_clouds_are_matched_as_clouds_by_every_alignment(distance: str) -> None:
    for arm in arms_for_clouds(distance):
        check_contract(tiny_distill(arm, matching=distance))


def refused(**changes: object) -> UserError:
    arms = changes.pop("arms", ("vanilla", "cobra"))
    with pytest.raises(UserError) as caught:
        check_distill(tiny_distill(*arms, **changes))  # type: ignore[misc]
    return caught.value


@pytest.mark.parametrize("distance", CLOUD_DISCREPANCIES)
@pytest.mark.parametrize("backbone", [name for name, card in BACKBONES.items() if not card.clouds])
def test_signals_that_are_no_clouds_refuse_clouds(backbone: str, distance: str) -> None:
    for arms in (("vanilla",), (f"cobra:{distance}",)):
        error = refused(arms=arms, backbone=backbone, matching=distance)
        assert "squared-l2" in str(error)
        assert "dm" in str(error)


@pytest.mark.parametrize("distance", CLOUD_DISCREPANCIES)
def test_one_image_is_no_cloud(distance: str) -> None:
    error = refused(arms=("vanilla", f"cobra:{distance}"), matching=distance, ipc=1)
    assert error.field == "distill.ipc"
    assert "2 images" in str(error)
    check_distill(tiny_distill("vanilla", matching=distance, ipc=1, factor=2))


@pytest.mark.parametrize("distance", CLOUD_DISCREPANCIES)
@pytest.mark.parametrize("other", DISCREPANCIES)
def test_points_and_clouds_do_not_mix(distance: str, other: str) -> None:
    assert distance in str(refused(arms=(f"cobra:{distance}",), matching=other))
    assert f"cobra:{distance}" in str(refused(arms=(arm_name("cobra", other),), matching=distance))


def test_batch_norm_is_for_testing_only() -> None:
    error = refused(network={"name": "convnet-bn", "width": 8, "depth": 2})
    assert "the rest of its batch" in str(error)
    assert "convnet" in str(error)


def test_networks_are_not_trained_on_the_images_twice() -> None:
    arm = tiny_distill("cobra").arms[0].model_copy(update={"warm_steps": 3})
    spec = tiny_distill(schedule={"kind": "inner"}).model_copy(update={"arms": (arm,)})
    with pytest.raises(UserError, match="warm_steps"):
        check_distill(spec)


def test_everything_else_is_accepted() -> None:
    for backbone in BACKBONES:
        for matching in DISCREPANCIES:
            arms = [*ALIGNMENTS, *(arm_name("cobra", name) for name in DISCREPANCIES)]
            for start in range(0, len(arms), 6):
                check_distill(
                    tiny_distill(
                        *dict.fromkeys(arms[start : start + 6]), backbone=backbone, matching=matching
                    )
                )


def test_mosaics_that_do_not_fit_the_images_are_refused() -> None:
    with pytest.raises(UserError, match="divisor of 8"):
        check_contract(DistillSpec.model_validate(tiny_distill(factor=3).model_dump()))
