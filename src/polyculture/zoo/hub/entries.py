"""What a hub's list says about a model, as a row: bases, licence, library, downloads, dates.

A hub's metadata is written by anyone, so any field may be of any kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import polars as pl

BASE, LICENCE = "base_model:", "license:"
LARGEST = 2**63
"""No column of whole numbers holds more."""
SHOWN = 60
"""Characters of a malformed entry that are shown."""


@dataclass(frozen=True, kw_only=True)
class Entries:
    """Entries of a list, read."""

    rows: pl.DataFrame
    """See ``columns``."""
    malformed: tuple[str, ...]
    """The beginnings of entries without a name; they have no row."""
    unreadable: int
    """Rows with a field of the wrong kind, which is then null."""
    private: int
    """Entries that only the asker may see; they have no row either."""


def columns() -> dict[str, pl.DataType]:
    """Columns of a snapshot and their types; null means not known.

    ``parents`` and ``relations`` have equal lengths: a base and what was done with it
    (``finetune``, ``adapter``, ``merge``, ``quantized``; null where nobody says).
    """
    import polars as pl

    text, texts, number, day = pl.String(), pl.List(pl.String()), pl.Int64(), pl.Date()
    return {
        "id": text,
        "community": text,
        "parents": texts,
        "relations": texts,
        "licence": text,
        "library": text,
        "downloads": number,
        "likes": number,
        "created": day,
        "modified": day,
    }


def read(entries: Iterable[Any]) -> Entries:
    """Read a page of a list.

    Example:
        >>> found = read([{"id": "me/fine", "tags": ["base_model:adapter:you/base"]}, {"tags": []}])
        >>> found.rows["parents"].to_list(), found.rows["relations"].to_list()
        ([['you/base']], [['adapter']])
        >>> found.malformed
        ("{'tags': []}",)
    """
    import polars as pl

    rows, malformed, unreadable, private = [], [], 0, 0
    for entry in entries:
        name = _name(entry)
        if name is None:
            malformed.append(repr(entry)[:SHOWN])
            continue
        if entry.get("private") is True:
            private += 1
            continue
        row, is_whole = _row(name, entry)
        rows.append(row)
        unreadable += not is_whole
    frame = pl.DataFrame(rows, schema=columns(), orient="row")
    return Entries(rows=frame, malformed=tuple(malformed), unreadable=unreadable, private=private)


def _name(entry: Any) -> str | None:
    if not isinstance(entry, dict):
        return None
    name = entry.get("id", entry.get("modelId"))  # older hubs say modelId
    return name if _is_text(name) and name.strip() else None


def _row(name: str, entry: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The row, and whether every field was of its kind."""
    read, is_whole = {}, True
    for key, parse in FIELDS.items():
        try:
            read[key] = parse(entry[key]) if entry.get(key) is not None else None
        except (TypeError, ValueError):
            read[key], is_whole = None, False
    tags = [tag for tag in read["tags"] or () if _is_text(tag)]
    card = read["cardData"] or {}
    bases = _bases(tags, card)
    row = {
        "id": name,
        "community": read["pipeline_tag"] or None,
        "parents": list(bases),
        "relations": list(bases.values()),
        "licence": _licence(tags, card),
        "library": read["library_name"] or None,
        "downloads": read["downloads"],
        "likes": read["likes"],
        "created": read["createdAt"],
        "modified": read["lastModified"],
    }
    return row, is_whole


def _bases(tags: list[str], card: dict[str, Any]) -> dict[str, str | None]:
    """Base models and what was done with each, in the order in which they are named.

    Example:
        >>> tags = ["base_model:you/base", "base_model:merge:you/base", "base_model:you/other"]
        >>> _bases(tags, {"base_model": "you/base"})
        {'you/base': 'merge', 'you/other': None}
    """
    declared = card.get("base_model")
    names = declared if isinstance(declared, list) else [declared]
    named = card.get("base_model_relation")
    relation = named if _is_text(named) and named else None
    bases = {name: relation for name in names if _is_text(name) and name.strip()}
    for tag in tags:
        if tag.startswith(BASE):
            # the hub names each base twice: alone, and with what it found was done with it
            done, _, base = tag.removeprefix(BASE).rpartition(":")
            if base.strip():
                bases[base] = done or bases.get(base)
    return bases


def _licence(tags: list[str], card: dict[str, Any]) -> str | None:
    for tag in tags:
        if tag.startswith(LICENCE) and tag != LICENCE:
            return tag.removeprefix(LICENCE)
    declared = card.get("license")
    return declared if _is_text(declared) and declared else None


def _is_text(value: Any) -> TypeGuard[str]:
    """Text that can be written: JSON allows halves of characters, UTF-8 does not."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(value: Any) -> str:
    if not _is_text(value):
        raise TypeError
    return value


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < LARGEST:  # true and false are not numbers
        raise TypeError
    return value


def _day(value: Any) -> date:
    return date.fromisoformat(_text(value)[:10])


def _kind(kind: type) -> Callable[[Any], Any]:
    def parse(value: Any) -> Any:
        if not isinstance(value, kind):
            raise TypeError
        return value

    return parse


FIELDS: dict[str, Callable[[Any], Any]] = {
    "pipeline_tag": _text,
    "library_name": _text,
    "downloads": _number,
    "likes": _number,
    "createdAt": _day,
    "lastModified": _day,
    "tags": _kind(list),
    "cardData": _kind(dict),
}
"""What is read of an entry, and how; another kind of value is a TypeError or ValueError."""
