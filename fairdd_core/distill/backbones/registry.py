"""The distillation backbones. Adding one is a file and an entry here."""

from fairdd_core.cards import Card

_HERE = "fairdd_core.distill.backbones"

BACKBONES: dict[str, Card] = {
    "dm": Card(
        "Distribution Matching",
        "Matches the mean embedding of every class under random networks.",
        f"{_HERE}.dm:DistributionMatching",
    ),
}
