"""Several sources as one zoo."""

from collections.abc import Sequence
from hashlib import blake2b

import polars as pl

from polyculture.core.cards import Cards


def joined(cards: Sequence[Cards]) -> Cards:
    """All cards of all sources, in code-point order of their names.

    A name that two sources use gets its source behind it, there and where it is named as a parent.
    Any other parent is looked for among all cards: so a run finds the starter model that it was
    made from.

    Args:
        cards: One source or more.

    Example:
        >>> table = pl.DataFrame({"name": ["a"]})
        >>> parents = pl.DataFrame(schema={"child": pl.String, "parent": pl.String})
        >>> traits = pl.DataFrame(schema={"name": pl.String})
        >>> made = [
        ...     Cards(source=source, unit="model", table=table, parents=parents, traits=traits)
        ...     for source in ("x", "y")
        ... ]
        >>> joined(made).table.get_column("name").to_list()
        ['a (x)', 'a (y)']
    """
    if len(cards) == 1:
        return cards[0]
    names = pl.concat([one.table.select("name") for one in cards]).get_column("name")
    shared = names.filter(names.is_duplicated()).unique()
    renamed = [_renamed(one, shared) for one in cards]
    units, meanings = {one.unit for one in cards}, {one.year_means for one in cards}
    return Cards(
        source=", ".join(one.source for one in cards),
        unit=units.pop() if len(units) == 1 else "card",
        table=pl.concat([one.table for one in renamed]).sort("name"),
        parents=pl.concat([one.parents for one in renamed]),
        traits=pl.concat([one.traits for one in renamed]),
        graphs={name: graph for one in renamed for name, graph in one.graphs.items()},
        listed=sum(one.listed for one in cards),
        year_means=meanings.pop() if len(meanings) == 1 else "year, as each source means it",
        is_census=all(one.is_census for one in cards),
        blind=tuple(dict.fromkeys(line for one in cards for line in one.blind)),
        notes=(
            *(f"{one.source}: {line}" for one in cards for line in one.notes),
            *(
                [f"Names that occur in two sources, and carry theirs: {len(shared)}."]
                if len(shared)
                else []
            ),
        ),
        joined=tuple(pair for one in cards for pair in one.joined),
        digest=blake2b("".join(one.digest for one in cards).encode(), digest_size=16).hexdigest(),
    )


def _renamed(cards: Cards, shared: pl.Series) -> Cards:
    def new(column: str) -> pl.Expr:
        told = pl.col(column)
        longer = pl.format(f"{{}} ({cards.source})", told)
        return pl.when(told.is_in(shared.implode())).then(longer).otherwise(told).alias(column)

    taken = set(shared.to_list())
    return Cards(
        source=cards.source,
        unit=cards.unit,
        table=cards.table.with_columns(new("name")),
        parents=cards.parents.with_columns(new("child"), new("parent")),
        traits=cards.traits.with_columns(new("name")),
        graphs={
            f"{name} ({cards.source})" if name in taken else name: graph
            for name, graph in cards.graphs.items()
        },
    )
