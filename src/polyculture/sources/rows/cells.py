"""How a cell is read, by the kind of its column; errors name file and line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from polyculture.core.columns import ROLES
from polyculture.core.errors import DataError
from polyculture.core.parts import suggestion
from polyculture.sources.rows.schemes import PREFIXES
from polyculture.store.digest import of_file
from polyculture.store.json_text import parsed
from polyculture.store.reading.content import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from polyculture.core.task import Column
    from polyculture.store.reading.tables import Table

LARGEST = 1e19
"""Size of a number: the square of a larger one overflows 32 bits."""
REMEMBERED = 1 << 17
"""Files whose digest is kept, so that each is read once."""


@dataclass(frozen=True, kw_only=True)
class CellForm:
    """How lists are written in cells."""

    separator: str = "|"
    """What stands between several answers in a cell that is not a JSON list."""
    tag_names: tuple[str, ...] | None = None
    """What tags that are numbers stand for, in order."""


class Cell(NamedTuple):
    """One cell and where it stands."""

    text: str | None
    table: Table
    row: int
    name: str
    """The file's name of the column."""

    def refuse(self, what: str) -> NoReturn:
        """Say what is wrong with it."""
        msg = f"{self.table.place(self.row)}: {what}."
        raise DataError(msg)


def read_cells(table: Table, name: str, kind: str, form: CellForm) -> list[Any]:
    """The cells of one column.

    Raises:
        DataError: A cell is not what the kind of the column asks for.
    """
    read = READERS[kind]
    texts = table.column(name).to_list()
    return [read(Cell(text, table, row, name), form) for row, text in enumerate(texts)]


def type_of(kind: str) -> Any:
    """The type of a column in rows."""
    import polars as pl

    lists = pl.List(pl.String)
    spans = pl.List(pl.Struct({"start": pl.Int64, "end": pl.Int64, "label": pl.String}))
    turns = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))
    types: dict[str, Any] = {
        "labels": lists,
        "words": lists,
        "tags": lists,
        "spans": spans,
        "turns": turns,
        "number": pl.Float64,
        "answers": pl.List(pl.Struct({"text": pl.String, "start": pl.Int64})),
        "places": pl.List(pl.Int64),
        "numbers": pl.List(pl.Float64),
    }
    return types.get(kind, pl.String)


def _filled(cell: Cell, _: CellForm) -> str:
    if cell.text is None or not cell.text.strip():
        cell.refuse(f"the column {cell.name!r} is empty. Fill it in, or leave the row out")
    return cell.text


def _number(cell: Cell, form: CellForm) -> float:
    text = _filled(cell, form)
    try:
        number = math.nan if "_" in text else float(text)  # Python alone reads 1_000
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        cell.refuse(
            f"expected a number in {cell.name!r}, got {text!r:.60}. Correct the cell, or leave the "
            "row out"
        )
    _refuse_large(cell, number)
    return number


def _refuse_large(cell: Cell, number: float) -> None:
    reason = why_too_large(cell.name, number)
    if reason:
        cell.refuse(reason)


def why_too_large(name: str, number: float) -> str:
    """Why a number cannot be computed with, without the full stop; empty if it can.

    Example:
        >>> why_too_large("price", 2.5)
        ''
        >>> why_too_large("price", 1.7e308)[:49]
        "the number 1.7e+308 in 'price' is larger than 1e+"
    """
    if abs(number) <= LARGEST:
        return ""
    try:
        shown = f"{number:g}"
    except OverflowError:  # a whole number of hundreds of digits
        shown = f"{number!s:.12}..."
    return (
        f"the number {shown} in {name!r} is larger than {LARGEST:g}, and its square overflows "
        "32-bit floats. If it stands for a missing value, leave it out"
    )


def _numbers(cell: Cell, _: CellForm) -> list[float | None]:
    numbers = _list(cell, "a list of numbers")
    for number in numbers:
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        is_endless = isinstance(number, float) and not math.isfinite(number)
        if number is not None and (not is_number or is_endless):
            cell.refuse(f"expected numbers in {cell.name!r}, got {number!r:.60}")
        _refuse_large(cell, number or 0.0)
    return [None if number is None else float(number) for number in numbers]


def _file(cell: Cell, form: CellForm) -> str:
    text, folder = _filled(cell, form), cell.table.path.parent
    with reading(folder / text):
        path = (folder / text).absolute()
        if not path.is_file():
            cell.refuse(
                f"the column {cell.name!r} names {text!r:.200}, but there is no such file. Paths "
                "are relative to the folder of the table"
            )
    return str(path)


def _labels(cell: Cell, form: CellForm) -> list[str]:
    if cell.text is None:
        return []
    if cell.text.startswith("["):
        parts = _list(cell, "labels as a JSON list")
        if any(isinstance(part, (dict, list)) or part is None for part in parts):
            cell.refuse(f"expected labels in {cell.name!r}, got {cell.text!r:.60}")
        return [part if isinstance(part, str) else str(part) for part in parts]
    return [part.strip() for part in cell.text.split(form.separator) if part.strip()]


def _list(cell: Cell, what: str) -> list[Any]:
    try:
        value = parsed(cell.text or "")
    except ValueError:
        value = None
    if not isinstance(value, list):
        cell.refuse(f"expected {what} in {cell.name!r}, got {cell.text!r:.60}")
    return value


def _words(cell: Cell, _: CellForm) -> list[str]:
    words = _list(cell, "a list of words")
    if not words or not all(isinstance(word, str) and word for word in words):
        cell.refuse(f"expected words in {cell.name!r}, got {words!r:.60}")
    return words


