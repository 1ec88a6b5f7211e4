"""Intervals for a single rate."""

import numpy as np

_Z95 = 1.959963984540054


def wilson(rate: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's 95 % interval of a rate over ``n`` test images.

    It stays within [0, 1] and has width at rates of 0 and 1, unlike the normal approximation
    (E. B. Wilson, JASA 1927).

    Args:
        rate: any shape, in [0, 1]; NaN is undefined.
        n: number of test images behind each rate.

    Returns:
        Lower and upper bounds; NaN where the rate is undefined or n is 0.
    """
    rate, n = np.asarray(rate, float), np.asarray(n, float)
    n = np.where(n > 0, n, np.nan)
    centre = (rate + _Z95**2 / (2 * n)) / (1 + _Z95**2 / n)
    half = _Z95 / (1 + _Z95**2 / n) * np.sqrt(rate * (1 - rate) / n + _Z95**2 / (4 * n**2))
    # Rounding must not put a rate of 0 or 1 outside its own interval.
    return np.clip(centre - half, 0, rate), np.clip(centre + half, rate, 1)
