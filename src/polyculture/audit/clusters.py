"""Hierarchical clustering of models, by each measure."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage

from polyculture.core import parts
from polyculture.core.audit import Clustering, Comparison
from polyculture.core.values import Known

Key = tuple[str, str]


def by_measure(comparisons: Iterable[Comparison]) -> dict[Key, list[Comparison]]:
    """Comparisons of each view and measure, in the order of the pairs."""
    groups: dict[Key, list[Comparison]] = {}
    for comparison in comparisons:
        groups.setdefault((comparison.view, comparison.measure), []).append(comparison)
    return groups


def numbers_of(comparisons: Sequence[Comparison]) -> NDArray[np.float64]:
    """Values of one measure over pairs; NaN where undefined."""
    return np.array([c.value.number if isinstance(c.value, Known) else np.nan for c in comparisons])


def clusterings(models: Sequence[str], comparisons: Iterable[Comparison]) -> tuple[Clustering, ...]:
    """One clustering a measure that has a value for every pair: average linkage, best leaf order.

    Args:
        models: Names, in the order of the pairs.
        comparisons: All pairs of all measures.
    """
    results = []
    for (view, name), pairs in by_measure(comparisons).items():
        numbers = numbers_of(pairs)
        if np.isnan(numbers).any():
            continue
        measure = parts.load(f"measures.{view}", name)
        distance = measure.high - numbers if measure.higher_is_alike else numbers - measure.low
        merges = linkage(np.maximum(distance, 0), "average", optimal_ordering=True)
        results.append(
            Clustering(
                view=view,
                measure=name,
                order=tuple(models[int(leaf)] for leaf in leaves_list(merges)),
                merges=tuple((int(a), int(b), float(d), int(n)) for a, b, d, n in merges),
            )
        )
    return tuple(results)
