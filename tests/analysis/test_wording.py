"""What is said about gaps and differences."""

from __future__ import annotations

import pandas as pd

from fairdd_core.analysis.wording import chance_text, differences_text, no_floor_text


def test_a_gap_below_its_floor_is_no_more_than_chance() -> None:
    assert chance_text(0.091, 0.071) == "chance alone 7.1"
    assert chance_text(0.06, 0.071) == "no more than chance: 7.1"
    assert chance_text(0.06, float("nan")) == ""


def test_one_network_per_side_says_nothing_about_networks() -> None:
    rows = pd.DataFrame({"networks": [1, 1], "paired": True, "by_image": True, "low": 0.0})
    assert "test networks" not in differences_text(rows)
    assert "say nothing about other networks" in differences_text(rows)
    assert "test networks" in differences_text(rows.assign(networks=3))
    assert "drawn together" in differences_text(rows)
    assert "drawn together" not in differences_text(rows.assign(by_image=False))
    assert "**Paired" not in differences_text(rows.assign(paired=False))


def test_a_missing_floor_has_its_own_reason() -> None:
    assert "did not keep the prediction" in no_floor_text(pd.Series([0.1, float("nan")]))
    assert "No gap is defined" in no_floor_text(pd.Series([float("nan")]))
