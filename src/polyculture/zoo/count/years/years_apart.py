"""How far apart communities build in each year: do they come closer?

A divergence of small groups is never 0, and falls as groups grow. So each community of a year is
represented by five of its cards, drawn again and again.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from polyculture.stats.groups.concentration import jensen_shannon
from polyculture.zoo.count.draws.figures import Figure
from polyculture.zoo.count.shares.classes import Positions, Votes

SET = 5
"""Cards that stand for a community."""
SETS = 40
FEW_SETS = 2


def apart(
    traits: Sequence[Votes], members: Mapping[str, Positions], rng: np.random.Generator
) -> Figure:
    """The mean divergence of two communities' traits, over pairs, traits and draws.

    Args:
        traits: Votes of all cards over the values of each trait.
        members: Positions of each community's cards.
        rng: For drawing the cards that stand for a community.

    Returns:
        A figure from 0 to 1; NaN for a set of cards with fewer than two communities of five.
    """
    tables = [votes.rows.toarray() for votes in traits]
    has = np.any([votes.known for votes in traits], axis=0)
    belongs = np.zeros((len(members), len(has)), dtype=np.bool_)
    for number, group in enumerate(members.values()):
        belongs[number, group] = True

    def mean(cards: Positions, sets: int) -> float:
        inside = [cards[own[cards]] for own in belongs]
        large = [group for group in inside if len(group) >= SET]
        if len(large) < 2:  # noqa: PLR2004  # a distance is of two
            return float("nan")
        drawn = [[rng.choice(group, SET, replace=False) for group in large] for _ in range(sets)]
        found = [_divergences(table, chosen) for chosen in drawn for table in tables]
        told = np.concatenate(found)
        return float(told.mean()) if len(told) else float("nan")

    return Figure(
        name="distance",
        value=lambda cards: mean(cards, SETS),
        quick=lambda cards: mean(cards, FEW_SETS),
        has=has,
        fewest=2 * SET,
        smallest_half=2 * SET,
        only_all=True,
    )


def _divergences(table: NDArray[np.float64], chosen: Sequence[Positions]) -> NDArray[np.float64]:
    """Of every pair of communities whose five cards have this trait."""
    sums = np.stack([table[cards].sum(axis=0) for cards in chosen])
    told = sums[sums.any(axis=1)]
    pairs = np.array(list(combinations(range(len(told)), 2)), dtype=np.int64)
    return jensen_shannon(told[pairs]) if len(pairs) else np.zeros(0)
