"""Which real images a synthetic one resembles, as a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fairdd_core.events import Nearest


def neighbour_table(found: Nearest, index: int, class_id: int, group_names: Sequence[str]) -> pd.DataFrame:
    """Return the nearest real images of one synthetic image, group by group, nearest first.

    Args:
        found: of the arm.
        index: m, of the finished synthetic image.
        class_id: its class, of which its neighbours are, too.
        group_names: in index order.

    Returns:
        The columns ``group, group_id, rank, row, distance, searched``: ``rank`` from 1, ``row`` of the
        training set or -1 and ``distance`` NaN where the group has fewer images, and ``searched`` the number
        of real images of the class and group among which was searched.
    """
    rows_GR, distance_GR = found.real_MGR[index], found.real_distance_MGR[index]
    groups, ranks = rows_GR.shape
    group_N = np.repeat(np.arange(groups), ranks)
    return pd.DataFrame(
        {
            "group": np.array(group_names, object)[group_N],
            "group_id": group_N,
            "rank": np.tile(np.arange(1, ranks + 1), groups),
            "row": rows_GR.ravel(),
            "distance": distance_GR.ravel(),
            "searched": found.searched_CG[class_id][group_N],
        }
    )
