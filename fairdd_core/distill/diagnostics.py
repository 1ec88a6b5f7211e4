"""Distances of the groups from the synthetic signals and targets, and the terms of Theorem 4.1."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from fairdd_core.distill.alignments.base import Statistics
from fairdd_core.distill.backbones.base import Signal


def worst_residual(statistics: Statistics, signal_CRD: torch.Tensor) -> float:
    """Return max over cells of ‖Φ_{a|y} − Φ_{S_y}‖, relative to the mean ‖Φ_{a|y}‖ of the class."""
    means_CGD, weights_CG = statistics.means_CGD, statistics.uniform_signals_CG
    distance_CG = (means_CGD - signal_CRD.flatten(1)[:, None]).norm(dim=-1) * (weights_CG > 0)
    scale_C = (means_CGD.norm(dim=-1) * weights_CG).sum(dim=1)
    return float((distance_CG.amax(dim=1) / scale_C).max())


@torch.no_grad()
def diagnose(layers: Sequence[Statistics], signals: Mapping[str, Signal]) -> pd.DataFrame:
    """Return distances and shares of every cell under one network, all layers together.

    Args:
        layers: statistics of every matched layer.
        signals: arm -> signals of its synthetic images.

    Returns:
        One row for every arm and (class, group) cell with images: ``arm``, ``class_id`` (-1 where signals
        belong to all classes together), ``group_id``, ``share`` (π), ``residual`` (‖Φ_a − Φ_S‖), ``vanilla``
        and ``uniform`` (distances to the vanilla target and uniform mean), ``bound`` (Σ π_a' ‖Φ_a − Φ_a'‖,
        the imbalance times the separation, which ``vanilla`` never exceeds; NaN where that is not so, see
        ``_bounded``), ``shift`` (‖s‖, between the two targets) and ``inner``
        (⟨Φ_a − m*, s⟩). Theorem 4.1 (arXiv 2605.00185) applies to a class where ``inner`` ≤ 0 for the
        group with the largest ``uniform``.
    """
    first = layers[0]
    weights_CG = first.uniform_signals_CG
    share_CG = first.share_CG
    if len(weights_CG) != len(share_CG):  # signals of all classes together
        share_CG = share_CG.mean(dim=0, keepdim=True)
    table = _geometry(layers, weights_CG, share_CG)
    cells = (weights_CG > 0).cpu().numpy()
    class_id, group_id = np.nonzero(cells)
    frames = []
    for arm, signal in signals.items():
        pairs = zip(layers, signal, strict=True)
        squared = [(layer.means_CGD - s.flatten(1)[:, None]).square().sum(dim=-1) for layer, s in pairs]
        columns = {**table, "residual": torch.stack(squared).sum(dim=0).sqrt()}
        values = {name: value.float().cpu().numpy()[cells] for name, value in columns.items()}
        ids = {"class_id": class_id if len(cells) > 1 else np.full_like(class_id, -1), "group_id": group_id}
        frames.append(pd.DataFrame({"arm": arm, **ids, **values}))
    return pd.concat(frames, ignore_index=True)


def with_variances(cells: pd.DataFrame, variances: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return the table of ``diagnose`` with a column ``target_variance``, the same for all groups of a class.

    Args:
        cells: see ``diagnose``.
        variances: arm -> variance of its target in every class, (C,); see ``Arm.target_variance``. Where
            signals belong to all classes together, their mean is entered.
    """
    rows = zip(cells["arm"], cells["class_id"], strict=True)
    noise = [variances[arm].mean() if c < 0 else variances[arm][c] for arm, c in rows]
    return cells.assign(target_variance=np.array(noise, float))


def _geometry(
    layers: Sequence[Statistics], weights_CG: torch.Tensor, share_CG: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Return the columns that do not depend on an arm, (C, G) each; squared lengths add up over layers."""
    sums: dict[str, torch.Tensor] = defaultdict(lambda: torch.zeros((), device=share_CG.device))
    for layer in layers:
        means_CGD = layer.means_CGD
        van_CD = layer.mixture(layer.share_CG)
        mean_CD = torch.einsum("cg,cgd->cd", weights_CG.to(means_CGD.dtype), means_CGD)
        delta_CGD, shift_CD = means_CGD - mean_CD[:, None], van_CD - mean_CD
        sums["vanilla"] = sums["vanilla"] + (means_CGD - van_CD[:, None]).square().sum(dim=-1)
        sums["uniform"] = sums["uniform"] + delta_CGD.square().sum(dim=-1)
        sums["inner"] = sums["inner"] + torch.einsum("cgd,cd->cg", delta_CGD, shift_CD)
        sums["shift"] = sums["shift"] + shift_CD.square().sum(dim=-1, keepdim=True)
        sums["apart"] = sums["apart"] + torch.cdist(means_CGD, means_CGD).square()
    bound_CG = torch.einsum("ch,cgh->cg", share_CG, sums["apart"].sqrt().float())
    return {
        "share": share_CG,
        "vanilla": sums["vanilla"].sqrt(),
        "uniform": sums["uniform"].sqrt(),
        "bound": torch.where(_bounded(layers[0])[:, None], bound_CG, torch.nan),
        "shift": sums["shift"].sqrt().expand_as(share_CG),
        "inner": sums["inner"],
    }


def _bounded(layer: Statistics) -> torch.Tensor:
    """Return whether the bound on the residuals under vanilla applies, bool, one for each row of signals.

    It needs vanilla's target to be the groups' signals mixed by their shares. It is not where images of
    unknown group have a share, nor where signals are not linear in the images' weights.
    """
    known_C = (layer.counts_CG[:, layer.groups :] == 0).all(dim=1) & layer.linear
    return known_C if len(known_C) == len(layer.uniform_signals_CG) else known_C.all()[None]
