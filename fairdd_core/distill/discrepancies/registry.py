"""The discrepancies. Adding one is a file and an entry here."""

from fairdd_core.cards import Card

_HERE = "fairdd_core.distill.discrepancies"

DISCREPANCIES: dict[str, Card] = {
    "squared-l2": Card(
        "squared Euclidean",
        "Squared distance; its barycenter is the mean of the groups.",
        f"{_HERE}.norms:SquaredL2",
    ),
    "diagonal-l2": Card(
        "diagonal ℓ2",
        "Squared distance in which features that set the groups apart count less. Its barycenter is the mean "
        "of the groups too, so COBRA's target stays the same: only the matching differs.",
        f"{_HERE}.diagonal_l2:DiagonalL2",
    ),
    "l1": Card(
        "ℓ1",
        "Sum of absolute differences; its barycenter is the median of the groups in every coordinate.",
        f"{_HERE}.norms:L1",
    ),
    "l2": Card(
        "ℓ2",
        "Euclidean distance; its barycenter, the geometric median, hardly follows a single outlying group.",
        f"{_HERE}.norms:L2",
    ),
    "linf": Card(
        "ℓ∞",
        "Largest absolute difference; its barycenter sees the most extreme coordinates only.",
        f"{_HERE}.norms:LInf",
    ),
    "cosine": Card(
        "cosine",
        "Angle between signals; its barycenter is the mean direction of the groups, whatever their lengths.",
        f"{_HERE}.cosine:Cosine",
    ),
    "huber": Card(
        "Huber",
        "Squared for small differences, absolute for large ones: between the mean and the median.",
        f"{_HERE}.huber:Huber",
    ),
    "smallest-ball": Card(
        "smallest ball",
        "Its barycenter is the centre of the smallest ball around the groups: the worst residual is least.",
        f"{_HERE}.norms:SmallestBall",
    ),
}
