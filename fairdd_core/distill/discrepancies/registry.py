"""The discrepancies. Adding one is a file and a line here."""

from collections.abc import Callable

from fairdd_core.distill.discrepancies.base import Discrepancy
from fairdd_core.distill.discrepancies.squared_l2 import SquaredL2

DISCREPANCIES: dict[str, Callable[[], Discrepancy]] = {"squared-l2": SquaredL2}
