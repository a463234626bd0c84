"""How differently do two communities build?"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import polars as pl

from polyculture.core.survey import Distance
from polyculture.core.values import Known, Undefined, Value
from polyculture.stats.inference.multiple_tests import benjamini_hochberg
from polyculture.stats.inference.paired import NO_INTERVAL as NO_P_INTERVAL
from polyculture.stats.inference.two_sample import (
    Rows,
    mmd_of_labels,
    permutation_p,
    pooled,
    shuffled,
)
from polyculture.stats.scores import Numbers
from polyculture.zoo.count.likeness.kernel import Kernel
from polyculture.zoo.count.shares.trait_shares import TraitShares, trait_shares

FEWEST = 5
"""Of five and five there are 252 ways to deal them out; of four and four only 70."""
CHUNK = 4_000_000
"""Most labels held at once."""
NO_INTERVAL = "its test shuffles who belongs to which community, which gives no interval"

Tested = tuple[Value, Value]
"""A distance and its p value."""


def distances(
    kernel: Kernel,
    traits: pl.DataFrame,
    members: Mapping[str, Sequence[str]],
    *,
    draws: int = 500,
    seed: int = 1,
) -> tuple[Distance, ...]:
    """Distance of traits and of architectures for each pair of communities of five or more cards.

    *Traits*: the Jensen-Shannon divergence of two communities' shares of values, base 2, as the
    mean over traits that both have. Several values of one card share its weight equally; a card
    without a value of a trait does not count there. *Architectures*: the unbiased squared maximum
    mean discrepancy with the architecture kernel, over built cards.

    Communities share cards. The test deals the labels "only a", "only b" and "both" out anew among
    the cards of the pair; p is the share of deals at least as far apart, the real one among them.
    ``chance`` is the mean of the deals: a divergence of small communities is never 0, even if they
    are drawn from one. All pairs together are corrected by Benjamini and Hochberg's method.

    Args:
        kernel: Similarities of the built cards.
        traits: See ``TRAIT_COLUMNS``.
        members: Community to the names of its cards.
        draws: Deals of each pair.
        seed: Seed of the deals; a pair deals its own, whatever others there are.

    Returns:
        One record a pair, in the order of ``members``. A side with fewer than five cards with
        traits, or five that are built, leaves that distance undefined.

    Example:
        >>> names = [f"{side}{n}" for side in "ab" for n in range(5)]
        >>> traits = pl.DataFrame({"name": names, "trait": "norm", "value": [n[0] for n in names]})
        >>> nothing = Kernel(names=(), matrix=np.zeros((0, 0)))
        >>> [pair] = distances(nothing, traits, {"a": names[:5], "b": names[5:]})
        >>> pair.jensen_shannon.number, pair.kernel.reason
        (1.0, 'it takes at least 5 built cards in each, but a has 0')

    Source:
        Lin 1991; Gretton et al. 2012; Benjamini and Hochberg 1995.
    """
    large = {name: cards for name, cards in members.items() if len(set(cards)) >= FEWEST}
    shares = trait_shares(traits)
    described = {name: shares.rows(cards) for name, cards in large.items()}
    built = {name: kernel.rows(cards) for name, cards in large.items()}
    pairs = list(combinations(large, 2))
    by_traits, by_kernel = [], []
    for a, b in pairs:
        rng = np.random.default_rng([seed, *f"{a}\0{b}".encode()])
        by_traits.append(_of_traits(shares, a, b, described, draws=draws, rng=rng))
        by_kernel.append(_of_kernel(kernel.matrix, a, b, built, draws=draws, rng=rng))
    return _records(pairs, by_traits, by_kernel)


def _records(
    pairs: Sequence[tuple[str, str]], by_traits: Sequence[Tested], by_kernel: Sequence[Tested]
) -> tuple[Distance, ...]:
    corrected = [_corrected([p for _, p in tested]) for tested in (by_traits, by_kernel)]
    return tuple(
        Distance(
            a=a,
            b=b,
            jensen_shannon=by_traits[place][0],
            jensen_shannon_p=by_traits[place][1],
            jensen_shannon_q=corrected[0][place],
            kernel=by_kernel[place][0],
            kernel_p=by_kernel[place][1],
            kernel_q=corrected[1][place],
        )
        for place, (a, b) in enumerate(pairs)
    )


def _corrected(p_values: Sequence[Value]) -> list[Value]:
    """Pairs without a p value take no part, and keep their reason."""
    found = [p.number for p in p_values if isinstance(p, Known)]
    corrected = iter(benjamini_hochberg(np.array(found)).tolist())
    return [
        Known(number=next(corrected), no_interval=NO_P_INTERVAL) if isinstance(p, Known) else p
        for p in p_values
    ]


def _of_traits(
    shares: TraitShares,
    a: str,
    b: str,
    rows: Mapping[str, Rows],
    *,
    draws: int,
    rng: np.random.Generator,
) -> Tested:
    lacking = _lacking("cards with traits", a, b, rows)
    if lacking is not None:
        return lacking, lacking
    cards, labels = pooled(rows[a], rows[b])
    observed = float(shares.apart(cards, labels))
    if np.isnan(observed):
        no = Undefined(reason=f"there is no trait that both {a} and {b} have")
        return no, no
    deals = _chunks(len(cards), draws)
    null = [shares.apart(cards, shuffled(labels, deal, rng)) for deal in deals]
    known = np.concatenate(null)
    return _tested(observed, known[~np.isnan(known)])


def _of_kernel(
    matrix: Numbers,
    a: str,
    b: str,
    rows: Mapping[str, Rows],
    *,
    draws: int,
    rng: np.random.Generator,
) -> Tested:
    lacking = _lacking("built cards", a, b, rows)
    if lacking is not None:
        return lacking, lacking
    cards, labels = pooled(rows[a], rows[b])
    own = matrix[np.ix_(cards, cards)]
    deals = _chunks(len(cards), draws)
    null = [mmd_of_labels(own, shuffled(labels, deal, rng)) for deal in deals]
    return _tested(float(mmd_of_labels(own, labels)), np.concatenate(null))


def _lacking(what: str, a: str, b: str, rows: Mapping[str, Rows]) -> Undefined | None:
    for name in (a, b):
        if len(rows[name]) < FEWEST:
            reason = f"it takes at least {FEWEST} {what} in each, but {name} has {len(rows[name])}"
            return Undefined(reason=reason)
    return None


def _chunks(cards: int, draws: int) -> list[int]:
    """Deals at a time, so that memory stays bounded."""
    step = max(1, CHUNK // cards)
    return [min(step, draws - start) for start in range(0, draws, step)]


def _tested(observed: float, null: Numbers) -> Tested:
    chance = float(null.mean()) if len(null) else None
    return (
        Known(number=observed, no_interval=NO_INTERVAL, chance=chance),
        Known(number=permutation_p(observed, null), no_interval=NO_P_INTERVAL),
    )
