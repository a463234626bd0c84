"""A made-up snapshot of a hub: as large as one likes, with all that goes wrong in a real one."""

import datetime as dt

import numpy as np
import polars as pl
from numpy.typing import NDArray

COMMUNITIES = 40
MAKERS = 0.12
"""Makers for each card, at most: each card's is drawn from a heavy tail of them."""
LICENCES = ("apache-2.0", "mit", "cc-by-4.0", "llama3", "gemma", "openrail", "other", "bsd", "gpl")
LIBRARIES = ("transformers", "diffusers", "peft", "gguf", "timm", "mlx", "keras", "spacy")
RELATIONS = ("finetune", "adapter", "merge", "quantized")
FIRST_DAY = dt.date(2019, 1, 1)
DAYS = 2_800
"""Up to the late summer of 2026."""
ROOTS = 0.35
"""Share of the cards that name no parent."""
MERGES = 0.05
"""Share of the others that name two to four."""
STRANGERS = 0.02
"""Share of the parents that are not in the snapshot."""
FRESH = 0.4
"""Share of the parents that are chosen among all earlier cards alike, and not as others chose."""
UNTOLD = 0.05
"""Share of the cards that lack a community, a licence or a library."""
UNDATED = 0.02

Positions = NDArray[np.int64]
Random = np.random.Generator


def made_up(cards: int, *, seed: int = 1) -> pl.DataFrame:
    """A snapshot of a hub that does not exist.

    Cards come one after the other. Most choose one parent by preferential attachment: what has many
    children gets more. Some are merges of two to four; some name parents that nobody knows, or
    themselves, or each other in a circle; some have no date, licence, library or community.

    Args:
        cards: Rows, at least 10.
        seed: Seed of all drawing.

    Returns:
        Columns ``id``, ``community``, ``parents``, ``relations`` (lists of equal length),
        ``licence``, ``library``, ``downloads``, ``likes``, ``created``.

    Example:
        >>> table = made_up(100)
        >>> table.height, table.get_column("id").n_unique()
        (100, 100)
        >>> table.get_column("parents").list.len().max() > 1
        True
    """
    rng = np.random.default_rng(seed)
    ids = _ids(cards, rng)
    child, parent = _edges(cards, rng)
    downloads = np.floor(rng.pareto(0.9, cards) * 10).clip(max=5e8).astype(np.int64)
    days = np.sort(DAYS * np.sqrt(rng.random(cards))).astype(np.int64)
    table = pl.DataFrame(
        {
            "id": ids,
            "community": _choice(tuple(f"task-{n:02}" for n in range(COMMUNITIES)), cards, rng),
            "licence": _choice(LICENCES, cards, rng),
            "library": _choice(LIBRARIES, cards, rng),
            "downloads": downloads,
            "likes": (downloads * rng.random(cards) / 50).astype(np.int64),
            "created": _dates(days, rng),
        }
    )
    lists = _lists(cards, ids, child, parent, rng)
    return table.with_columns(lists).select(
        "id", "community", "parents", "relations", "licence", "library", "downloads", "likes",
        "created",
    )  # fmt: skip


def _ids(cards: int, rng: Random) -> pl.Series:
    """``maker/model-number``; few makers have most models."""
    makers = max(2, int(cards * MAKERS))
    maker = np.floor(makers * rng.random(cards) ** 3).astype(np.int64)
    frame = pl.DataFrame({"maker": maker, "number": np.arange(cards)})
    return frame.select(id=pl.format("maker-{}/model-{}", "maker", "number")).get_column("id")


def _choice(names: tuple[str, ...], cards: int, rng: Random) -> pl.Series:
    """Names by Zipf's law; one card in twenty has none."""
    shares = 1 / np.arange(1, len(names) + 1)
    code = rng.choice(len(names), cards, p=shares / shares.sum())
    chosen = pl.Series(names).gather(code)
    return chosen.zip_with(
        pl.Series(rng.random(cards) > UNTOLD), pl.Series([None], dtype=pl.String)
    )


def _dates(days: Positions, rng: Random) -> pl.Series:
    day = pl.Series(days).cast(pl.Int32) + (FIRST_DAY - dt.date(1970, 1, 1)).days
    known = pl.Series(rng.random(len(days)) > UNDATED)
    return day.cast(pl.Date).zip_with(known, pl.Series([None], dtype=pl.Date))


def _edges(cards: int, rng: Random) -> tuple[Positions, Positions]:
    """Child and parent of each edge; a parent from ``cards`` on is a stranger."""
    has = rng.random(cards) > ROOTS
    has[0] = False
    number = np.where(rng.random(cards) < MERGES, rng.integers(2, 5, cards), 1) * has
    child = np.repeat(np.arange(cards), number)
    parent = _preferred(child, rng)
    strange = rng.random(len(child)) < STRANGERS
    parent[strange] = cards + np.floor(cards / 50 * rng.random(strange.sum()) ** 2).astype(np.int64)
    wrong_child, wrong_parent = _mistakes(cards, rng)
    return np.concatenate([child, wrong_child]), np.concatenate([parent, wrong_parent])


def _preferred(child: Positions, rng: Random) -> Positions:
    """The parent of each edge: a random earlier card, or that of a random earlier edge.

    To copy an earlier edge's parent is to choose in proportion to children (Simon 1955). Edges
    that are copied from copies are followed back by doubling steps.
    """
    edges = np.arange(len(child))
    first = np.searchsorted(child, child)  # edges before this card's own
    fresh = (rng.random(len(child)) < FRESH) | (first == 0)
    source = np.where(fresh, edges, np.floor(rng.random(len(child)) * first).astype(np.int64))
    while True:
        further = source[source]
        if np.array_equal(further, source):
            break
        source = further
    earlier = np.floor(rng.random(len(child)) * child).astype(np.int64)
    return earlier[source]


def _mistakes(cards: int, rng: Random) -> tuple[Positions, Positions]:
    """A few cards that name themselves, and a few circles of three."""
    few = max(1, cards // 20_000)
    selfish = rng.integers(cards, size=few)
    ring = rng.choice(cards, 3 * few, replace=False).reshape(3, few)
    return np.concatenate([selfish, *ring]), np.concatenate([selfish, *np.roll(ring, 1, axis=0)])


def _lists(
    cards: int, ids: pl.Series, child: Positions, parent: Positions, rng: Random
) -> list[pl.Series]:
    """Parents and relations as lists, one a card."""
    order = np.argsort(child, kind="stable")
    child, parent = child[order], parent[order]
    number = np.bincount(child, minlength=cards)
    strangers = pl.Series([f"gone/model-{n}" for n in range(cards // 50 + 1)])
    names = pl.concat([ids, strangers.alias(ids.name)]).gather(parent)
    relation = np.where(
        number[child] > 1, RELATIONS.index("merge"), rng.choice([0, 1, 3], len(child))
    )
    edges = pl.DataFrame(
        {"child": child, "parents": names, "relations": pl.Series(RELATIONS).gather(relation)}
    )
    grouped = edges.group_by("child", maintain_order=True).agg("parents", "relations")
    every = pl.DataFrame({"child": np.arange(cards)}).join(
        grouped, on="child", how="left", maintain_order="left"
    )
    none = pl.lit([], dtype=pl.List(pl.String))
    filled = every.select(pl.col("parents", "relations").fill_null(none))
    return [filled.get_column("parents"), filled.get_column("relations")]
