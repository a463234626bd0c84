"""Which traits became uniform, and when."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from polyculture.core.survey import TraitHistory
from polyculture.core.values import Known, Undefined, Value
from polyculture.stats.groups.concentration import hill
from polyculture.zoo.count.shares.classes import Votes

FEWEST = 5
"""Cards of a year below which it does not count."""
LAST = 3
"""Years at the end that say which value is most common."""
SPAN = 3
"""Years at each end whose effective numbers are compared."""
NO_INTERVAL = "it describes all cards of these years"


def histories(traits: Mapping[str, Votes], years: NDArray[np.int64]) -> tuple[TraitHistory, ...]:
    """When each trait's most common value came to be in half of a year's cards for good.

    Args:
        traits: Name to votes over its values.
        years: Year of each card, ``(cards,)``; -1 where it is not known.

    Returns:
        The earliest first, traits that never became uniform last.
    """
    found = [
        one for name, votes in traits.items() if (one := _history(name, votes, years)) is not None
    ]
    return tuple(sorted(found, key=lambda one: (one.first_year or 9999, -one.share, one.trait)))


def _history(trait: str, votes: Votes, years: NDArray[np.int64]) -> TraitHistory | None:
    told = votes.known & (years >= 0)
    seen, sizes = np.unique(years[told], return_counts=True)
    kept = seen[sizes >= FEWEST]
    if len(kept) < 2:  # noqa: PLR2004  # a history has a beginning and an end
        return None
    sums = np.stack(
        [np.asarray(votes.rows[told & (years == year)].sum(axis=0)).ravel() for year in kept]
    )  # (years, values)
    last = sums[-LAST:].sum(axis=0)
    value = int(last.argmax())
    shares = sums[:, value] / sums.sum(axis=1)
    below = np.flatnonzero(shares < 0.5)  # noqa: PLR2004  # half
    after = 0 if not len(below) else int(below[-1]) + 1
    return TraitHistory(
        trait=trait,
        value=votes.names[value],
        first_year=int(kept[after]) if after < len(kept) else None,
        share=float(last[value] / last.sum()),
        effective_first=_effective(sums[:SPAN].sum(axis=0), len(kept)),
        effective_last=_effective(sums[-SPAN:].sum(axis=0), len(kept)),
    )


def _effective(totals: NDArray[np.float64], years: int) -> Value:
    if years < 2 * SPAN:
        return Undefined(reason=f"only {years} years have {FEWEST} cards or more")
    return Known(number=float(hill(totals, 1)), no_interval=NO_INTERVAL)
