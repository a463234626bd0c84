"""Records of one name: the same model twice, or two models."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from polyculture.sources.cards._layouts import Entry

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
    numbered: list[str] = []
    for name, several in by_name.items():
        apart: list[Entry] = []
        for entry in several:
            if repeats == "join" and any(_same(entry, other) for other in apart):
                dropped.append(name)
                continue
            apart.append(entry)
            own = _free(name, len(apart), {*kept, *by_name})
            numbered += [own] if own != name else []
            kept[own] = replace(entry, name=own)
    return Unique(entries=tuple(kept.values()), dropped=tuple(dropped), numbered=tuple(numbered))


def _first(entry: Entry) -> tuple[str, str]:
    """The earliest first, what has no date last; of one day, by maker, not by place in a file."""
    return entry.when.day or str(entry.when.year or "unknown"), entry.maker or ""


def _same(entry: Entry, other: Entry) -> bool:
    same_day = bool(entry.when.day) and entry.when.day == other.when.day
    return entry.maker == other.maker or same_day


def _free(name: str, number: int, taken: set[str]) -> str:
    if number == 1:
        return name
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"
