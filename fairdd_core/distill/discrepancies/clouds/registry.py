"""The discrepancies between clouds. Adding one is a file and an entry here."""

from fairdd_core.cards import Card

_HERE = "fairdd_core.distill.discrepancies.clouds"

CLOUD_DISCREPANCIES: dict[str, Card] = {
    "wasserstein": Card(
        "Wasserstein",
        "Compares all features, not just their mean, by the shortest way to carry one cloud into the other.",
        f"{_HERE}.wasserstein:Wasserstein",
    ),
    "sinkhorn": Card(
        "Sinkhorn",
        "Wasserstein with a blurred transport, corrected for the blur: less bound to single images.",
        f"{_HERE}.sinkhorn:Sinkhorn",
    ),
    "bures": Card(
        "Bures-Wasserstein",
        "Compares means and covariances of the features, as if they were normally distributed.",
        f"{_HERE}.bures:BuresWasserstein",
    ),
}
