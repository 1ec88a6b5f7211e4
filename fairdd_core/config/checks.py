"""Whether a specification names things that exist and fit together."""

from __future__ import annotations

from pathlib import Path

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.registry import DATASETS, card_of, cards
from fairdd_core.distill.compatibility import check_distill, check_ipc
from fairdd_core.errors import lookup
from fairdd_core.nets.registry import NETWORKS


def check_names(spec: RunSpec, data_dir: Path | None = None) -> None:
    """Refuse names that no registry knows, before anything is queued.

    Args:
        spec: the run.
        data_dir: the data folder, which may hold custom data sets; None for the benchmarks only.

    Raises:
        UserError: naming the field and what is known.
    """
    card_of(spec.data.dataset, data_dir).check(spec.data)
    _check_methods(spec)


def check_sizes(spec: RunSpec, data_dir: Path) -> None:
    """Refuse more images per class than a class has, where that is known before the images are loaded.

    A data set that is not here is no matter of this check.

    Raises:
        UserError: naming the field and what is possible.
    """
    card = DATASETS.get(spec.data.dataset) or cards(data_dir).get(spec.data.dataset)
    if card is None:
        return
    parts = spec.distill.factor**2 if spec.distill.init == "real" else 1
    if spec.distill.init == "real" or spec.evaluation.baseline_networks:
        sizes = card.class_sizes(spec.data)
        if sizes:
            name = card.labels(spec.data).classes[sizes.index(min(sizes))]
            check_ipc(spec.distill.ipc, min(sizes), name, parts)


def check_run(spec: RunSpec) -> None:
    """Refuse what a run cannot have been, whatever data sets are here.

    Raises:
        UserError: naming the field and what is known.
    """
    if card := DATASETS.get(spec.data.dataset):
        card.check(spec.data)
    _check_methods(spec)


def _check_methods(spec: RunSpec) -> None:
    check_distill(spec.distill)
    lookup(NETWORKS, spec.evaluation.network.name, "evaluation.network.name")
    for name in spec.evaluation.others:
        lookup(NETWORKS, name, "evaluation.others")
