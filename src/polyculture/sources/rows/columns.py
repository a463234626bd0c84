"""Map the columns of a table to those that a task declares."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, field_validator, model_validator

from polyculture.core.columns import ALWAYS, alternatives
from polyculture.core.errors import DataError, RecipeError
from polyculture.core.parts import suggestion
from polyculture.core.shown import shown
from polyculture.core.task import Column
from polyculture.sources.rows.cells import CellForm, read_cells, type_of
from polyculture.sources.rows.encoded import WAYS, Encoded
from polyculture.sources.rows.files import CORPUS
from polyculture.sources.rows.hold_out import TIME
from polyculture.sources.rows.schemes import scheme_note, scheme_of, to_iob2
from polyculture.store.reading.frames import NULL
from polyculture.store.reading.tables import Table, read_table
from polyculture.store.reading.text_form import TextForm, checked_delimiter

if TYPE_CHECKING:
    import polars as pl

SHORT = (
    "id",
    "text",
    "text_b",
    "label",
    "labels",
    "tokens",
    "tags",
    "spans",
    "document",
    "group",
)
"""Columns that have a setting of their own, beside ``columns``, which names any column."""


class Columns(Encoded):
    """Which column holds what. A column that is not named is found by its usual name."""

    columns: dict[str, str] = Field(default_factory=dict)
    """Name in the file of any column that the task reads, as in ``columns.source = "english"``;
    ``text``, ``label`` and some others may also be named by the settings below."""
    text: str | None = None
    """The input."""
    text_b: str | None = None
    """Second text of a pair."""
    label: str | None = None
    """The right answer."""
    labels: str | None = None
    """Several right answers in one cell."""
    separator: str = "|"
    """What stands between several answers in a cell that is not a JSON list."""
    tokens: str | None = None
    """Words, a list."""
    tags: str | None = None
    """A tag for each word, a list."""
    tag_names: tuple[str, ...] | None = None
    """What tags that are numbers stand for, in order."""
    spans: str | None = None
    """Spans of the text, a list of {start, end, label} in characters."""
    id: str | None = None
    """Unique name of a row; left out, made from split and line."""
    document: str | None = None
    """Rows of one document; they stay in one split."""
    quotes: bool = True
    """Cells of CSV and TSV may stand in quotes; false where a quote is a plain character."""
    delimiter: str | None = None
    """What separates cells of CSV and TSV, such as ``;`` or ``tab``; left out, what the header
    shows."""
    group: str | None = None
    """A domain or source, for reports by group; ``hold_out_by = "group"`` keeps it whole."""
    time: str | None = None
    """When a row is from, for ``hold_out_by = "time"``: numbers, or dates such as 2024-05-01."""

    @field_validator("delimiter")
    @classmethod
    def _delimiter_is_a_character(cls, word: str | None) -> str | None:
        return None if word is None else checked_delimiter(word)

    @model_validator(mode="after")
    def _no_column_is_named_twice(self) -> Self:
        for ours, name in self.columns.items():
            other = getattr(self, ours) if ours in SHORT else None
            if other is not None:
                msg = (
                    f"the column {ours!r} is named twice, by {ours} = {other!r} and by "
                    f"columns.{ours} = {name!r}. Leave one of them out"
                )
                raise ValueError(msg)
        return self

    @property
    def form(self) -> TextForm:
        """How the files are written."""
        return TextForm(
            delimiter=self.delimiter, encoding=self.encoding, quotes=self.quotes, settings=WAYS
        )

    @property
    def cells(self) -> CellForm:
        """How lists are written in cells."""
        return CellForm(separator=self.separator, tag_names=self.tag_names)


def named_in(settings: Any) -> dict[str, str]:
    """Our columns to the names that the settings of any source of data give them."""
    short = {ours: getattr(settings, ours, None) for ours in SHORT}
    named = {ours: name for ours, name in short.items() if isinstance(name, str)}
    return named | getattr(settings, "columns", {})


def setting_of(ours: str) -> str:
    """The setting in ``[data]`` that names a column."""
    return ours if ours in SHORT else f"columns.{ours}"


def unknown_name(settings: Any, columns: Mapping[str, Column]) -> tuple[str, str] | None:
    """A name in ``[data.columns]`` that the task does not read, and a sentence about it."""
    known = [*columns, *ALWAYS]
    for ours in getattr(settings, "columns", {}):
        if ours not in known:
            near = suggestion(ours, known)
            near = f"{near} " if near.startswith("Did") else ""
            reads = ", ".join(map(repr, columns))
            return ours, (
                f"this task reads no column {ours!r}. {near}It reads {reads}, and "
                f"every task 'id', 'document' and 'group'."
            )
    return None


def read_rows(
    path: Path, split: str, settings: Columns, columns: Mapping[str, Column]
) -> "tuple[pl.DataFrame, Table]":
    """Read one file.

    Returns:
        Rows in the columns that are declared, as far as the file has them, with ``id`` and perhaps
        ``document`` and ``group``; and the table that they came from, which knows their lines.

    Raises:
        RecipeError: The settings name a column that is not declared.
        DataError: The file cannot be read, a named or needed column is missing, or a cell is not
            what it should be.
    """
    unknown = unknown_name(settings, columns)
    if unknown:
        msg = f"[data.columns]: {unknown[1]}"
        raise RecipeError(msg)
    table = read_table(path, settings.form)
    named = named_in(settings)
    if split == "train" and settings.time is not None:
        named[TIME] = settings.time
    if split == CORPUS:  # what is named is named for the rows that are answered with it
        named = {ours: name for ours, name in named.items() if name in table.frame.columns}
    names_in_file = _find(table, named, columns)
    return rows_of(table, split, names_in_file, columns, settings.cells), table


def read_row_batches(
    path: Path, split: str, settings: Columns, columns: Mapping[str, Column]
) -> "Iterator[pl.DataFrame]":
    """Read one file a part at a time, with tags as they are written; see ``read_rows``.

    A column that a part of a JSON file lacks is empty there.
    """
    import polars as pl

    from polyculture.store.reading.batches import read_batches

    named = named_in(settings)
    known: list[str] = []
    for table in read_batches(path, settings.form):
        known += [name for name in table.frame.columns if name not in known]
        lacks = [name for name in known if name not in table.frame.columns]
        filled = table.frame.with_columns(pl.lit(None, pl.String).alias(name) for name in lacks)
        whole = replace(table, frame=filled)
        there = named
        if split == CORPUS:
            there = {ours: name for ours, name in named.items() if name in known}
        yield rows_of(whole, split, _find(whole, there, columns), columns, settings.cells)


def rows_of(
    table: Table,
    split: str,
    names_in_file: Mapping[str, str],
    columns: Mapping[str, Column],
    form: CellForm,
) -> "pl.DataFrame":
    """The rows of a table, given which of its columns are ours; see ``read_rows``."""
    import polars as pl

    kinds = {ours: columns[ours].kind if ours in columns else "text" for ours in names_in_file}
    _refuse_lists(table, [names_in_file[ours] for ours, kind in kinds.items() if kind == "label"])
    refuse_others(
        table,
        [name for ours, name in names_in_file.items() if kinds[ours] == "text" and ours in columns],
    )
    cells: dict[str, Any] = {"id": [f"{split}-{number}" for number in table.numbers]}
    for ours, name in names_in_file.items():
        cells[ours] = read_cells(table, name, kinds[ours], form)
    _check_lengths(table, cells, kinds)
    _check_spans(table, cells, kinds)
    schema = {ours: type_of(kinds.get(ours, "text")) for ours in cells}
    return pl.DataFrame(cells, schema=schema)


def _find(table: Table, named: Mapping[str, str], columns: Mapping[str, Column]) -> dict[str, str]:
    """Our columns to the file's, as far as they are read.

    Raises:
        DataError: A named column or one that the task needs is missing.
    """
    for name_in_file in named.values():
        table.column(name_in_file)  # says which one is near if there is none
    names = {ours: (ours, *column.usual) for ours, column in columns.items()}
    names = {"id": ("id",)} | names | {ours: (ours,) for ours in ALWAYS if ours not in names}
    names |= {TIME: ()} if TIME in named else {}
    there = table.frame.columns
    names_in_file = {
        ours: named.get(ours) or next(name for name in usual if name in there)
        for ours, usual in names.items()
        if ours in named or not set(usual).isdisjoint(there)
    }
    _refuse_missing(table, names_in_file, columns)
    return {
        ours: name_in_file
        for ours, name_in_file in names_in_file.items()
        if ours not in columns or columns[ours].unless not in names_in_file
    }


def _refuse_missing(
    table: Table, names_in_file: Mapping[str, str], columns: Mapping[str, Column]
) -> None:
    for group in alternatives(columns):
        if names_in_file.keys() & set(group):
            continue
        names = " and ".join(map(repr, group))
        lacks = f"no column {names}" if len(group) == 1 else f"none of the columns {names}"
        it = "it" if len(group) == 1 else "the column"
        there = table.frame.columns
        msg = (
            f"{table.name} has {lacks}. Name {it} with {setting_of(group[0])} = {there[0]!r} or "
            f"another of: {', '.join(there)}."
        )
        raise DataError(msg)


def refuse_others(table: Table, names: Sequence[str], *, nulls: bool = False) -> None:
    """Refuse numbers and lists in columns of texts.

    Args:
        table: As it was read.
        names: Its columns of texts.
        nulls: Refuse null too, which is else an empty cell.

    Raises:
        DataError: There is such a cell.
    """
    cells = [
        (other.row, name, other.written)
        for name in names
        for kind, other in table.others.get(name, {}).items()
        if nulls or kind != "null"
    ]
    if not cells:
        return
    row, name, written = min(cells)
    typed = table.unit == "row" and table.path.suffix.lower() == ".parquet"
    what = "Store the column as text" if typed else "Put it in quotes"
    what = "Fill it in" if written == NULL else what
    msg = (
        f"{table.place(row)}: expected a text in {name!r}, got {shown(written):.60}. {what}, or "
        "leave the row out."
    )
    raise DataError(msg)


def _refuse_lists(table: Table, names: Sequence[str]) -> None:
    """A label may be a number, but not several labels in a list."""
    for name in names:
        other = table.others.get(name, {}).get("list")
        if other is not None:
            _refuse(
                table,
                other.row,
                f"expected one label in {name!r}, got {shown(other.written):.60}. Write it as "
                "text, or choose a task of several labels",
            )


def _refuse(table: Table, row: int, what: str) -> None:
    msg = f"{table.place(row)}: {what}."
    raise DataError(msg)


def _check_lengths(table: Table, cells: Mapping[str, Any], kinds: Mapping[str, str]) -> None:
    """Tags belong to the words of their row, where a task reads one column of each."""
    words, tags = ([cells[n] for n, kind in kinds.items() if kind == k] for k in ("words", "tags"))
    if len(words) != 1 or len(tags) != 1:
        return
    for row, (row_words, row_tags) in enumerate(zip(words[0], tags[0], strict=True)):
        if len(row_words) != len(row_tags):
            _refuse(
                table, row, f"{len(row_words)} words have {len(row_tags)} tags, but each needs one"
            )


def _check_spans(table: Table, cells: Mapping[str, Any], kinds: Mapping[str, str]) -> None:
    """Spans lie within the first text of their row."""
    spans = next((name for name, kind in kinds.items() if kind == "spans"), None)
    if spans is None:
        return
    text = next((n for n, kind in kinds.items() if kind == "text" and n not in ALWAYS), None)
    if text is None:
        msg = f"{table.name} has spans, but no text that they are spans of. Give it one."
        raise DataError(msg)
    for row, (inside, whole) in enumerate(zip(cells[spans], cells[text], strict=True)):
        for span in inside:
            if not 0 <= span["start"] < span["end"] <= len(whole):
                _refuse(
                    table,
                    row,
                    f"the span {span['start']} to {span['end']} ({span['label']}) lies outside the "
                    f"text of {len(whole)} characters. Count characters from 0, the end excluded",
                )


def in_iob2(
    splits: "dict[str, pl.DataFrame]", columns: Mapping[str, Column]
) -> "tuple[dict[str, pl.DataFrame], tuple[str, ...]]":
    """Bring tags to IOB2, and say what they were."""
    notes: tuple[str, ...] = ()
    for name, column in columns.items():
        if column.kind == "tags":
            splits, more = _column_in_iob2(splits, name)
            notes += more
    return splits, notes


def with_iob2(rows: "pl.DataFrame", name: str) -> "pl.DataFrame":
    """The rows with a column of tags in IOB2; those that are stay as they are."""
    import polars as pl

    tags = [cell and to_iob2(cell) for cell in rows[name].to_list()]
    return rows.with_columns(pl.Series(name, tags, pl.List(pl.String)))


def _column_in_iob2(
    splits: "dict[str, pl.DataFrame]", name: str
) -> "tuple[dict[str, pl.DataFrame], tuple[str, ...]]":
    tagged = {split: rows for split, rows in splits.items() if name in rows.columns}
    if not tagged:
        return splits, ()
    everything = [tags for rows in tagged.values() for tags in rows[name].to_list()]
    written = {split: with_iob2(rows, name) for split, rows in tagged.items()}
    return splits | written, (scheme_note(scheme_of(everything), everything),)
