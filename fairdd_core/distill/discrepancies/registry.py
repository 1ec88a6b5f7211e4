"""The discrepancies. Adding one is a file and an entry here."""

from fairdd_core.cards import Card

_HERE = "fairdd_core.distill.discrepancies"

DISCREPANCIES: dict[str, Card] = {
    "squared-l2": Card(
        "Squared Euclidean",
        "Squared distance; its barycenter is the mean of the groups.",
        f"{_HERE}.squared_l2:SquaredL2",
    ),
}
