"""The discrepancies between clouds. To add one, write a file and enter it here."""

from fairdd_core.cards import Card

_HERE = "fairdd_core.distill.discrepancies.clouds"

CLOUD_DISCREPANCIES: dict[str, Card] = {
    "wasserstein": Card(
        "Wasserstein",
        "Compares the distributions of the features, not just their means, by optimal transport.",
        f"{_HERE}.wasserstein:Wasserstein",
    ),
    "sinkhorn": Card(
        "Sinkhorn",
        "Wasserstein with entropic regularisation, corrected for its bias: less sensitive to single images.",
        f"{_HERE}.sinkhorn:Sinkhorn",
    ),
    "bures": Card(
        "Bures-Wasserstein",
        "Compares means and covariances of the features, as if they were normally distributed.",
        f"{_HERE}.bures:BuresWasserstein",
    ),
}
