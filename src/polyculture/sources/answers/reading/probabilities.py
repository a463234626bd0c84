"""Cells that hold the probability of each answer as a JSON object."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json  # three times as fast as json

from polyculture.core.errors import DataError
from polyculture.core.shown import shown
from polyculture.store.json_text import parsed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from polyculture.store.reading.tables import Table

NUMBERS = frozenset({int, float})
TOLERANCE = 0.01
"""Probabilities may be rounded: their sum may be off 1 by so much, and is then brought to 1."""


def check(cell: str, place: str) -> None:
    """Say what is wrong with a cell, if anything is.

    Args:
        cell: For example ``{"yes": 0.75, "no": 0.25}``; answers left out have probability 0.
        place: Where the cell stands, for messages.

    Raises:
        DataError: It is not such an object, a number is not from 0 to 1, or they do not sum to 1.

    Example:
        >>> check('{"yes": 0.75}', "a.csv, line 2")
        Traceback (most recent call last):
        polyculture.core.errors.DataError: a.csv, line 2: probabilities have to sum to 1 (within \
0.01), but they sum to 0.75. Give every answer its probability.
    """
    try:
        probabilities = parsed(cell)
    except ValueError:
        probabilities = None
    if not isinstance(probabilities, dict) or not probabilities:
        msg = (
            f'{place}: expected probabilities as a JSON object such as {{"yes": 0.75, "no": '
            f"0.25}}, got {shown(cell[:40])!r}."
        )
        raise DataError(msg)
    for label, number in probabilities.items():
        if type(number) not in NUMBERS or not 0 <= number <= 1 + TOLERANCE:
            what = str(number)[:40]
            msg = f"{place}: the probability of {label!r} has to be from 0 to 1, but is {what}."
            raise DataError(msg)
    total = math.fsum(probabilities.values())
    if abs(total - 1) > TOLERANCE:
        msg = (
            f"{place}: probabilities have to sum to 1 (within {TOLERANCE}), but they sum to "
            f"{total:.4g}. Give every answer its probability."
        )
        raise DataError(msg)


def read(
    table: Table,
    cells: Mapping[str, Sequence[str | None]],
    answers: Mapping[str, Sequence[str | None]],
    rows: Mapping[str, Sequence[int]],
) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]]:
    """All probabilities of a table.

    Args:
        table: Where the cells stand.
        cells: Each model's cells, one an item.
        answers: Each model's answers, one an item.
        rows: Number of each of these rows in the table.

    Returns:
        An array of shape ``(items, classes)`` for each model that has probabilities, and the
        classes in code-point order. The row of a missing answer is 0 throughout.

    Raises:
        DataError: A cell cannot be read, or is empty where the model has others.
    """
    import numpy as np

    code: dict[str, int] = {}
    values_of_models = {
        model: _of_one_model(table, model, model_cells, answers[model], rows[model], code=code)
        for model, model_cells in cells.items()
        if any(cell is not None for cell in model_cells)
    }
    classes = tuple(sorted(code))
    order = np.array([code[label] for label in classes], dtype=np.int64)
    wide = ((0, 0), (0, len(classes)))
    return {
        model: np.pad(values, wide)[:, : len(classes)][:, order]
        for model, values in values_of_models.items()
    }, classes


def _of_one_model(
    table: Table,
    model: str,
    cells: Sequence[str | None],
    answers: Sequence[str | None],
    rows: Sequence[int],
    *,
    code: dict[str, int],
) -> NDArray[Any]:
    """Probabilities of one model, ``(items, classes so far)``; ``code`` grows as classes come."""
    import numpy as np

    numbers: list[float] = []
    columns: list[int] = []
    lengths: list[int] = []
    places: dict[tuple[str, ...], list[int]] = {}
    for cell, answer, row in zip(cells, answers, rows, strict=True):
        if answer is None:
            lengths.append(0)
            continue
        if cell is None:
            msg = (
                f"{table.place(row)}: {model!r} has no probabilities here, but has some for other "
                "items. Give them for all answers of a model, or for none."
            )
            raise DataError(msg)
        probabilities = _parsed(cell) or {}
        if not probabilities:
            check(cell, table.place(row))
            msg = f"{table.place(row)}: the probabilities cannot be read: {shown(cell[:40])!r}."
            raise DataError(msg)
        numbers += probabilities.values()
        labels = tuple(probabilities)  # as a rule the same ones in each cell
        if labels not in places:
            places[labels] = [code.setdefault(label, len(code)) for label in labels]
        columns += places[labels]
        lengths.append(len(probabilities))
    values = np.zeros((len(cells), len(code)))
    try:
        values[np.repeat(np.arange(len(cells)), lengths), columns] = numbers
    except OverflowError:  # a whole number that no float holds
        for cell, row in zip(cells, rows, strict=True):
            check(cell or "", table.place(row))
        raise
    total = values.sum(axis=1)
    # A comparison with NaN is false, so what is not plainly good is looked at one by one.
    good = (values >= 0).all(axis=1) & (values <= 1 + TOLERANCE).all(axis=1)
    good &= (np.abs(total - 1) <= TOLERANCE) | (np.array(lengths) == 0)
    for place in np.flatnonzero(~good).tolist():
        check(cells[place] or "", table.place(rows[place]))
    return values / np.where(total == 0, 1, total)[:, None]


def _parsed(cell: str) -> dict[str, float] | None:
    """The cell as an object of numbers; None if it is anything else."""
    try:
        probabilities = from_json(cell)
    except ValueError:
        return None
    if not isinstance(probabilities, dict) or not NUMBERS.issuperset(
        map(type, probabilities.values())
    ):
        return None
    return probabilities
