"""How many independent votes the models amount to."""

from collections.abc import Sequence

import numpy as np

from polyculture.core.errors import UndefinedError
from polyculture.core.measure import GroupMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import wrong_of
from polyculture.stats.groups.panel import Floats, Panel
from polyculture.stats.scores import ratio


def effective_votes(models: Sequence[Predictions]) -> float:
    r"""Number of independent models whose mean error would vary as much as that of these k.

    \[ n_{eff} = \frac{k}{1 + (k - 1)\, \bar r} \]

    where \(\bar r\) is the mean correlation of two models' errors, over all pairs. Models that
    never fail or always fail correlate with nothing; they are set aside, and k counts the others.

    Returns:
        A number of votes: 1 where all fail on the same items, k for independent models, and more
        than k where they tend to fail on different items.

    Raises:
        UndefinedError: Fewer than two models both fail and succeed; or their failures exclude each
            other as far as that is possible, so that the formula divides by zero; or no right
            answers are known.

    Example:
        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> gold = np.zeros(10, dtype=int)
        >>> fails = [[0, 1], [0, 2], [0, 1, 2]]
        >>> models = [Predictions(labels=np.isin(np.arange(10), f) * 1, gold=gold) for f in fails]
        >>> round(effective_votes(models), 4)
        1.3225

    Source:
        Kish 1965, Survey Sampling (design effect); on panels of models Kohli 2026,
        arXiv:2605.29800.
    """
    wrong = wrong_of(*models)
    wrong = wrong[wrong.any(axis=1) & ~wrong.all(axis=1)]  # those that fail and succeed
    voters = len(wrong)
    if voters < 2:  # noqa: PLR2004  # a correlation takes two
        msg = f"it takes two models that both fail and succeed, but there are {voters}"
        raise UndefinedError(msg)
    standard = (wrong - wrong.mean(axis=1, keepdims=True)) / wrong.std(axis=1, keepdims=True)
    # The variance of the sum is 1 + (k - 1) times the mean correlation, times k.
    spread = float((standard.sum(axis=0) ** 2).mean()) / voters
    if spread < EXCLUDING:
        msg = "the models' failures exclude each other, so that no number of votes is like them"
        raise UndefinedError(msg)
    return voters / spread


EXCLUDING = 1e-9
"""A spread below this is 0 but for rounding."""


def effective_votes_of_rounds(panel: Panel) -> Floats:
    """The same for all rounds, ``(rounds,)``."""
    left, right = panel.pairs
    spread = np.sqrt(panel.error_rates * (1 - panel.error_rates))  # (models, rounds)
    votes = (spread > 0).sum(axis=0).astype(np.float64)
    scale = spread[left] * spread[right]
    correlation = np.divide(
        panel.error_covariance, scale, out=np.zeros_like(scale), where=scale > 0
    )
    whole = 1 + 2 * correlation.sum(axis=0) / np.maximum(votes, 1)
    known = (votes > 1) & (whole >= EXCLUDING)
    return ratio(np.where(known, votes, np.nan), np.where(known, whole, 0.0))


def set_aside(models: Sequence[Predictions]) -> str:
    """Say how many models were left out because they never or always fail."""
    wrong = wrong_of(*models)
    constant = int((~wrong.any(axis=1) | wrong.all(axis=1)).sum())
    verb = (
        "model never or always fails and is"
        if constant == 1
        else "models never or always fail and are"
    )
    return f"{constant} {verb} set aside" if constant else ""


def number_of_models(models: Sequence[Predictions]) -> float:
    """Independent models have as many votes as they are, constant ones set aside."""
    wrong = wrong_of(*models)
    return float((wrong.any(axis=1) & ~wrong.all(axis=1)).sum())


PLUGIN = GroupMeasure(
    compare=effective_votes,
    weighted=effective_votes_of_rounds,
    reads="predictions",
    low=0.0,
    high=float("inf"),
    chance=number_of_models,
    needs=frozenset({"gold"}),
    unchanged_by=frozenset({"class_names", "item_order"}),
    note=set_aside,
    source="Kish 1965; Kohli 2026, arXiv:2605.29800",
)
