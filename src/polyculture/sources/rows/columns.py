"""Translate the columns of somebody's table into ours; errors name file and line."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic import field_validator

from polyculture.core.errors import DataError
from polyculture.sources.rows.encoded import WAYS, Encoded
from polyculture.sources.rows.schemes import PREFIXES, scheme_note, scheme_of, to_iob2
from polyculture.store.json_text import parsed
from polyculture.store.tables import Table, read_table
from polyculture.store.text_form import TextForm, checked_delimiter

if TYPE_CHECKING:
    import polars as pl

OURS = (
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
USUAL = {
    "text": ("text", "sentence", "sentence1"),
    "text_b": ("text_b", "sentence2"),
    "tags": ("tags", "ner_tags"),
}
"""Names that a column usually has, looked for where the settings name none."""


class Columns(Encoded):
    """Which column holds what. A column that is not named is looked for under its usual name."""

    text: str | None = None
    """The input."""
    text_b: str | None = None
    """Second text of a pair."""
    label: str | None = None
    """The right answer."""
    labels: str | None = None
    """Several right answers in one cell."""
    separator: str = "|"
    """What stands between several answers in a cell that is no JSON list."""
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
    """A domain or source, for reports by group."""

    @field_validator("delimiter")
    @classmethod
    def _delimiter_is_a_character(cls, word: str | None) -> str | None:
        return None if word is None else checked_delimiter(word)

    @property
    def form(self) -> TextForm:
        """How the files are written."""
        return TextForm(
            delimiter=self.delimiter, encoding=self.encoding, quotes=self.quotes, settings=WAYS
        )


def read_rows(path: Path, split: str, columns: Columns) -> "tuple[pl.DataFrame, Table]":
    """Read one file.

    Returns:
        Rows in our columns, and the table that they came from, which knows their lines.

    Raises:
        DataError: The file cannot be read, a named column is missing, or a cell is not what it
            should be.
    """
    table = read_table(path, columns.form)
    return rows_of(table, split, columns), table


def rows_of(table: Table, split: str, columns: Columns) -> "pl.DataFrame":
    """The rows of a table in our columns; see ``read_rows``."""
    import polars as pl

    found = _find(table, columns)
    if not {"text", "tokens"} & found.keys():
        msg = (
            f"{table.name} has none of the columns 'text' and 'tokens'. Name the column with "
            f"text = {table.frame.columns[0]!r} or another of: {', '.join(table.frame.columns)}."
        )
        raise DataError(msg)
    ids = found.pop("id", None)
    made: dict[str, Any] = {
        "id": _filled(table, ids) if ids else [f"{split}-{n}" for n in table.numbers]
    }
    for ours, theirs in found.items():
        made[ours] = _read(table, ours, theirs, columns)
    _check_lengths(table, made)
    _check_spans(table, made)
    return pl.DataFrame(made, schema=_schema(made))


def _find(table: Table, columns: Columns) -> dict[str, str]:
    """Our columns to the file's."""
    found = {ours: _theirs(table, columns, ours) for ours in OURS}
    return {ours: theirs for ours, theirs in found.items() if theirs is not None}


def _theirs(table: Table, columns: Columns, ours: str) -> str | None:
    wanted: str | None = getattr(columns, ours)
    if wanted is not None:
        table.column(wanted)  # says which one is near if there is none
        return wanted
    return next((n for n in USUAL.get(ours, (ours,)) if n in table.frame.columns), None)


def _read(table: Table, ours: str, theirs: str, columns: Columns) -> list[Any]:
    if ours == "labels":
        return [_labels(table, row, theirs, columns.separator) for row in range(len(table.frame))]
    if ours == "tokens":
        return [_words(table, row, theirs) for row in range(len(table.frame))]
    if ours == "tags":
        return [_tags(table, row, theirs, columns) for row in range(len(table.frame))]
    if ours == "spans":
        return [_spans(table, row, theirs) for row in range(len(table.frame))]
    return _filled(table, theirs)


def _filled(table: Table, name: str) -> list[str]:
    cells: list[str | None] = table.frame[name].to_list()
    return [_need(cell, table, row, name) for row, cell in enumerate(cells)]


def _need(cell: str | None, table: Table, row: int, name: str) -> str:
    if cell is None or not cell.strip():
        msg = f"{table.place(row)}: the column {name!r} is empty. Fill it in, or leave the row out."
        raise DataError(msg)
    return cell


