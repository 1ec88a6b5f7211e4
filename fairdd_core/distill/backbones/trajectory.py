"""Matching Training Trajectories."""

from __future__ import annotations

import math

import torch
from torch.func import functional_call
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from fairdd_core.distill.alignments.base import Statistics
from fairdd_core.distill.backbones.base import Backbone, Signal, Variables, WeightedSets
from fairdd_core.nets.base import Net


class TrajectoryMatching(Backbone):
    """The displacement of all parameters when a network on an expert's trajectory is trained on a set.

    MTT (Cazenavette et al., CVPR 2022, arXiv 2203.11932), with this design for groups:

    * *Common start.* The pair's network is a random checkpoint on the trajectory of an expert trained on
      all data. Every group, every arm and the synthetic images start from this same point.
    * *Group displacement.* From there ``expert_steps`` full-batch steps on the images of one group in every
      class, each class counting equally, give Φ_a. There is one signal for the classes together (``pooled``),
      since training on a single class leads nowhere.
    * *Targets.* Vanilla follows the displacement under all images, COBRA the barycenter of the group
      displacements. A displacement is not linear in the images' weights, so training on evenly drawn or
      evenly weighted groups does not coincide with COBRA here.
    * *Student.* ``student_steps`` full-batch steps on the synthetic images; their step size is learned
      with the images. The loss is divided by the squared length of the displacement under all images, the
      published expert's, whatever the arm's own target.
    """

    lazy = True
    linear = False
    pooled = True

    def variables(self) -> dict[str, torch.Tensor]:
        """Return the logarithm of the student's step size."""
        return {"log_lr": torch.tensor(math.log(self.spec.trajectory.student_lr))}

    def signals(self, net: Net, sets: WeightedSets) -> Signal:
        """Return displacements under the expert's step size, (M, 1, P)."""
        lr = torch.tensor(self.spec.trajectory.expert_lr)
        return _displacements(net, sets, lr, self.spec.trajectory.expert_steps)

    def synthetic_signals(self, net: Net, sets: WeightedSets, variables: Variables) -> Signal:
        """Return displacements under the learned step size, (M, 1, P)."""
        lr = variables["log_lr"].exp()
        return _displacements(net, sets, lr, self.spec.trajectory.student_steps)

    def scale(self, layer: Statistics) -> float:
        """Return the squared length of the displacement under all images."""
        return layer.mean_square


def _displacements(net: Net, sets: WeightedSets, lr: torch.Tensor, steps: int) -> Signal:
    return (torch.stack([_displacement(net, sets, m, lr, steps) for m in range(len(sets.weights_MN))]),)


def _displacement(net: Net, sets: WeightedSets, m: int, lr: torch.Tensor, steps: int) -> torch.Tensor:
    """Train a copy of the network on set m and return how far every parameter went, (1, P)."""
    rows_K = sets.weights_MN[m].nonzero()[:, 0]
    start = {name: p.detach() for name, p in net.named_parameters()}
    if len(rows_K) == 0:
        return torch.cat([torch.zeros_like(p).flatten() for p in start.values()])[None]
    x_KCHW, y_K, weights_K = sets.x_NCHW[rows_K], sets.y_N[rows_K], sets.weights_MN[m, rows_K]
    unrolled = x_KCHW.requires_grad
    now = {name: p.clone().requires_grad_() for name, p in start.items()}
    for _ in range(steps):
        with torch.enable_grad():
            loss_K = F.cross_entropy(functional_call(net, now, (x_KCHW,)), y_K, reduction="none")
            slope = torch.autograd.grad(weights_K @ loss_K, list(now.values()), create_graph=unrolled)
            now = {name: p - lr * g for (name, p), g in zip(now.items(), slope, strict=True)}
        if not unrolled:
            now = {name: p.detach().requires_grad_() for name, p in now.items()}
    return torch.cat([(now[name] - p).flatten() for name, p in start.items()])[None]
