"""Records of one name: the same model twice, or two models."""

import itertools
from collections import ChainMap, defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from polyculture.zoo.tables.layouts import Entry

Repeats = Literal["join", "keep"]


@dataclass(frozen=True, kw_only=True)
class Unique:
    """Entries whose names are unique."""

    entries: tuple[Entry, ...]
    dropped: tuple[str, ...]
    """Names of the records that were left out."""
    numbered: tuple[str, ...]
    """Names that were made by adding a number."""


def without_repeats(entries: Sequence[Entry], repeats: Repeats) -> Unique:
    """Make names unique.

    Records of one name are one model if they also share their maker or their day; the earliest
    counts. Others are different models of one name: the earliest keeps it, and the next are
    numbered, as "Dragonfly (2)".
    """
    by_name: dict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=_first):
        by_name[entry.name].append(entry)
    kept: dict[str, Entry] = {}
    dropped: list[str] = []
    for name, several in by_name.items():
        apart = _apart(several) if repeats == "join" else several
        dropped += [name] * (len(several) - len(apart))
        names = _numbered(name, len(apart), taken=ChainMap[str, Any](kept, by_name))
        for own, entry in zip(names, apart, strict=True):
            kept[own] = replace(entry, name=own)
    return Unique(
        entries=tuple(kept.values()),
        dropped=tuple(dropped),
        numbered=tuple(name for name in kept if name not in by_name),
    )


def _apart(several: Sequence[Entry]) -> list[Entry]:
    """The first of each model that bears one name."""
    found: list[Entry] = []
    makers, days = set(), set()
    for entry in several:
        if entry.maker in makers or entry.when.day in days:
            continue
        found.append(entry)
        makers.add(entry.maker)
        days |= {entry.when.day} - {""}
    return found


def _first(entry: Entry) -> tuple[str, str]:
    """The earliest first, what has no date last; of one day, by maker, not by place in a file."""
    return entry.when.day or str(entry.when.year or "unknown"), entry.maker or ""


def _numbered(name: str, count: int, *, taken: Container[str]) -> list[str]:
    """The name, then the name with the next numbers that are free."""
    free = (own for number in itertools.count(2) if (own := f"{name} ({number})") not in taken)
    return [name, *itertools.islice(free, count - 1)]