def _labels(table: Table, row: int, name: str, separator: str) -> list[str]:
    cell = table.frame[name][row]
    if cell is None:
        return []
    if cell.startswith("["):
        parts = _list(table, row, name, "labels as a JSON list")
        if any(isinstance(part, (dict, list)) or part is None for part in parts):
            _refuse(table, row, f"expected labels in {name!r}, got {cell!r:.60}")
        return [part if isinstance(part, str) else str(part) for part in parts]
    return [part.strip() for part in cell.split(separator) if part.strip()]


def _list(table: Table, row: int, name: str, what: str) -> list[Any]:
    cell = table.frame[name][row]
    try:
        value = parsed(cell or "")
    except ValueError:
        value = None
    if not isinstance(value, list):
        _refuse(table, row, f"expected {what} in {name!r}, got {cell!r:.60}")
    return value


def _words(table: Table, row: int, name: str) -> list[str]:
    words = _list(table, row, name, "a list of words")
    if not words or not all(isinstance(word, str) and word for word in words):
        _refuse(table, row, f"expected words in {name!r}, got {words!r:.60}")
    return words


def _tags(table: Table, row: int, name: str, columns: Columns) -> list[str]:
    tags = _list(table, row, name, "a list of tags")
    names = columns.tag_names
    if names:
        if not all(isinstance(tag, int) and 0 <= tag < len(names) for tag in tags):
            _refuse(table, row, f"a tag of {name!r} is no number below {len(names)}: {tags!r:.60}")
        tags = [names[tag] for tag in tags]
    for tag in tags:
        prefix, dash, label = str(tag).partition("-")
        if tag != "O" and not (prefix in PREFIXES and dash and label):
            what = f"expected the tag O, or B-, I-, E-, S- and a label, got {tag!r}"
            _refuse(table, row, what)
    return tags


def _spans(table: Table, row: int, name: str) -> list[dict[str, Any]]:
    spans = [] if table.frame[name][row] is None else _list(table, row, name, "a list of spans")
    for span in spans:
        fits = isinstance(span, dict) and (
            isinstance(span.get("start"), int)
            and isinstance(span.get("end"), int)
            and isinstance(span.get("label"), str)
            and span["label"]
        )
        if not fits:
            _refuse(table, row, f"expected spans as {{start, end, label}}, got {span!r:.60}")
    return [{key: span[key] for key in ("start", "end", "label")} for span in spans]


def _refuse(table: Table, row: int, what: str) -> NoReturn:
    msg = f"{table.place(row)}: {what}."
    raise DataError(msg)


def _check_lengths(table: Table, made: dict[str, Any]) -> None:
    for row, (words, tags) in enumerate(zip(made.get("tokens", ()), made.get("tags", ()))):  # noqa: B905  # one may be absent
        if len(words) != len(tags):
            _refuse(table, row, f"{len(words)} words have {len(tags)} tags, but each needs one")


def _check_spans(table: Table, made: dict[str, Any]) -> None:
    if "spans" in made and "text" not in made:
        msg = f"{table.name} has spans but no text that they are spans of. Name its column as text."
        raise DataError(msg)
    for row, spans in enumerate(made.get("spans", ())):
        length = len(made["text"][row])
        for span in spans:
            if not 0 <= span["start"] < span["end"] <= length:
                _refuse(
                    table,
                    row,
                    f"the span {span['start']} to {span['end']} ({span['label']}) lies outside the "
                    f"text of {length} characters. Count characters from 0, the end excluded",
                )


def _schema(made: dict[str, Any]) -> dict[str, Any]:
    import polars as pl

    lists = pl.List(pl.String)
    span = pl.Struct({"start": pl.Int64, "end": pl.Int64, "label": pl.String})
    kinds = {"labels": lists, "tokens": lists, "tags": lists, "spans": pl.List(span)}
    return {name: kinds.get(name, pl.String) for name in made}


def in_iob2(
    splits: "dict[str, pl.DataFrame]",
) -> "tuple[dict[str, pl.DataFrame], tuple[str, ...]]":
    """Bring tags to IOB2, and say what they were."""
    import polars as pl

    tagged = {split: rows for split, rows in splits.items() if "tags" in rows.columns}
    if not tagged:
        return splits, ()
    everything = [tags for rows in tagged.values() for tags in rows["tags"].to_list()]
    written = {
        split: rows.with_columns(
            pl.Series(
                "tags", [to_iob2(tags) for tags in rows["tags"].to_list()], pl.List(pl.String)
            )
        )
        for split, rows in tagged.items()
    }
    return splits | written, (scheme_note(scheme_of(everything), everything),)
