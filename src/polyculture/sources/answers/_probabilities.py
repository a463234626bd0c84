"""Cells that hold the probability of each answer as a JSON object."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NoReturn

from polyculture.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from polyculture.store.tables import Table

TOLERANCE = 0.01
"""Probabilities may be rounded: their sum may be off 1 by so much, and is then brought to 1."""


def parse(cell: str, place: str) -> dict[str, float]:
    """Read one cell and bring its sum to 1.

    Args:
        cell: For example ``{"yes": 0.75, "no": 0.25}``; answers left out have probability 0.
        place: Where the cell stands, for messages.

    Raises:
        DataError: It is not such an object, a number is not from 0 to 1, or they do not sum to 1.

    Example:
        >>> parse('{"yes": 0.75, "no": 0.25}', "a.csv, line 2")
        {'yes': 0.75, 'no': 0.25}
    """
    try:
        found = json.loads(cell)
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not found:
        msg = (
            f'{place}: expected probabilities as a JSON object such as {{"yes": 0.75, "no": '
            f"0.25}}, but {cell[:40]!r} came."
        )
        raise DataError(msg)
    for label, number in found.items():
        if type(number) not in {int, float} or not 0 <= number <= 1 + TOLERANCE:
            msg = f"{place}: the probability of {label!r} has to be from 0 to 1, but is {number}."
            raise DataError(msg)
    total = math.fsum(found.values())
    if abs(total - 1) > TOLERANCE:
        msg = (
            f"{place}: probabilities have to sum to 1 (within {TOLERANCE}), but they sum to "
            f"{total:.4g}. Give every answer its probability."
        )
        raise DataError(msg)
    return {label: number / total for label, number in found.items()}


def read(
    table: Table,
    cells: Mapping[str, Sequence[str | None]],
    given: Mapping[str, Sequence[str | None]],
    rows: Mapping[str, Sequence[int]],
) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]]:
    """All probabilities of a table.

    Args:
        table: Where the cells stand.
        cells: Each model's cells, one an item.
        given: Each model's answers, one an item.
        rows: Number of each of these rows in the table.

    Returns:
        An array of shape ``(items, classes)`` for each model that has probabilities, and the
        classes in code-point order. The row of a missing answer is 0 throughout.

    Raises:
        DataError: A cell cannot be read, or is empty where the model has others.
    """
    import numpy as np

    parsed: dict[str, list[dict[str, float]]] = {}
    for model, own in cells.items():
        if any(cell is not None for cell in own):
            parsed[model] = [
                {}
                if answer is None
                else parse(cell, table.place(row))
                if cell is not None
                else _refuse(table.place(row), model)
                for cell, answer, row in zip(own, given[model], rows[model], strict=True)
            ]
    classes = tuple(sorted({label for own in parsed.values() for cell in own for label in cell}))
    code = {label: number for number, label in enumerate(classes)}
    found = {}
    for model, distributions in parsed.items():
        values = np.zeros((len(distributions), len(classes)))
        for number, one in enumerate(distributions):
            values[number, [code[label] for label in one]] = list(one.values())
        found[model] = values
    return found, classes


def _refuse(place: str, model: str) -> NoReturn:
    msg = (
        f"{place}: {model!r} has no probabilities here, but has some for other items. Give them "
        "for all answers of a model, or for none."
    )
    raise DataError(msg)
