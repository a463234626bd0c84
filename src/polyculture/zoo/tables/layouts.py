"""Which column of a table is which field of a card: known layouts, and those a person describes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from polyculture.core.errors import DataError
from polyculture.core.parts import suggestion
from polyculture.zoo.tables.cells import When, amount, items, plain, when
from polyculture.zoo.tables.records import Raw

FIELDS = (
    "name",
    "communities",
    "year",
    "maker",
    "licence",
    "library",
    "downloads",
    "parameters",
    "parents",
    "copied_from",
)
"""Fields of a card that a column may hold; ``traits.NAME`` is the trait NAME."""
SPELLED = {
    "community": "communities",
    "download": "downloads",
    "libraries": "library",
    "license": "licence",
    "licenses": "licence",
    "makers": "maker",
    "parameter": "parameters",
    "parent": "parents",
    "years": "year",
}
"""One for several, several for one, and as others write: what the field is called here."""
TRAITS = "traits."
NO_COMMUNITY = "unknown"
BETWEEN = "|"
"""Stands between the words of a list, in a cell of a table that a person describes."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One record in our fields, its names as they are written."""

    place: str
    name: str
    kind: str = "model"
    communities: tuple[str, ...] = ()
    when: When = field(default_factory=When)
    makers: tuple[str, ...] = ()
    """Each organisation that is named, in order."""
    maker: str | None = None
    """The cell as it stands."""
    licence: str | None = None
    library: str | None = None
    downloads: float | None = None
    parameters: float | None = None
    parents: tuple[str, ...] = ()
    copied_from: tuple[str, ...] = ()
    traits: tuple[tuple[str, str], ...] = ()
    unread: tuple[str, ...] = ()
    """Fields whose cell says something that is not what it should be."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a kind of table is read."""

    title: str
    """Of the collection; empty where a person described the table."""
    keys: frozenset[str]
    """Columns that tell the layout."""
    year_means: str
    blind: tuple[str, ...]
    entry: Callable[[Raw, frozenset[str]], Entry]
    """(record, all names of the table): the entry."""
    name: str = "name"
    """The column of names."""
    guessed: tuple[tuple[str, str], ...] = ()
    """Columns that were taken for a field of nearly the same name: (column, field)."""

    def fits(self, columns: frozenset[str]) -> bool:
        """Whether a table with these columns has this layout."""
        return self.keys <= columns


def described(
    columns: Mapping[str, str] | None, found: Sequence[str], place: str, broken: str = ""
) -> Layout:
    """The layout of a table whose columns a person names, or that are named as our fields.

    Args:
        columns: Field to column; none where the columns are named as our fields, or nearly.
        found: The columns of the table.
        place: What messages call the table.
        broken: Where the table cannot be read, if anywhere, and why.

    Raises:
        DataError: A field or a column does not exist, or the columns are not known and not named.
    """
    if columns is None:
        columns = _named(found)
        if "name" not in columns or len(columns) == 1:
            raise DataError(_lacking(found, place, broken))
    columns = {field_of(ours) or ours: theirs for ours, theirs in columns.items()}
    for ours, theirs in columns.items():
        if not _is_field(ours):
            msg = f"A card has no field {ours!r}. {suggestion(ours, (*FIELDS, TRAITS + 'NAME'))}"
            raise DataError(msg)
        if theirs not in found:
            msg = f"{place} has no column {theirs!r}. {suggestion(theirs, list(found))}"
            raise DataError(msg)
    if "name" not in columns:
        msg = f"A table of cards needs a name for each. Say which column of {place} holds it: name."
        raise DataError(msg)
    return Layout(
        title="",
        keys=frozenset(columns.values()),
        year_means="year",
        blind=(),
        entry=lambda raw, _: _entry(raw, columns),
        name=columns["name"],
        guessed=tuple(
            (theirs, ours) for ours, theirs in columns.items() if field_of(theirs) == ours != theirs
        ),
    )


def _named(found: Sequence[str]) -> dict[str, str]:
    """Field to column, by names: the very same ones first, then those nearly the same."""
    columns = {one: one for one in found if _is_field(one)}
    for one in found:
        ours = field_of(one)
        if ours and ours not in columns:
            columns[ours] = one
    return columns


def field_of(word: str) -> str:
    """The field that a word means, in whatever case and number; "" if it means none.

    Example:
        >>> field_of("Community"), field_of("license"), field_of("traits.Size"), field_of("size")
        ('communities', 'licence', 'traits.Size', '')
    """
    if _is_field(word):
        return word
    lower = word.strip().casefold()
    lower = SPELLED.get(lower, lower)
    return lower if lower in FIELDS else ""


def _is_field(name: str) -> bool:
    return name in FIELDS or (name.startswith(TRAITS) and len(name) > len(TRAITS))


def _lacking(found: Sequence[str], place: str, broken: str) -> str:
    first = f"{broken}, and {place}" if broken else place
    return (
        f"{first} has no layout that is known. Say which of its columns holds which field, as in "
        f"name=COLUMN. Its columns: {', '.join(found)}. Fields: {', '.join(FIELDS)}, {TRAITS}NAME."
    )


def _entry(raw: Raw, columns: Mapping[str, str]) -> Entry:
    cell = {ours: raw.cells.get(theirs) for ours, theirs in columns.items()}
    numbers, unread = numbers_of({k: cell.get(k) for k in ("downloads", "parameters")})
    communities = items(cell.get("communities"), BETWEEN)
    return Entry(
        place=raw.place,
        name=name_of(cell["name"]),
        communities=communities or ((NO_COMMUNITY,) if "communities" in columns else ()),
        when=when(cell.get("year"), today()),
        makers=items(cell.get("maker"), BETWEEN),
        maker=plain(cell.get("maker")),
        licence=plain(cell.get("licence")),
        library=plain(cell.get("library")),
        parents=items(cell.get("parents"), BETWEEN),
        copied_from=items(cell.get("copied_from"), BETWEEN),
        traits=traits_of(
            {
                ours.removeprefix(TRAITS): items(value, BETWEEN)
                for ours, value in cell.items()
                if ours.startswith(TRAITS)
            }
        ),
        unread=unread,
        downloads=numbers["downloads"],
        parameters=numbers["parameters"],
    )


def name_of(value: Any) -> str:
    """A name as it is, spaces around it left out; "" where there is none."""
    if isinstance(value, dict):
        value = value.get("value")
    return "" if value is None or isinstance(value, list) else str(value).strip()


def numbers_of(cells: Mapping[str, Any]) -> tuple[dict[str, float | None], tuple[str, ...]]:
    """The numbers of some fields, and the fields that say something other than a number."""
    texts = {ours: plain(value) for ours, value in cells.items()}
    numbers = {ours: amount(text) if text else None for ours, text in texts.items()}
    # no model has none of its parameters: a zero is a gap in the table
    numbers = {k: None if k == "parameters" and not n else n for k, n in numbers.items()}
    return numbers, tuple(ours for ours in cells if texts[ours] and numbers[ours] is None)


def traits_of(values: Mapping[str, Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """Traits in long form."""
    return tuple((trait, value) for trait, several in values.items() for value in several)


def today() -> date:
    """The day after which nothing can have been published yet."""
    return datetime.now(UTC).date()
