"""From names as they are written to names as they are counted: makers, licences, cards."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from polyculture.zoo.tables.layouts import Entry
from polyculture.zoo.tables.names import different, maker_key, model_key, spellings


@dataclass(frozen=True, kw_only=True)
class Named:
    """Entries with their names, makers and licences as they are counted."""

    entries: tuple[Entry, ...]
    joined: tuple[tuple[str, str], ...]
    """Makers and models: as written, as counted."""
    licences: tuple[tuple[str, str], ...]
    """The same of licences, told apart: a licence is often named after a model."""
    several: int
    """Entries of several makers, of which the first counts."""


def named(entries: Sequence[Entry], aliases: Mapping[str, str], *, resolve: bool) -> Named:
    """Give each entry its maker, its licence and its name as they are counted.

    Of several organisations the first named is the maker: a maker for every joint work would hide
    who takes part in many. An alias for the whole cell goes before.
    """
    makers = [_maker(entry, aliases, resolve=resolve) for entry in entries]
    maker_of = _spelled(makers, maker_key if resolve else str, aliases)
    licence_of = _spelled(
        [entry.licence for entry in entries], model_key if resolve else str, aliases
    )
    own = [(entry.name, aliases.get(entry.name, entry.name)) for entry in entries]
    return Named(
        entries=tuple(
            replace(
                entry,
                name=name,
                maker=maker_of.get(maker or ""),
                licence=licence_of.get(entry.licence or ""),
            )
            for entry, (_, name), maker in zip(entries, own, makers, strict=True)
        ),
        joined=tuple(different([*maker_of.items(), *own])),
        licences=tuple(different(licence_of.items())),
        several=sum(maker != entry.maker for entry, maker in zip(entries, makers, strict=True)),
    )


def _maker(entry: Entry, aliases: Mapping[str, str], *, resolve: bool) -> str | None:
    if not resolve or entry.maker in aliases or not entry.makers:
        return entry.maker
    return entry.makers[0]


def _spelled(
    words: Iterable[str | None], key: Callable[[str], str], aliases: Mapping[str, str]
) -> dict[str, str]:
    return spellings(Counter(word for word in words if word), key=key, aliases=aliases)
