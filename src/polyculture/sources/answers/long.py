"""Tables with a row for each answer: item, model, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyculture.core.errors import DataError, ProbeMismatchError
from polyculture.core.parts import suggestion
from polyculture.core.plugins import AnswerSource
from polyculture.sources.answers.reading import probabilities
from polyculture.sources.answers.reading.answers import (
    Answers,
    check_roles,
    evidence_of,
    ids,
    refuse_few,
    table_of,
)
from polyculture.sources.answers.reading.used_columns import UsedColumns, ignore
from polyculture.store.reading.tables import SUFFIXES
from polyculture.store.reading.text_form import PLAIN, TextForm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from polyculture.core.views import Evidence
    from polyculture.store.reading.tables import Table

NO_GROUP = "(no group)"


def read(
    path: Path | Table,
    *,
    item: str,
    model: str,
    answer: str,
    gold: str | None = None,
    text: str | None = None,
    probabilities: str | None = None,
    group: str | None = None,
    document: str | None = None,
    models: Sequence[str] | None = None,
    intersect: bool = False,
    form: TextForm = PLAIN,
    on_columns: Callable[[UsedColumns], None] = ignore,
) -> list[Evidence]:
    """Read a table with one row for each answer.

    Args:
        path: A table of any kind that is read, or one that was read already; the other arguments
            name its columns.
        item: Id of the item.
        model: Name of the model.
        answer: The answer; an empty cell is a missing answer, which counts as wrong.
        gold: The right answer, the same in all rows of one item.
        text: What was asked.
        probabilities: A JSON object a cell, answer to probability.
        group: A domain or source of the item.
        document: What the item is a part of (a document, a user, a thread): items of one are drawn
            together. An item with an empty cell stands alone.
        models: Names of the models to read; all, if none are given.
        intersect: Compare on the items that all models have; what is dropped is noted.
        form: How the file is written.
        on_columns: Called with the columns that are used, before models are compared.

    Raises:
        DataError: The table cannot be read as this.
        ProbeMismatchError: Models have different items.
    """
    table = table_of(path, form)
    roles = {"item": item, "model": model, "answer": answer, "gold": gold, "text": text}
    more = {"probabilities": probabilities, "group": group, "document": document}
    check_roles(table, roles | more)
    places = _places(table, item, model, models)
    refuse_few(table, list(places))
    items, notes = _items(table, places, intersect=intersect, has_gold=gold is not None)
    unused = [name for name in table.frame.columns if name not in {**roles, **more}.values()]
    used = UsedColumns(
        table=table,
        items=len(items),
        models=list(places),
        roles=roles | more,
        left_out=dict.fromkeys(unused, ""),
    )
    rows = {
        name: [row_of_item[name_of_item] for name_of_item in items]
        for name, row_of_item in places.items()
    }
    all_rows = [rows[name][number] for number in range(len(items)) for name in rows]
    answers_of_models = {
        name: table.column(answer).gather(row_of_item).to_list()
        for name, row_of_item in rows.items()
    }
    values, classes = _probabilities_of(table, probabilities, answers_of_models, rows)
    answers = Answers(
        items=items,
        by_model=answers_of_models,
        gold=_one_an_item(table, gold, items, all_rows) if gold else None,
        texts=_one_an_item(table, text, items, all_rows, empty="") if text else None,
        groups=_one_an_item(table, group, items, all_rows, empty=NO_GROUP) if group else None,
        documents=_documents(table, document, items, all_rows) if document else None,
        probabilities=values,
        classes=classes,
        notes=(*used.notes, *notes),
    )
    on_columns(used)
    return evidence_of(table, answers)


def _places(
    table: Table, item_column: str, model_column: str, models: Sequence[str] | None
) -> dict[str, dict[str, int]]:
    """Row of each item of each model."""
    places: dict[str, dict[str, int]] = {}
    for row, (name, model_name) in enumerate(
        zip(ids(table, item_column, "item"), ids(table, model_column, "model"), strict=True)
    ):
        rows = places.setdefault(model_name, {})
        if rows.setdefault(name, row) != row:
            msg = (
                f"{table.place(row)}: {model_name!r} answers item {name!r} a second time (first in "
                f"{table.unit} {table.numbers[rows[name]]}). Keep one of the two rows."
            )
            raise DataError(msg)
    for model_name in models or ():
        if model_name not in places:
            msg = (
                f"{table.name} has no model {model_name!r}. {suggestion(model_name, list(places))}"
            )
            raise DataError(msg)
    return {model_name: places[model_name] for model_name in models} if models else places


def _items(
    table: Table, places: dict[str, dict[str, int]], *, intersect: bool, has_gold: bool
) -> tuple[list[str], list[str]]:
    """The items of all models in the order of the table, and what was dropped."""
    everywhere = list(dict.fromkeys(item for rows in places.values() for item in rows))
    common = [item for item in everywhere if all(item in rows for rows in places.values())]
    dropped = len(everywhere) - len(common)
    if not dropped:
        return common, []
    if not intersect:
        name = next(name for name, rows in places.items() if len(rows) < len(everywhere))
        lacking = next(item for item in everywhere if item not in places[name])
        so = "counts as wrong" if has_gold else "agrees with nothing"
        msg = (
            f"{table.name}: models are compared on the same items, but {name!r} has no row for "
            f"item {lacking!r} ({dropped:,} of {len(everywhere):,} items are not answered by all). "
            f"Add the rows (an empty answer {so}), or add --intersect."
        )
        raise ProbeMismatchError(msg)
    if not common:
        msg = f"{table.name}: there is no item that all {len(places)} models have a row for."
        raise ProbeMismatchError(msg)
    note = f"{dropped:,} of {len(everywhere):,} items were dropped, as not all models have them."
    return common, [note]


def _documents(
    table: Table, column: str, items: Sequence[str], rows: list[int]
) -> list[str | None]:
    return [name or None for name in _one_an_item(table, column, items, rows, empty="")]


def _one_an_item(
    table: Table,
    column: str,
    items: Sequence[str],
    rows: list[int],
    *,
    empty: str | None = None,
) -> list[str]:
    """What all rows of an item say; ``rows`` holds as many for each item as there are models."""
    cells = table.column(column).gather(rows).to_list()
    models = len(rows) // len(items)
    values = []
    for number, item in enumerate(items):
        item_cells = cells[number * models : (number + 1) * models]
        first = next((place for place, cell in enumerate(item_cells) if cell is not None), None)
        if first is None:
            if empty is None:
                msg = (
                    f"{table.place(rows[number * models])}: item {item!r} has no right answer in "
                    f"the column {column!r}. Fill the cell in, or take the item out."
                )
                raise DataError(msg)
            values.append(empty)
            continue
        other = next(
            (p for p, cell in enumerate(item_cells) if cell not in {None, item_cells[first]}), None
        )
        if other is not None:
            line = rows[number * models + other]
            earlier = table.numbers[rows[number * models + first]]
            msg = (
                f"{table.place(line)}: item {item!r} has {item_cells[other]!r} in the column "
                f"{column!r}, but {item_cells[first]!r} in {table.unit} {earlier}. Give all rows "
                "of an item the same."
            )
            raise DataError(msg)
        values.append(item_cells[first])
    return values


def _probabilities_of(
    table: Table,
    column: str | None,
    answers: dict[str, list[str | None]],
    rows: dict[str, list[int]],
) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]]:
    if column is None:
        return {}, ()
    cells = {
        name: table.column(column).gather(model_rows).to_list() for name, model_rows in rows.items()
    }
    return probabilities.read(table, cells, answers, rows)


PLUGIN = AnswerSource(read=read, suffixes=SUFFIXES)
