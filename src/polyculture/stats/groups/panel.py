"""Several models on the same items under many sets of item weights: all pairs at once.

A pair measure that is made of weighted sums over items becomes a matrix product, and a bootstrap
is a set of weights. Products run over blocks of items, so memory stays small.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from polyculture.core.errors import ProbeMismatchError, UndefinedError
from polyculture.core.views import MISSING, Predictions
from polyculture.stats.groups.votes import is_right, plurality

BLOCK = 4_000_000
"""Numbers in one block: 32 MB, near the point where larger ones are no faster."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """k models on N items, under one set of item weights a round.

    Example:
        >>> gold = np.array([0, 0, 1])
        >>> models = [Predictions(labels=np.array(l), gold=gold) for l in ([0, 1, 0], [0, 1, 1])]
        >>> panel = Panel(models=tuple(models), counts=np.array([[1, 1, 1], [3, 0, 0]], np.uint8))
        >>> panel.error_rates.round(2).tolist()
        [[0.67, 0.0], [0.33, 0.0]]
        >>> panel.agreement.round(2).tolist()
        [[0.67, 1.0]]
    """

    models: tuple[Predictions, ...]
    """Answers to the same items in the same order and in one coding of the classes."""
    counts: NDArray[np.uint8]
    """How often each item counts in each round, ``(rounds, items)``."""
    clusters: NDArray[np.int64] | None = None
    """Number of each item's document, ``(items,)``, where documents were drawn as wholes."""

    def units(self, inside: NDArray[np.bool_] | None = None) -> int:
        """The number of units of the bootstrap: items, or documents.

        Args:
            inside: Of these items only, ``(items,)``.
        """
        if self.clusters is None:
            return self.counts.shape[1] if inside is None else int(inside.sum())
        return len(np.unique(self.clusters if inside is None else self.clusters[inside]))

    def standard_error(self, values: Floats) -> float:
        """Standard error of the mean of one value an item, ``(items,)``; documents are wholes."""
        off = values - values.mean()
        sums = off if self.clusters is None else np.bincount(self.clusters, weights=off)
        return float(np.sqrt((sums**2).sum()) / len(values))

    @cached_property
    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Numbers of the left and the right model of every pair, ``(pairs,)`` each."""
        left, right = np.triu_indices(len(self.models), 1)
        return left.astype(np.int64), right.astype(np.int64)

    @cached_property
    def labels(self) -> NDArray[np.int32]:
        """Codes of the answers, ``(models, items)``."""
        return np.stack([model.labels for model in self.models]).astype(np.int32)

    @cached_property
    def wrong(self) -> NDArray[np.bool_]:
        """Which items each model fails, ``(models, items)``."""
        return np.stack([model.wrong for model in self.models])

    @cached_property
    def vote_is_right(self) -> NDArray[np.bool_]:
        """Which items the plurality vote gets right, ``(items,)``."""
        return is_right(plurality(self.labels)[0], self.labels, self.wrong)

    @cached_property
    def error_rates(self) -> Floats:
        """Share of items that each model fails, ``(models, rounds)``."""
        return self.means(len(self.models), lambda block: self.wrong[:, block])

    @cached_property
    def agreement(self) -> Floats:
        """Share of items with the same answer, ``(pairs, rounds)``."""
        left, _right = self.pairs
        return self.means(len(left), self._agree)

    @cached_property
    def both_wrong(self) -> Floats:
        """Share of items that both models fail, ``(pairs, rounds)``."""
        left, right = self.pairs
        return self.means(
            len(left), lambda block: self.wrong[left, block] & self.wrong[right, block]
        )

    @cached_property
    def same_wrong(self) -> Floats:
        """Share of items to which both models give the same wrong answer, ``(pairs, rounds)``."""
        left, _ = self.pairs
        return self.means(len(left), lambda block: self._agree(block) & self.wrong[left, block])

    @cached_property
    def error_covariance(self) -> Floats:
        """Share that both fail less what independence would give, ``(pairs, rounds)``."""
        left, right = self.pairs
        return self.both_wrong - self.error_rates[left] * self.error_rates[right]

    @cached_property
    def chance_agreement(self) -> Floats:
        """Agreement of independent models that give each answer as often, ``(pairs, rounds)``."""
        models, (left, right) = len(self.models), self.pairs
        classes = 1 + int(self.labels.max(initial=0))
        answered = self.labels != MISSING  # (models, items)
        row = (np.arange(models)[:, None] * classes + self.labels)[answered]
        one_hot = csr_array(
            (np.ones(len(row)), (row, np.nonzero(answered)[1])),
            shape=(models * classes, self.labels.shape[1]),
        )
        expected = np.empty((len(left), len(self.counts)))
        step = max(1, BLOCK // (models * classes + self.labels.shape[1]))
        for start in range(0, len(self.counts), step):
            some = slice(start, start + step)
            sums = one_hot @ self.counts[some].T.astype(np.float64)  # (models * classes, some)
            shares = (sums / self.totals[some]).reshape(models, classes, -1).transpose(2, 0, 1)
            expected[:, some] = (shares @ shares.transpose(0, 2, 1))[:, left, right].T
        return expected

    @cached_property
    def totals(self) -> Floats:
        """Sum of the weights of each round, ``(rounds,)``."""
        totals: Floats = self.counts.sum(axis=1, dtype=np.float64)
        return totals

    @cached_property
    def with_probabilities(self) -> NDArray[np.int64]:
        """Numbers of the models whose probabilities are known."""
        known = [model.probabilities is not None for model in self.models]
        return np.flatnonzero(known)

    @cached_property
    def overlap(self) -> Floats:
        """Mean probability that two answers drawn at random agree, ``(pairs, rounds)``."""
        known, (left, right) = self.with_probabilities, self.pairs
        both = np.isin(left, known) & np.isin(right, known)
        overlap = np.full((len(left), len(self.counts)), np.nan)
        if both.any():
            first, second = (np.searchsorted(known, side[both]) for side in self.pairs)

            def agree(block: slice) -> Floats:
                table = self._probabilities(block)  # (items, models, classes)
                return (table @ table.transpose(0, 2, 1))[:, first, second].T

            overlap[both] = self.means(int(both.sum()), agree)
        return overlap

    @cached_property
    def gold_probability(self) -> Floats:
        """Mean probability given to the right answer, ``(models, rounds)``; NaN where unknown."""
        known, gold = self.with_probabilities, self.models[0].gold
        if gold is None:
            msg = "no right answers (gold) are known"
            raise UndefinedError(msg)
        right = np.full((len(self.models), len(self.counts)), np.nan)

        def on_gold(block: slice) -> Floats:
            table = self._probabilities(block)
            return table[np.arange(len(table)), :, gold[block]].T

        if len(known):
            right[known] = self.means(len(known), on_gold)
        return right

    def mean_of(self, happens: NDArray[np.bool_]) -> Floats:
        """Share of items on which something happens, ``(items,)`` to ``(rounds,)``."""
        shares: Floats = self.means(1, lambda block: happens[None, block])[0]
        return shares

    def means(self, rows: int, block: Callable[[slice], NDArray[Any]]) -> Floats:
        """Weighted means over items of ``rows`` rows that are made block by block.

        Args:
            rows: Number of rows.
            block: A slice of the items to values of shape ``(rows, items of the slice)``.

        Returns:
            One mean a row and round, ``(rows, rounds)``.
        """
        rounds, items = self.counts.shape
        sums = np.zeros((rows, rounds))
        step = max(1, BLOCK // max(rows, rounds))
        for start in range(0, items, step):
            part = slice(start, min(start + step, items))
            values = block(part)
            # Sums of 0 and 1 below 2^24 are exact in single precision, which is twice as fast.
            exact = np.float32 if values.dtype == np.bool_ else np.float64
            sums += values.astype(exact) @ self.counts[:, part].T.astype(exact)
        sums /= self.totals
        return sums

    def _agree(self, block: slice) -> NDArray[np.bool_]:
        left, right = self.pairs
        labels = self.labels[:, block]
        agree: NDArray[np.bool_] = (labels[left] == labels[right]) & (labels[left] != MISSING)
        return agree

    def _probabilities(self, block: slice) -> Floats:
        tables = [self.models[number].probabilities for number in self.with_probabilities]
        known = [table[block] for table in tables if table is not None]
        table: Floats = np.stack(known, axis=1).astype(np.float64)
        return table


def in_one_coding(models: Sequence[Predictions]) -> tuple[Predictions, ...]:
    """Give all models the same classes, in code-point order, so that equal codes are equal answers.

    Models without names of classes are taken to share their codes already.

    Raises:
        ProbeMismatchError: Only some of the models name their classes.

    Example:
        >>> a = Predictions(labels=np.array([0, -1]), classes=("yes",))
        >>> b = Predictions(labels=np.array([0, 1]), classes=("no", "yes"))
        >>> [model.labels.tolist() for model in in_one_coding([a, b])]
        [[1, -1], [0, 1]]
    """
    if not any(model.classes for model in models):
        return tuple(models)
    if not all(model.classes for model in models):
        msg = "Some models name their classes and others do not. Name them for all, or for none."
        raise ProbeMismatchError(msg)
    classes = tuple(sorted({name for model in models for name in model.classes}))
    code = {name: number for number, name in enumerate(classes)}
    return tuple(
        model if model.classes == classes else _recoded(model, classes, code) for model in models
    )


def _recoded(model: Predictions, classes: tuple[str, ...], code: dict[str, int]) -> Predictions:
    new = np.array([*(code[name] for name in model.classes), MISSING], dtype=np.int64)
    probabilities = model.probabilities
    if probabilities is not None:
        wide = np.zeros((len(probabilities), len(classes)), dtype=probabilities.dtype)
        wide[:, new[:-1]] = probabilities
        probabilities = wide
    return replace(
        model,
        labels=new[model.labels],  # MISSING is -1, the last place
        gold=None if model.gold is None else new[model.gold],
        probabilities=probabilities,
        classes=classes,
    )
