"""Whose child each card is: parents as they are counted, and what is no parent."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from polyculture.core.cards import Inheritance
from polyculture.zoo.tables.layouts import Entry
from polyculture.zoo.tables.names import different, model_key, spellings
from polyculture.zoo.tables.repeats import Unique

DATA = re.compile(r"\b(?:data|datasets?|corpus|corpora)\b", re.IGNORECASE)
"""A name that says itself that it is no model."""


@dataclass(frozen=True, kw_only=True)
class Parent:
    """A child and what it was made from."""

    child: str
    parent: str
    kind: Inheritance
    written: str
    """The parent's name as it stands."""


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """The parents of all entries, as they are counted."""

    parents: tuple[Parent, ...]
    joined: tuple[tuple[str, str], ...]
    data: tuple[str, ...]
    """Dependencies that were left out: they are data sets, applications or the like."""
    outside: tuple[str, ...]
    """Parents that are not entries, one name each time it is named."""
    unclear: tuple[str, ...]
    """Names that more than one entry could have been meant by."""


def lineage(
    unique: Unique,
    others: Sequence[Entry],
    aliases: Mapping[str, str],
    *,
    resolve: bool,
    keeps_data: bool,
) -> Lineage:
    """Whose child each card is.

    Args:
        unique: Entries that count. A name that was numbered is no spelling of anything.
        others: Entries of other kinds; what depends on one of them has no parent there.
        aliases: Names as they are written to names as they are counted.
        resolve: Look for a parent also under another spelling.
        keeps_data: Data sets are among the cards.
    """
    key = model_key if resolve else str
    names = {entry.name for entry in unique.entries}
    written_so = names - set(unique.numbered)
    finder = _Finder(
        names=names,
        keys=Counter(map(key, written_so)),
        others={entry.name for entry in others},
        other_keys={key(entry.name) for entry in others},
        keeps_data=keeps_data,
    )
    named = list(_named(unique.entries, aliases))
    kept = [one for one in named if not finder.is_data(one.parent, key(one.parent))]
    counted = spellings(
        Counter(one.parent for one in kept),
        key=key,
        aliases={},
        fixed=written_so | set(aliases.values()),
    )
    rows = [replace(one, parent=counted[one.parent]) for one in kept]
    outside = tuple(row.parent for row in rows if row.parent not in names)
    return Lineage(
        parents=tuple({(row.child, row.parent, row.kind): row for row in rows}.values()),
        joined=tuple(different((row.written, row.parent) for row in rows)),
        data=tuple(one.parent for one in named if finder.is_data(one.parent, key(one.parent))),
        outside=outside,
        unclear=tuple(name for name in outside if finder.keys[key(name)] > 1),
    )


def _named(entries: Sequence[Entry], aliases: Mapping[str, str]) -> Iterator[Parent]:
    kinds: tuple[Inheritance, ...] = ("base", "copy")
    for entry in entries:
        for kind, parents in zip(kinds, (entry.parents, entry.copied_from), strict=True):
            for name in parents:
                counted = aliases.get(name, name)
                yield Parent(child=entry.name, parent=counted, kind=kind, written=name)


@dataclass(frozen=True, kw_only=True)
class _Finder:
    names: set[str]
    keys: Counter[str]
    others: set[str]
    other_keys: set[str]
    keeps_data: bool

    def is_data(self, name: str, key: str) -> bool:
        """Whether a dependency is no model: one of the other records, or data by its own name."""
        if name in self.names:
            return False
        if name in self.others or (key in self.other_keys and key not in self.keys):
            return True
        return not self.keeps_data and key not in self.keys and DATA.search(name) is not None
