"""Exact paired tests of every pair of models."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from polyculture.core.audit import Contest
from polyculture.core.values import Known
from polyculture.stats.groups.panel import Panel
from polyculture.stats.inference.multiple_tests import holm
from polyculture.stats.inference.paired import NO_INTERVAL, mcnemar, sign_flips


def contests(names: Sequence[str], panel: Panel) -> tuple[Contest, ...]:
    """The exact paired test of every pair of models, and Holm's correction over all pairs.

    That is McNemar's test of items, or the test of documents as wholes where these are known.

    Args:
        names: Of the models, in the panel's order.
        panel: Their answers, with gold.

    Returns:
        One contest a pair, in the order of the pairs; ``a`` is the one that is right more often.
    """
    right = (~panel.wrong).astype(np.float64)  # (models, items); sums of whole numbers stay exact
    only = right @ (1 - right).T  # [a, b]: items that a gets right and b does not
    pairs = [
        (a, b) if only[a, b] >= only[b, a] else (b, a)
        for a, b in combinations(range(len(names)), 2)
    ]
    if panel.clusters is None:
        p_values = [mcnemar(int(only[a, b]), int(only[b, a])) for a, b in pairs]
    else:
        scores = np.stack([np.bincount(panel.clusters, weights=row) for row in right])
        whole = scores.astype(np.int64)  # (models, documents)
        p_values = [sign_flips(whole[a] - whole[b]) for a, b in pairs]
    return tuple(
        Contest(
            a=names[a],
            b=names[b],
            a_only=int(only[a, b]),
            b_only=int(only[b, a]),
            p_value=Known(number=p, no_interval=NO_INTERVAL),
            p_corrected=Known(number=float(corrected), no_interval=NO_INTERVAL),
        )
        for (a, b), p, corrected in zip(pairs, p_values, holm(np.array(p_values)), strict=True)
    )
