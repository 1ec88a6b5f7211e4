"""The discrepancies between signals. To add one, write a file and enter it here."""

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
        "Squared distance with lower weights for features in which the groups differ. Its barycenter is also "
        "the mean of the groups, so COBRA's target is unchanged and only the matching differs.",
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
        "Largest absolute difference; its barycenter depends on the most extreme coordinates only.",
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
        "Its barycenter is the centre of the smallest ball around the groups: the worst residual is minimal.",
        f"{_HERE}.norms:SmallestBall",
    ),
}
