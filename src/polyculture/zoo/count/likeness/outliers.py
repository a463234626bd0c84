"""What remains diverse: cards that are built like no other."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from polyculture.core.survey import Outlier
from polyculture.zoo.count.likeness.kernel import Kernel

JOIN = " + "
"""Between several values of one trait."""


def outliers(
    kernel: Kernel, table: pl.DataFrame, traits: pl.DataFrame, count: int = 20
) -> tuple[Outlier, ...]:
    """The cards whose nearest neighbour is farthest, the most lonely first.

    Two copies of the strangest architecture are each other's neighbour and so not among them.

    Args:
        kernel: Similarities of the built cards.
        table: See ``CARD_COLUMNS``.
        traits: See ``TRAIT_COLUMNS``.
        count: At most so many.

    Returns:
        Ties go by name in code-point order, also among nearest neighbours. Empty with fewer than
        two built cards.

    Example:
        >>> kernel = Kernel(names=("a", "b", "c"), matrix=np.array(
        ...     [[1, 0.9, 0.2], [0.9, 1, 0.1], [0.2, 0.1, 1]]))
        >>> table = pl.DataFrame({"name": ["a", "b", "c"], "communities": [["text"]] * 3})
        >>> traits = pl.DataFrame({"name": ["c"], "trait": ["norm"], "value": ["rms"]})
        >>> [one] = outliers(kernel, table, traits, count=1)
        >>> one.name, one.nearest, one.similarity, one.traits
        ('c', 'a', 0.2, {'norm': 'rms'})
    """
    if len(kernel.names) <= 1:
        return ()
    others = kernel.matrix.copy()
    np.fill_diagonal(others, -np.inf)
    nearest = others.argmax(axis=1)
    similarity = others.max(axis=1)
    lonely = np.argsort(similarity, kind="stable")[:count]
    names = [kernel.names[row] for row in lonely]
    communities = _communities(table, names)
    described = traits_of(traits, names)
    return tuple(
        Outlier(
            name=name,
            communities=communities.get(name, ()),
            nearest=kernel.names[nearest[row]],
            similarity=float(similarity[row]),
            traits=described.get(name, {}),
        )
        for name, row in zip(names, lonely, strict=True)
    )


def traits_of(traits: pl.DataFrame, names: Sequence[str]) -> Mapping[str, dict[str, str]]:
    """Traits of some cards, by name; several values are joined with " + " in code-point order.

    Example:
        >>> long = {"name": ["a", "a"], "trait": ["norm"] * 2, "value": ["rms", "layer"]}
        >>> traits_of(pl.DataFrame(long), ["a"])
        {'a': {'norm': 'layer + rms'}}
    """
    own = traits.filter(pl.col("name").is_in(list(names))).drop_nulls()
    found: dict[str, dict[str, str]] = {}
    for name, trait, value in sorted(set(own.select("name", "trait", "value").rows())):
        known = found.setdefault(name, {})
        known[trait] = f"{known[trait]}{JOIN}{value}" if trait in known else value
    return found


def _communities(table: pl.DataFrame, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    own = table.filter(pl.col("name").is_in(list(names))).select("name", "communities")
    return {name: tuple(communities or ()) for name, communities in own.iter_rows()}
