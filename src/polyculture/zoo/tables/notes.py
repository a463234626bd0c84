"""What was dropped, joined or not understood while a table was read, one sentence each."""

from collections import Counter
from collections.abc import Iterator, Sequence

from polyculture.zoo.tables.layouts import Entry
from polyculture.zoo.tables.lineage import Lineage
from polyculture.zoo.tables.read_tables import Gathered
from polyculture.zoo.tables.repeats import Unique
from polyculture.zoo.tables.resolve_names import Named

LISTED = 10
"""Places or names that one sentence lists at most."""


def told(
    gathered: Gathered, names: Named, unique: Unique, family: Lineage, *, others: int
) -> tuple[str, ...]:
    """All sentences about one reading; those that would count nothing are left out."""
    return (
        *_columns(gathered),
        *_records(gathered, others),
        *_repeats(unique),
        *_names(names, family),
        *_dates(unique.entries),
        *_numbers(unique.entries),
        *_parents(family),
    )


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun.

    Example:
        >>> count(1, "record"), count(2, "record"), count(2, "date lies", "dates lie")
        ('1 record', '2 records', '2 dates lie')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """The first few of some words, and how many more there are."""
    more = len(words) - LISTED
    return "; ".join(words[:LISTED]) + (f"; and {more:,} more" if more > 0 else "")


def _columns(gathered: Gathered) -> Iterator[str]:
    guessed = [pair for one in gathered.layouts for pair in one.guessed]
    if guessed:
        pairs = (f"{column!r} for {field}" for column, field in dict.fromkeys(guessed))
        yield f"Columns taken for a field by their names: {', '.join(pairs)}."


def _records(gathered: Gathered, others: int) -> Iterator[str]:
    if broken := [f"{raw.place} ({raw.broken})" for raw in gathered.broken]:
        yield f"{count(len(broken), 'record')} could not be read: {listed(broken)}."
    if gathered.nameless:
        places = listed(gathered.nameless)
        yield f"{count(len(gathered.nameless), 'record')} without a name left out: {places}."
    if others:
        yield f"{count(others, 'record')} of other kinds (data sets, applications) are no cards."


def _repeats(unique: Unique) -> Iterator[str]:
    if dropped := unique.dropped:
        yield (
            f"{count(len(dropped), 'record')} left out, since an earlier one has the same name, "
            f"and the same maker or day: {listed(sorted(set(dropped)))}."
        )
    if numbered := unique.numbered:
        yield (
            f"{count(len(numbered), 'record bears', 'records bear')} the name of an earlier one "
            "and got a number; as a parent, the name alone means the earliest: "
            f"{listed(sorted(numbered))}."
        )


def _names(names: Named, family: Lineage) -> Iterator[str]:
    if joined := {*names.joined, *family.joined}:
        yield f"{count(len(joined), 'spelling')} counted as another one of the same name."
    if names.licences:
        pairs = [f"{written} as {counted}" for written, counted in names.licences]
        yield f"{count(len(pairs), 'spelling')} of licences counted as another: {listed(pairs)}."
    if names.several:
        yield f"Of the several makers of {count(names.several, 'record')}, the first named counts."


def _dates(cards: Sequence[Entry]) -> Iterator[str]:
    places: dict[str, list[str]] = {"missing": [], "unread": [], "future": []}
    for card in cards:
        if card.when.trouble:
            places[card.when.trouble].append(card.name)
    if missing := places["missing"]:
        yield f"{count(len(missing), 'card has', 'cards have')} no date."
    if unread := places["unread"]:
        have = count(len(unread), "card has", "cards have")
        yield f"{have} a date that names no year, or several: {listed(unread)}."
    if future := places["future"]:
        have = count(len(future), "card has", "cards have")
        yield f"{have} a date in the future, and so no year: {listed(future)}."


def _numbers(cards: Sequence[Entry]) -> Iterator[str]:
    for field in ("parameters", "downloads"):
        names = [card.name for card in cards if field in card.unread]
        if names:
            have = count(len(names), "card has", "cards have")
            yield f"{have} a cell of {field} that is not such a number: {listed(names)}."


def _parents(family: Lineage) -> Iterator[str]:
    if family.data:
        yield (
            f"{count(len(family.data), 'dependency', 'dependencies')} on data sets or applications "
            "left out: they are no parents."
        )
    if family.outside:
        often = [f"{name} ({times})" for name, times in Counter(family.outside).most_common(5)]
        yield (
            f"{count(len(family.outside), 'parent is', 'parents are')} no card here, under "
            f"{count(len(set(family.outside)), 'name')}, the most frequent {', '.join(often)}."
        )
    if family.unclear:
        yield (
            f"{count(len(family.unclear), 'parent')} left as written, since several cards could be "
            f"meant: {listed(sorted(set(family.unclear)))}."
        )
