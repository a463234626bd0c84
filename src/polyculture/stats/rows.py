"""Checks that every task makes of its rows, and a row in one line."""

from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from polyculture.core.columns import originals
from polyculture.core.errors import RowError
from polyculture.core.parts import suggestion
from polyculture.core.task import Column


def check_rows(
    rows: pl.DataFrame, where: str, *, needed: Sequence[str], filled: Sequence[str]
) -> None:
    """There are rows, the columns exist, cells are filled, and ids occur once.

    Args:
        rows: The rows.
        where: Name of the split or file, for messages.
        needed: Columns that must exist.
        filled: Columns, as far as they exist, without an empty cell.

    Raises:
        RowError: Something of this is not so.

    Example:
        >>> check_rows(pl.DataFrame({"id": ["a", "a"]}), "train", needed=("id",), filled=("id",))
        Traceback (most recent call last):
        polyculture.core.errors.RowError: train: two rows have the id 'a'. Give each its own.
    """
    for name in needed:
        if name not in rows.columns:
            hint = suggestion(name, rows.columns)
            reason = f"there is no column {name!r}, which this task reads. {hint}"
            raise RowError(reason, where=where, column=name)
    if rows.is_empty():
        reason = "there are no rows. Give it at least one."
        raise RowError(reason, where=where)
    for name in filled:
        if name in rows.columns and rows[name].null_count():
            row = int(rows[name].is_null().arg_true()[0])
            reason = f"the cell {name!r} is empty. Fill it, or drop the row."
            if name == "id":
                reason = f"in row {row + 1} {reason}"
            raise RowError(reason, where=where, item=rows["id"][row])
    twice = rows["id"].filter(rows["id"].is_duplicated()) if "id" in needed else pl.Series()
    if len(twice):
        reason = f"two rows have the id {twice[0]!r}. Give each its own."
        raise RowError(reason, where=where)


def check_names(
    rows: pl.DataFrame, where: str, column: str, *, known: Container[str] | None = None
) -> None:
    """Each row names one text of a corpus at least, and only such as there are.

    Args:
        rows: The rows; they may lack the column.
        where: Name of the split or file, for messages.
        column: With the ids that a row names.
        known: All ids of the corpus; None if it is not known yet.

    Raises:
        RowError: A row names none, or one that is unknown.

    Example:
        >>> rows = pl.DataFrame({"id": ["1"], "matches": [["x"]]})
        >>> try:
        ...     check_names(rows, "train", "matches", known={"y"})
        ... except RowError as error:
        ...     print(error.reason)
        the corpus has no text 'x'. Add it, or correct the id.
    """
    if column not in rows.columns:
        return
    for item, names in rows.select("id", column).iter_rows():
        unknown = [] if known is None else sorted(name for name in names if name not in known)
        if unknown:
            reason = f"the corpus has no text {unknown[0]!r}. Add it, or correct the id."
            raise RowError(reason, where=where, item=item)
        if not names:
            reason = "no text of the corpus matches. Name one id at least, or drop the row."
            raise RowError(reason, where=where, item=item)


def in_one_line(rows: pl.DataFrame, columns: Mapping[str, Column]) -> list[str]:
    """The inputs of each row in one line, for people: texts, words, numbers, names of files.

    Args:
        rows: The rows.
        columns: What their task declares.

    Example:
        >>> text = Column(kind="text")
        >>> rows = pl.DataFrame({"id": ["1"], "text": ["a"], "text_b": ["b"]})
        >>> in_one_line(rows, {"text": text, "text_b": text})
        ['a ‖ b']
    """
    names = originals(columns, rows.columns)
    if not names:
        return [""] * len(rows)
    parts = [[_shown(cell, columns[name].kind) for cell in rows[name].to_list()] for name in names]
    return [" ‖ ".join(row) for row in zip(*parts, strict=True)]


def _shown(cell: Any, kind: str) -> str:
    if kind == "file":
        return Path(cell).name
    if kind == "turns":
        return " ".join(f"{turn['role']}: {turn['content']}" for turn in cell)
    return " ".join(map(str, cell)) if isinstance(cell, list) else str(cell)
