"""The distillation backbones. Adding one is a file and a line here."""

from collections.abc import Callable

from fairdd_core.distill.backbones.base import Backbone
from fairdd_core.distill.backbones.dm import DistributionMatching

BACKBONES: dict[str, Callable[[], Backbone]] = {"dm": DistributionMatching}
