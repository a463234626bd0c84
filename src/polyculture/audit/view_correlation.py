"""Correlate similarity in one view, such as architecture, with similarity of behaviour."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from polyculture.audit.clusters import by_measure, numbers_of
from polyculture.core.audit import Comparison, Concordance
from polyculture.core.errors import UndefinedError
from polyculture.core.values import Known, Undefined, Value
from polyculture.stats.inference.mantel import correlation, mantel, ranks

BEHAVIOUR = ("error_consistency", "agreement")
"""Measures of behaviour; the first that has a value stands for it."""
NO_INTERVAL = "pairs share models, so they cannot be resampled; see the permutation test"


def concordance(
    models: Sequence[str], comparisons: Iterable[Comparison], rng: np.random.Generator
) -> tuple[Concordance, ...]:
    """Spearman's correlation over pairs, with a Mantel test, for each measure of another view.

    Args:
        models: Names, in the order of the pairs.
        comparisons: All pairs of all measures.
        rng: Source of chance for permutations.
    """
    measures = by_measure(comparisons)
    tables = {key: _square(numbers_of(pairs), len(models)) for key, pairs in measures.items()}
    behaviour = next(
        (m for m in BEHAVIOUR if np.isfinite(tables[("predictions", m)]).any()), BEHAVIOUR[0]
    )
    behaving = tables[("predictions", behaviour)]
    results = []
    for (view, name), table in tables.items():
        if view == "predictions":
            continue
        complete = _with_values(table, behaving)
        x, y = (_ranked(values[np.ix_(complete, complete)]) for values in (table, behaving))
        out = [model for number, model in enumerate(models) if number not in complete]
        results.append(
            Concordance(
                view=view,
                measure=name,
                behaviour=behaviour,
                value=_value_or_reason(partial(_over_pairs, x, y), NO_INTERVAL),
                p_value=_value_or_reason(partial(mantel, x, y, rng), "it is a p"),
                note=f"without {', '.join(out)}, where one of the two is undefined" if out else "",
            )
        )
    return tuple(results)


def _square(numbers: NDArray[np.float64], models: int) -> NDArray[np.float64]:
    table = np.full((models, models), np.nan)
    left, right = np.triu_indices(models, 1)
    table[left, right] = table[right, left] = numbers
    return table


def _value_or_reason(make: Callable[[], float], no_interval: str) -> Value:
    try:
        return Known(number=make(), no_interval=no_interval)
    except UndefinedError as error:
        return Undefined(reason=str(error))


def _over_pairs(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    if len(x) < 3:  # noqa: PLR2004
        msg = f"a correlation over pairs takes at least 3 models, but {len(x)} have both"
        raise UndefinedError(msg)
    left, right = np.triu_indices(len(x), 1)
    return correlation(x[left, right], y[left, right])


def _with_values(*tables: NDArray[np.float64]) -> list[int]:
    """Models among which every pair has a value; those with the most gaps are left out."""
    gaps: NDArray[np.bool_] = np.any(np.isnan(tables), axis=0)
    np.fill_diagonal(gaps, val=False)
    complete = list(range(len(gaps)))
    while gaps[np.ix_(complete, complete)].any():
        complete.pop(int(gaps[np.ix_(complete, complete)].sum(axis=1).argmax()))
    return complete


def _ranked(table: NDArray[np.float64]) -> NDArray[np.float64]:
    left, right = np.triu_indices(len(table), 1)
    ranked = np.zeros(table.shape)
    ranked[left, right] = ranked[right, left] = ranks(table[left, right])
    return ranked
