"""Checks that every task makes of its rows, and a row in one line."""

from collections.abc import Sequence

import polars as pl

from polyculture.core.errors import RowError
from polyculture.core.parts import suggestion


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


def in_one_line(rows: pl.DataFrame) -> list[str]:
    """The text, the pair of texts or the words of each row in one line, for people.

    Example:
        >>> in_one_line(pl.DataFrame({"id": ["1"], "text": ["a"], "text_b": ["b"]}))
        ['a ‖ b']
    """
    if "text" not in rows.columns:
        return [" ".join(words) for words in rows["tokens"].to_list()]
    if "text_b" in rows.columns:
        return [f"{a} ‖ {b}" for a, b in rows.select("text", "text_b").iter_rows()]
    return rows["text"].to_list()
