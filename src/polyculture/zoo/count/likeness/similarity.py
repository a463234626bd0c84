"""How many different architectures do the models of a community amount to?"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from polyculture.core.survey import Similarity
from polyculture.core.values import Known, Undefined, Value
from polyculture.stats.groups.diversity import effective_number
from polyculture.stats.inference.paired import NO_INTERVAL
from polyculture.stats.inference.resample import percentile_interval, weights
from polyculture.stats.inference.two_sample import permutation_p
from polyculture.stats.scores import Numbers
from polyculture.stats.values import with_ends
from polyculture.zoo.count.likeness.kernel import Kernel

FEWEST = 3
"""Two cards make one pair: there is nothing to resample."""
CONFIDENCE = 0.95
ORDERS = (0, 1, 2)
HEADLINE = 1
"""Place of the figure that is tested: the diversity of order 1."""
NO_WIDTH = "resampling gives an interval without width, which says nothing of its spread"
TOO_FEW_ROUNDS = "too many rounds of resampling have no value"
NO_NULL = "it holds all built cards, so there is nothing to draw a set of equal size from"


def similarities(
    kernel: Kernel,
    members: Mapping[str, Sequence[str]],
    *,
    draws: int = 1_000,
    resamples: int = 1_000,
    seed: int = 1,
) -> tuple[Similarity, ...]:
    """Similarity-sensitive diversity and mean similarity: of all built cards, then communities.

    The null: equally large sets drawn from all built cards without putting back. ``chance`` is
    their mean. A community draws its own numbers, whatever others there are.

    The interval resamples cards with replacement; for a census it is sensitivity, not sampling
    error: how far the figure would move, had other families been written. A family that is drawn
    twice is no second family, so resampled effective numbers lie below the figure. The rounds'
    bias is therefore taken off, see ``sensitivity``. Of a family drawn twice the pair with itself
    does not count in the mean similarity.

    Args:
        kernel: Similarities of the built cards.
        members: Community to the names of its cards; those that were not built are left out.
        draws: Sets drawn for the null.
        resamples: Rounds of resampling.
        seed: Seed of both.

    Returns:
        One entry for all built cards (community ``""``), then one for each community in order.
        Below three built cards every figure is undefined.

    Example:
        >>> same = Kernel(names=("a", "b", "c"), matrix=np.ones((3, 3)))
        >>> [whole] = similarities(same, {}, resamples=10)
        >>> whole.d1.number, whole.mean.number
        (1.0, 1.0)

    Source:
        Leinster and Cobbold 2012; Davison and Hinkley 1997, section 5.2 (basic intervals).
    """
    rows = {
        "": np.arange(len(kernel.names)),
        **{community: kernel.rows(names) for community, names in members.items()},
    }
    return tuple(
        _similarity(kernel.matrix, community, own, draws=draws, resamples=resamples, seed=seed)
        for community, own in rows.items()
    )


def sensitivity(
    number: float, rounds: Numbers, *, low: float, high: float
) -> tuple[float, float] | None:
    r"""The basic (reflected) interval of a resampled figure, freed of the rounds' bias.

    \[ [\,x - (q_{high} - m),\; x - (q_{low} - m)\,] \]

    where x is the figure, m the mean of the rounds and q their quantiles. The reflection keeps the
    direction of skew right. Without m a biased figure, such as an effective number, would lie
    outside its own interval.

    Args:
        number: The figure as it is.
        rounds: The figure of each round, ``(rounds,)``; NaN where a round has none.
        low: Lowest possible value; the interval is cut there.
        high: Highest possible value.

    Returns:
        Both ends; none where more than a twentieth of the rounds have no value.

    Example:
        >>> sensitivity(10.0, np.arange(5.0, 10.0), low=1.0, high=11.0)
        (8.1, 11.0)
    """
    ends = percentile_interval(rounds, CONFIDENCE)
    if ends is None:
        return None
    mean = float(np.nanmean(rounds))
    lower, upper = number - (ends[1] - mean), number - (ends[0] - mean)
    return max(low, min(lower, number)), min(high, max(upper, number))


def _similarity(
    matrix: Numbers,
    community: str,
    rows: NDArray[np.int64],
    *,
    draws: int,
    resamples: int,
    seed: int,
) -> Similarity:
    if len(rows) < FEWEST:
        return _undefined(community, len(rows))
    rng = np.random.default_rng([seed, *community.encode()])
    own = matrix[np.ix_(rows, rows)]
    observed = _figures(np.ones(len(rows)), own)
    resampled = _figures(weights(len(rows), resamples, rng), own)
    null = None
    if len(rows) < len(matrix):
        null = _figures(_sets(len(matrix), len(rows), draws, rng), matrix)
    d0, d1, d2, mean = _values(observed, resampled, null, len(rows))
    return Similarity(
        community=community,
        built=len(rows),
        d0=d0,
        d1=d1,
        d2=d2,
        mean=mean,
        p_value=_p_value(float(observed[HEADLINE]), null),
    )


def _undefined(community: str, built: int) -> Similarity:
    no = Undefined(reason=f"it takes at least {FEWEST} built cards, but there are {built}")
    return Similarity(community=community, built=built, d0=no, d1=no, d2=no, mean=no, p_value=no)


def _figures(counts: Numbers, matrix: Numbers) -> Numbers:
    """Diversities of order 0, 1, 2 and mean similarity of weighted cards, ``(..., 4)``."""
    total = counts.sum(axis=-1, keepdims=True)
    shares = counts / total
    ordinary = shares @ matrix  # one product for all figures and rounds
    numbers = [effective_number(shares, ordinary, order) for order in ORDERS]
    itself = (shares**2).sum(axis=-1)  # a card is not paired with itself, nor with its repetition
    alike = (shares * ordinary).sum(axis=-1) - itself
    others = np.where(itself < 1, 1 - itself, np.nan)
    return np.stack([*numbers, alike / others], axis=-1)


def _sets(cards: int, size: int, draws: int, rng: np.random.Generator) -> Numbers:
    """Random sets of one size, as ones and zeros, ``(draws, cards)``."""
    first = (np.arange(cards) < size).astype(np.float64)
    return rng.permuted(np.tile(first, (draws, 1)), axis=1)


def _values(observed: Numbers, resampled: Numbers, null: Numbers | None, cards: int) -> list[Value]:
    bounds = [(1.0, float(cards))] * len(ORDERS) + [(0.0, 1.0)]
    return [
        with_ends(
            float(np.clip(observed[place], low, high)),
            sensitivity(float(observed[place]), resampled[:, place], low=low, high=high),
            absent=TOO_FEW_ROUNDS,
            flat=NO_WIDTH,
            chance=None if null is None else float(null[:, place].mean()),
        )
        for place, (low, high) in enumerate(bounds)
    ]


def _p_value(observed: float, null: Numbers | None) -> Value:
    if null is None:
        return Undefined(reason=NO_NULL)
    as_low = permutation_p(-observed, -null[:, HEADLINE])
    return Known(number=as_low, no_interval=NO_INTERVAL)