def _tags(cell: Cell, form: CellForm) -> list[str]:
    tags, names = _list(cell, "a list of tags"), form.tag_names
    if names:
        if not all(isinstance(tag, int) and 0 <= tag < len(names) for tag in tags):
            cell.refuse(f"a tag of {cell.name!r} is not a number below {len(names)}: {tags!r:.60}")
        tags = [names[tag] for tag in tags]
    for tag in tags:
        prefix, dash, label = str(tag).partition("-")
        if tag != "O" and not (prefix in PREFIXES and dash and label):
            cell.refuse(f"expected the tag O, or B-, I-, E-, S- and a label, got {tag!r}")
    return tags


def _spans(cell: Cell, _: CellForm) -> list[dict[str, Any]]:
    spans = [] if cell.text is None else _list(cell, "a list of spans")
    for span in spans:
        fits = isinstance(span, dict) and (
            isinstance(span.get("start"), int)
            and isinstance(span.get("end"), int)
            and isinstance(span.get("label"), str)
            and span["label"]
        )
        if not fits:
            cell.refuse(f"expected spans as {{start, end, label}}, got {span!r:.60}")
    return [{key: span[key] for key in ("start", "end", "label")} for span in spans]


def _turns(cell: Cell, form: CellForm) -> list[dict[str, str]]:
    _filled(cell, form)
    turns = _list(cell, "a conversation as a list of {role, content}")
    if not turns:
        cell.refuse(f"the conversation in {cell.name!r} has no turn. Add one, or drop the row")
    for number, turn in enumerate(turns, start=1):
        known = turn if isinstance(turn, dict) else {}
        role, content = known.get("role"), known.get("content")
        which = f"turn {number} of {cell.name!r}"
        if not isinstance(role, str) or not isinstance(content, str):
            cell.refuse(f"expected {which} as {{role, content}}, both text, got {turn!r:.60}")
        if role not in ROLES:
            hint = suggestion(role, ROLES)
            msg = f"{cell.table.place(cell.row)}: {which} has the unknown role {role!r:.60}. {hint}"
            raise DataError(msg)
        if not content.strip():
            cell.refuse(f"{which} says nothing. Fill it in, or leave the turn out")
    return [{"role": turn["role"], "content": turn["content"]} for turn in turns]


def _places(cell: Cell, _: CellForm) -> list[int]:
    """One whole number, or a JSON list of them; an empty cell holds none."""
    text = cell.text or "[]"
    if not text.startswith("["):
        text = f"[{text.removesuffix('.0')}]"
    places = _list(Cell(text, cell.table, cell.row, cell.name), "whole numbers as a JSON list")
    if not all(_is_whole(place) for place in places):
        cell.refuse(f"expected whole numbers in {cell.name!r}, got {cell.text!r:.60}")
    return places


def _answers(cell: Cell, _: CellForm) -> list[dict[str, Any]]:
    """One text, or JSON: a list of texts or of {text, start}, or {text: [...], start: [...]}.

    An empty cell, and an empty list, hold no answer. ``start`` may be called ``answer_start``.
    """
    text = cell.text or "[]"
    if text[0] not in "[{":
        return [{"text": text, "start": None}]
    try:
        value = parsed(text)
    except ValueError:
        cell.refuse(
            f"expected answers as a JSON list in {cell.name!r}, got {text!r:.60}. A text that "
            "begins with [ or { has to stand in such a list"
        )
    return [_answer(cell, part) for part in _side_by_side(cell, value)]


def _side_by_side(cell: Cell, value: Any) -> list[Any]:
    """The answers of a cell one by one, also where texts and starts are two lists."""
    if isinstance(value, list):
        return value
    texts = value.get("text")
    starts = value.get("answer_start", value.get("start"))
    if not isinstance(texts, list):
        return [value]
    if not isinstance(starts, list | None) or (starts and len(starts) != len(texts)):
        cell.refuse(
            f"{cell.name!r} needs one start for each of its {len(texts)} texts, got {starts!r:.60}"
        )
    starts = starts or [None] * len(texts)
    return [{"text": t, "start": start} for t, start in zip(texts, starts, strict=True)]


def _answer(cell: Cell, part: Any) -> dict[str, Any]:
    found = {"text": part} if isinstance(part, str) else part
    text = found.get("text") if isinstance(found, dict) else None
    start = found.get("answer_start", found.get("start")) if text else None
    if not isinstance(text, str) or not text.strip() or not (start is None or _is_whole(start)):
        cell.refuse(
            f"expected answers in {cell.name!r}, each a text or {{text, start}}, got {part!r:.60}"
        )
    return {"text": text, "start": start}


def _is_whole(value: Any) -> bool:
    """Whether it is a whole number, neither true nor false, that fits into a table."""
    return type(value) is int and abs(value) < 2**63


READERS: Mapping[str, Callable[[Cell, CellForm], Any]] = {
    "text": _filled,
    "label": _filled,
    "labels": _labels,
    "words": _words,
    "tags": _tags,
    "spans": _spans,
    "turns": _turns,
    "number": _number,
    "numbers": _numbers,
    "file": _file,
    "answers": _answers,
    "places": _places,
}


def with_contents(rows: pl.DataFrame, columns: Mapping[str, Column]) -> pl.DataFrame:
    """The rows with the digest of each file instead of its path, which differs between machines.

    Raises:
        DataError: A file cannot be read.
    """
    import polars as pl

    files = [
        name for name, column in columns.items() if column.kind == "file" and name in rows.columns
    ]
    return rows.with_columns(
        pl.Series(name, [_digest(path) for path in rows[name].to_list()], pl.String)
        for name in files
    )


def _digest(name: str) -> str:
    path = Path(name)
    with reading(path):
        facts = path.stat()
        return _digest_of(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=REMEMBERED)
def _digest_of(path: Path, _time: int, _size: int) -> str:
    return of_file(path)
