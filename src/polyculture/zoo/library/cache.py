"""Cards kept in the user's cache, so that a library is built once a version."""

from __future__ import annotations

import gc
import gzip
import json
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from polyculture.core.cards import Cards
from polyculture.zoo.library.graph_json import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLES = ("table", "parents", "traits")
GRAPHS = "graphs.json.gz"
FACTS = "cards.json"


def keep(cards: Cards, folder: Path) -> None:
    """Write cards, whole or not at all, replacing what was there.

    Raises:
        StoreError: The disk is full or may not be written.
    """
    from polyculture.store.writing.folder import written_once

    facts = {
        one.name: getattr(cards, one.name)
        for one in fields(cards)
        if one.name not in {*TABLES, "graphs"}
    }
    graphs = {name: packed(graph) for name, graph in cards.graphs.items()}
    with written_once(folder, kind=None) as unfinished:
        for name in TABLES:
            getattr(cards, name).write_parquet(unfinished / f"{name}.parquet")
        with gzip.open(unfinished / GRAPHS, "wt", compresslevel=4, encoding="utf-8") as file:
            json.dump(graphs, file)
        (unfinished / FACTS).write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")


def kept(folder: Path) -> Cards | None:
    """The cards of a folder, or none where there are none or they are broken."""
    import polars as pl
    from pydantic_core import from_json  # three times as fast as json

    try:
        facts = from_json((folder / FACTS).read_bytes())
        graphs = from_json(gzip.decompress((folder / GRAPHS).read_bytes()))
        tables: dict[str, Any] = {
            name: pl.read_parquet(folder / f"{name}.parquet") for name in TABLES
        }
        with _uncollected():
            made = {name: unpacked(values) for name, values in graphs.items()}
        return Cards(**{key: _frozen(value) for key, value in facts.items()}, **tables, graphs=made)
    except (OSError, EOFError, ValueError, TypeError, LookupError, pl.exceptions.PolarsError):
        return None  # it is made again


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection while half a million records are made that all stay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _frozen(value: Any) -> Any:
    """JSON's lists as the tuples they were."""
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value
