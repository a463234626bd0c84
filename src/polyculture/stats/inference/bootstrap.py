"""Scores with bootstrap intervals, from sums over items.

Every score here is a function of sums over items (right answers, answers and gold a class, ...).
A bootstrap round draws items, or whole documents where these are known, and sums again.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from polyculture.core.run import Score
from polyculture.core.values import Undefined
from polyculture.stats.inference.resample import (
    clusters_of,
    exact_interval,
    percentile_interval,
    weights,
)
from polyculture.stats.scores import Numbers, known
from polyculture.stats.values import with_ends

ROUNDS = 1_000
CONFIDENCE = 0.95
SEED = 20_261
OFTEN_UNDEFINED = "too many bootstrap rounds have no value"
ALWAYS_THE_SAME = "all bootstrap rounds give one value, which says nothing about its spread"
CHUNK = 4_000_000
"""Most weights held at once."""

Statistic = Callable[[Numbers], Numbers]
"""From sums ``(..., features)`` to one value each."""


class Resampled:
    """Sums over all items, and over the items of each bootstrap round.

    Example:
        >>> right = csr_array(np.array([[1.0], [0.0], [1.0], [1.0]]))
        >>> drawn = Resampled(right, rounds=200)
        >>> score = drawn.score("accuracy", lambda sums: sums[..., 0] / 4, reason="no items")
        >>> score.value.number, score.value.low, score.value.high
        (0.75, 0.25, 1.0)
    """

    def __init__(
        self,
        features: csr_array[Any],
        *,
        documents: Sequence[str | None] | None = None,
        rounds: int = ROUNDS,
    ) -> None:
        """Draw all rounds.

        Args:
            features: What each item adds to the sums, ``(items, features)``.
            documents: Document of each item; items of one document are drawn together. An item
                whose document is not known stands alone.
            rounds: Number of bootstrap rounds.
        """
        units = _by_document(features, documents)
        self.unit = "items" if documents is None else "documents"
        self.units = int(units.shape[0])
        self.adding = np.bincount(units.nonzero()[1], minlength=units.shape[1])
        """How many units add something to each feature, ``(features,)``."""
        self.rounds = rounds
        self.sums: Numbers = np.asarray(units.sum(axis=0), dtype=np.float64)
        self.drawn = _draw(units, rounds)

    def score(
        self,
        name: str,
        statistic: Statistic,
        *,
        reason: str,
        headline: bool = False,
        is_share: bool = False,
        among: int | None = None,
        higher_is_better: bool = True,
        in_percent: bool = True,
    ) -> Score:
        """One score with its interval.

        Args:
            name: Name of the score.
            statistic: From sums to the value; NaN where there is none.
            reason: Why the value is undefined, if it is.
            headline: Whether training is steered by it.
            is_share: A share of the items: where all or none count, an exact bound replaces the
            bootstrap, which would show no spread.
            among: For a share of some items: the feature that only those add to.
            higher_is_better: False for errors and losses.
            in_percent: False for figures that do not run from 0 to 1.
        """
        facts: dict[str, Any] = {
            "name": name,
            "headline": headline,
            "higher_is_better": higher_is_better,
            "in_percent": in_percent,
        }
        number = known(statistic(self.sums))
        if number is None:
            return Score(value=Undefined(reason=reason), **facts)
        if is_share and number in {0.0, 1.0}:
            ends: tuple[float, float] | None
            units = self.units if among is None else int(self.adding[among])
            ends = exact_interval(round(number) * units, units, CONFIDENCE)
        else:
            ends = percentile_interval(np.atleast_1d(statistic(self.drawn)), CONFIDENCE)
        value = with_ends(number, ends, absent=OFTEN_UNDEFINED, flat=ALWAYS_THE_SAME)
        return Score(value=value, **facts)

    def protocol(self) -> dict[str, str | int | float]:
        """How the intervals were made."""
        return {
            "interval": "percentile bootstrap",
            "confidence": CONFIDENCE,
            "rounds": self.rounds,
            "seed": SEED,
            "resampled": self.unit,
        }


def _by_document(
    features: csr_array[Any], documents: Sequence[str | None] | None
) -> csr_array[Any]:
    if documents is None:
        return features
    places = clusters_of(documents)
    shape = (int(places.max()) + 1, len(places))
    groups = csr_array((np.ones(len(places)), (places, range(len(places)))), shape=shape)
    return csr_array(groups @ features)


def _draw(units: csr_array[Any], rounds: int) -> Numbers:
    rng = np.random.default_rng(SEED)
    sums = []
    step = max(1, CHUNK // units.shape[0])
    for start in range(0, rounds, step):
        drawn = weights(int(units.shape[0]), min(step, rounds - start), rng)
        sums.append(np.asarray(units.T @ drawn.T).T)
    return np.concatenate(sums)
