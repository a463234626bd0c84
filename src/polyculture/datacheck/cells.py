"""Which columns hold texts and right answers, by what a task declares; never by its name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from polyculture.core.columns import inputs_of, originals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from polyculture.core.task import Column

TEXTS = frozenset({"text", "words"})
LABELS = frozenset({"label", "labels"})
SPANS = frozenset({"tags", "spans"})


def there(columns: Mapping[str, Column], names: Sequence[str]) -> dict[str, Column]:
    """The declared columns that some rows have.

    Example:
        >>> from polyculture.core.task import Column
        >>> words, text = Column(kind="words"), Column(kind="text", unless="tokens")
        >>> list(there({"tokens": words, "text": text}, ["id", "text"]))
        ['text']
    """
    return {name: column for name, column in columns.items() if name in names}


def of_kind(columns: Mapping[str, Column], kinds: frozenset[str], *, gold: bool) -> list[str]:
    """Names of the columns of some kinds, among right answers or among inputs.

    Example:
        >>> from polyculture.core.task import Column
        >>> columns = {"text": Column(kind="text"), "label": Column(kind="label", is_gold=True)}
        >>> of_kind(columns, TEXTS, gold=False), of_kind(columns, LABELS, gold=True)
        (['text'], ['label'])
    """
    return [n for n, column in columns.items() if column.kind in kinds and column.is_gold == gold]


def texts_of(rows: pl.DataFrame, names: Sequence[str]) -> list[str]:
    """One text a row: some columns of texts or words, joined by spaces.

    Example:
        >>> import polars as pl
        >>> texts_of(pl.DataFrame({"a": [["x", "y"]], "b": ["z"]}), ["a", "b"])
        ['x y z']
    """
    parts = [map(_text, rows[name].to_list()) for name in names if name in rows.columns]
    return [" ".join(row) for row in zip(*parts, strict=True)] if parts else [""] * len(rows)


def _text(cell: str | list[str] | None) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else " ".join(word or "" for word in cell)


def input_texts(rows: pl.DataFrame, columns: Mapping[str, Column]) -> list[str]:
    """The inputs of each row that are texts or words, as they were written."""
    inputs = inputs_of(columns)
    names = [n for n in originals(columns, rows.columns) if inputs[n].kind in TEXTS]
    return texts_of(rows, names)


def answers_of(rows: pl.DataFrame, columns: Mapping[str, Column]) -> list[str] | None:
    """The right answers of each row in one comparable text; None for rows without any.

    Example:
        >>> import polars as pl
        >>> from polyculture.core.task import Column
        >>> labels = {"labels": Column(kind="labels", is_gold=True)}
        >>> answers_of(pl.DataFrame({"labels": [["b", "a"]]}), labels)
        ['[["a", "b"]]']
    """
    names = [name for name, column in columns.items() if column.is_gold and name in rows.columns]
    if not names:
        return None
    kinds = [columns[name].kind for name in names]
    return [
        json.dumps([*map(_in_order, row, kinds)], ensure_ascii=False)
        for row in rows.select(names).iter_rows()
    ]


def _in_order(cell: Any, kind: str) -> Any:
    """A cell whose parts have no order of their own, in one."""
    if not cell or kind not in {"labels", "spans"}:
        return cell
    return sorted(cell) if kind == "labels" else sorted(cell, key=lambda span: [*span.values()])
