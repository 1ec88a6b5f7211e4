"""What the controls of the data mean for each data set. No Streamlit here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairdd_core.config.adapt import adapt
from fairdd_core.config.presets import preset_with
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.card import DatasetCard
from fairdd_core.errors import UserError
from pages.ui.controls.catalogue import catalogue

Values = dict[str, Any]
AS_FOUND = 0
"""The skew control's value for groups that are left as they are."""
CHOICES = ("dataset", "label", "group", "backbone")
"""Controls that decide which data and which backbone there is; what the others start from follows."""


def lowest_skew(groups: int) -> int:
    """Return the balanced share of ``groups`` groups, in per cent."""
    return round(100 / groups)


def begin(values: Mapping[str, Any]) -> RunSpec:
    """Return the preset of the controls with their backbone, brought to their data set if that is here."""
    preset = preset_with(values["preset"], values.get("backbone"))
    for label, group in ((values["label"], values["group"]), (values["label"], ""), ("", "")):
        try:
            return adapt(preset, values["dataset"], label, group)
        except UserError:
            continue
    return preset


def fixed_groups(card: DatasetCard) -> bool:
    """Return whether the number of groups follows from the data."""
    return bool(card.attributes or card.group_names)


def mend(values: Values, begun: RunSpec) -> list[str]:
    """Replace the values that the data set cannot have, and return them as ``name=value``.

    Args:
        values: of all controls; changed in place.
        begun: what these controls start from.
    """
    card, wrong = catalogue().get(values["dataset"]), []
    if card is None:
        return []
    if values["groups"] != begun.data.groups and (fixed_groups(card) or values["groups"] > card.max_groups):
        wrong.append(f"groups={values['groups']}")
        values["groups"] = begun.data.groups
    low = lowest_skew(values["groups"])
    if values["skew"] < low and (card.synthetic_groups or values["skew"] != AS_FOUND):
        wrong.append(f"skew={values['skew']}")
        values["skew"] = low
    return wrong
