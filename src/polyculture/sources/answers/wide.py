"""Tables with a row for each item and a column for each model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyculture.core.errors import DataError
from polyculture.core.plugins import AnswerSource
from polyculture.sources.answers.reading.answers import (
    Answers,
    check_roles,
    evidence_of,
    ids,
    refuse_few,
    table_of,
)
from polyculture.sources.answers.reading.model_columns import model_columns
from polyculture.sources.answers.reading.used_columns import UsedColumns, ignore
from polyculture.store.reading.tables import SUFFIXES
from polyculture.store.reading.text_form import PLAIN, TextForm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from polyculture.core.views import Evidence
    from polyculture.store.reading.tables import Table

NO_GROUP = "(no group)"


def read(
    path: Path | Table,
    *,
    item: str,
    gold: str | None = None,
    text: str | None = None,
    group: str | None = None,
    document: str | None = None,
    models: Sequence[str] | None = None,
    is_guessed: bool = False,
    form: TextForm = PLAIN,
    on_columns: Callable[[UsedColumns], None] = ignore,
) -> list[Evidence]:
    """Read a table with one row for each item and one column of answers for each model.

    Args:
        path: A table of any kind that is read, or one that was read already; the other arguments
            name its columns.
        item: Id of the item.
        gold: The right answer.
        text: What was asked.
        group: A domain or source of the item.
        document: What the item is a part of (a document, a user, a thread): items of one are drawn
            together. An item with an empty cell stands alone.
        models: Columns of answers; if none are given, all columns not named otherwise that can be
            answers. An empty cell is a missing answer, which counts as wrong.
        is_guessed: The columns were guessed by their usual names.
        form: How the file is written.
        on_columns: Called with the columns that are used, before models are compared.

    Raises:
        DataError: The table cannot be read as this.
    """
    table = table_of(path, form)
    roles = {"item": item, "gold": gold, "text": text, "group": group, "document": document}
    check_roles(table, {**roles, **{f"models {name}": name for name in models or ()}})
    if models:
        names, left_out = list(models), dict[str, str]()
    else:
        names, left_out = model_columns(table, roles, is_guessed=is_guessed)
    refuse_few(table, names, list(left_out))
    items = _unique_items(table, item)
    used = UsedColumns(table=table, items=len(items), models=names, roles=roles, left_out=left_out)
    answers = Answers(
        items=items,
        by_model={name: table.column(name).to_list() for name in names},
        gold=ids(table, gold, "right answer") if gold else None,
        texts=table.column(text).fill_null("").to_list() if text else None,
        groups=table.column(group).fill_null(NO_GROUP).to_list() if group else None,
        documents=table.column(document).to_list() if document else None,
        probabilities={},
        notes=used.notes,
    )
    on_columns(used)
    return evidence_of(table, answers)


def _unique_items(table: Table, column: str) -> list[str]:
    first: dict[str, int] = {}
    items = ids(table, column, "item")
    for row, item in enumerate(items):
        if first.setdefault(item, row) != row:
            msg = (
                f"{table.place(row)}: item {item!r} comes a second time (first in {table.unit} "
                f"{table.numbers[first[item]]}). Every item needs an id of its own."
            )
            raise DataError(msg)
    return items


PLUGIN = AnswerSource(read=read, suffixes=SUFFIXES)
