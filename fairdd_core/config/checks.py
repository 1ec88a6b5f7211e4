"""Whether a specification names things that exist and fit together."""

from __future__ import annotations

from pathlib import Path

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.registry import DATASETS, card_of
from fairdd_core.distill.compatibility import check_distill
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
