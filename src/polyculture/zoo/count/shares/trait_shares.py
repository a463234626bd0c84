"""Traits of cards as votes: a card's one vote in a trait is divided among its values."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from polyculture.stats.groups.concentration import jensen_shannon
from polyculture.stats.inference.two_sample import Labels, Rows, in_a, in_b
from polyculture.stats.scores import Numbers


@dataclass(frozen=True, kw_only=True)
class TraitShares:
    """Votes of all cards that have a trait at all."""

    names: tuple[str, ...]
    """In code-point order."""
    votes: csr_array[Any]
    """``(cards, values)``, the values of a trait side by side; a card's votes in a trait sum to 1,
    or to 0 where it has none."""
    bounds: tuple[int, ...]
    """First column of each trait, then the number of columns."""

    def rows(self, names: Iterable[str]) -> Rows:
        """Rows of those of the names that have traits, each once, in ascending order."""
        wanted = set(names)
        found = [row for row, name in enumerate(self.names) if name in wanted]
        return np.array(found, dtype=np.int64)

    def apart(self, cards: Rows, labels: Labels) -> Numbers:
        """Jensen-Shannon divergence of two sets, as the mean over traits that both have.

        Args:
            cards: Rows of the pooled cards.
            labels: Who of them is in which set, ``(..., cards)``; see ``stats.two_sample``.

        Returns:
            One value a labelling, from 0 (the same shares) to 1 (no value in common); NaN where
            the sets have no trait in common.

        Example:
            >>> long = {"name": ["a", "b"], "trait": ["norm"] * 2, "value": ["layer", "rms"]}
            >>> labels = np.array([1, 2], dtype=np.int8)
            >>> float(trait_shares(pl.DataFrame(long)).apart(np.array([0, 1]), labels))
            1.0
        """
        votes = self.votes[cards]
        first, second = in_a(labels) @ votes, in_b(labels) @ votes
        sums = np.stack([first, second], axis=-2)  # (..., 2, values)
        found = [_divergence(sums[..., low:high]) for low, high in pairwise(self.bounds)]
        known = np.stack(found, axis=-1)
        number = (~np.isnan(known)).sum(axis=-1)
        total = np.nansum(known, axis=-1)
        return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def trait_shares(traits: pl.DataFrame) -> TraitShares:
    """Read traits in long form; rows that repeat, or lack a value, do not count.

    Args:
        traits: See ``TRAIT_COLUMNS``.

    Example:
        >>> values = ["layer", "rms", "rms"]
        >>> long = {"name": ["a", "a", "b"], "trait": ["norm"] * 3, "value": values}
        >>> trait_shares(pl.DataFrame(long)).votes.toarray().tolist()
        [[0.5, 0.5], [0.0, 1.0]]
    """
    known = traits.select("name", "trait", "value").drop_nulls().unique()
    known = known.with_columns(vote=1 / pl.len().over("name", "trait"))
    names = sorted(known["name"].unique().to_list())
    columns = sorted(known.select("trait", "value").unique().rows())
    row_of = {name: row for row, name in enumerate(names)}
    column_of = {key: column for column, key in enumerate(columns)}
    rows = [row_of[name] for name in known["name"]]
    places = [column_of[key] for key in known.select("trait", "value").iter_rows()]
    votes = csr_array((known["vote"].to_numpy(), (rows, places)), shape=(len(names), len(columns)))
    return TraitShares(names=tuple(names), votes=votes, bounds=_bounds(columns))


def _bounds(columns: list[tuple[str, str]]) -> tuple[int, ...]:
    starts = [
        place
        for place, (trait, _) in enumerate(columns)
        if place == 0 or columns[place - 1][0] != trait
    ]
    return (*starts, len(columns))


def _divergence(sums: Numbers) -> Numbers:
    """Of one trait, ``(..., 2, values)``; NaN where a side has no card with a value."""
    both = (sums.sum(axis=-1) > 0).all(axis=-1)
    found = np.full(both.shape, np.nan)
    if both.any():
        found[both] = jensen_shannon(sums[both])
    return found
