"""From columns of text to evidence, for long and wide tables of answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import DataError
from polyculture.core.shown import CONTROL, title_of
from polyculture.core.views import Evidence
from polyculture.sources.answers.reading.normal_form import normal_form
from polyculture.sources.answers.reading.notes import label_notes, model_notes
from polyculture.store.digest import of_json
from polyculture.store.evidence import predictions_of
from polyculture.store.reading.tables import Table, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from polyculture.store.reading.text_form import TextForm


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Everything that a table of answers says, one entry an item, in one order."""

    items: Sequence[str]
    by_model: Mapping[str, Sequence[str | None]]
    """Each model's answers."""
    gold: Sequence[str] | None = None
    texts: Sequence[str] | None = None
    groups: Sequence[str] | None = None
    documents: Sequence[str | None] | None = None
    probabilities: Mapping[str, NDArray[Any]]
    """Each model's probabilities, ``(items, classes)``, for models that have any."""
    classes: Sequence[str] = ()
    """What the columns of the probabilities stand for."""
    notes: Sequence[str] = ()


def evidence_of(table: Table, answers: Answers) -> list[Evidence]:
    """One model's evidence after the other, all in one coding of the classes.

    Raises:
        DataError: A model's name holds a control character.
    """
    _refuse_controls(table, answers.by_model)
    answers = _in_normal_form(answers)
    items = tuple(answers.items)
    digest = of_json({"items": items, "gold": answers.gold})
    labels = {
        answer
        for model_answers in answers.by_model.values()
        for answer in model_answers
        if answer is not None
    }
    labels |= set(answers.gold or ())
    classes = (*answers.classes, *sorted(labels - set(answers.classes)))
    coded = {
        name: predictions_of(
            items,
            model_answers,
            answers.gold,
            probabilities=_widened(answers.probabilities.get(name), len(classes)),
            classes=classes,
        )
        for name, model_answers in answers.by_model.items()
    }
    shared = (*answers.notes, *label_notes(answers.classes, labels))
    return [
        Evidence(
            model=name,
            probe=title_of(table.path),
            digest=digest,
            items=items,
            predictions=predictions,
            groups=None if answers.groups is None else tuple(answers.groups),
            documents=tuple(answers.documents or ()) if any(answers.documents or ()) else None,
            texts=None if answers.texts is None else tuple(answers.texts),
            notes=(*shared, *model_notes(predictions)),
        )
        for name, predictions in coded.items()
    ]


def table_of(path: Path | Table, form: TextForm) -> Table:
    """The table at a path; one that was read already is given back.

    Raises:
        DataError: The file cannot be read as a table.
    """
    return path if isinstance(path, Table) else read_table(path, form)


def refuse_few(table: Table, models: Sequence[str], left_out: Sequence[str] = ()) -> None:
    """Check that there is something to compare.

    Raises:
        DataError: There are fewer than two models.
    """
    if len(models) < 2:  # noqa: PLR2004
        names = ", ".join(repr(name) for name in models) or "none"
        without = f" (without {', '.join(map(repr, left_out))})" if left_out else ""
        msg = (
            f"{table.name}: an audit compares two models or more, but there is only {names}"
            f"{without}."
        )
        raise DataError(msg)


def _refuse_controls(table: Table, models: Mapping[str, object]) -> None:
    for name in models:
        if CONTROL.search(name):
            msg = (
                f"{table.name}: the name {name!r} of a model holds a control character. Rename "
                "the model."
            )
            raise DataError(msg)


def _in_normal_form(answers: Answers) -> Answers:
    """The same answers, with equal ones written equally."""
    cells = chain(answers.gold or (), *answers.by_model.values())
    forms = normal_form(Counter(cell for cell in cells if cell is not None), answers.classes)
    if not forms.form:
        return answers
    classes = tuple(sorted({forms.of(label) for label in answers.classes}))
    return replace(
        answers,
        by_model={
            name: [None if cell is None else forms.of(cell) for cell in model_answers]
            for name, model_answers in answers.by_model.items()
        },
        gold=None if answers.gold is None else [forms.of(cell) for cell in answers.gold],
        probabilities={
            name: _joined(values, [classes.index(forms.of(label)) for label in answers.classes])
            for name, values in answers.probabilities.items()
        },
        classes=classes,
        notes=(*answers.notes, *forms.notes),
    )


def _joined(probabilities: NDArray[Any], columns: Sequence[int]) -> NDArray[Any]:
    """Add up the probabilities of classes that are one."""
    import numpy as np

    joined = np.zeros((len(probabilities), 1 + max(columns, default=-1)))
    for old, new in enumerate(columns):
        joined[:, new] += probabilities[:, old]
    return joined


def _widened(probabilities: NDArray[Any] | None, classes: int) -> NDArray[Any] | None:
    if probabilities is None:
        return None
    import numpy as np

    return np.pad(probabilities, ((0, 0), (0, classes - probabilities.shape[1])))


def check_roles(table: Table, roles: Mapping[str, str | None]) -> None:
    """Make sure that every named column is there, and that none has two roles.

    Args:
        table: What was read.
        roles: Role (``item``, ``gold``, ...) to the column named for it, or none.

    Raises:
        DataError: A column is missing (the message names the nearest), or named twice.
    """
    named = {role: column for role, column in roles.items() if column is not None}
    for column, times in Counter(named.values()).items():
        if times > 1:
            both = " and ".join(f"--{role}" for role, name in named.items() if name == column)
            msg = f"The column {column!r} of {table.name} is named for {both}. Name two columns."
            raise DataError(msg)
        table.column(column)


def ids(table: Table, column: str, what: str) -> list[str]:
    """A column in which every cell has to say something.

    Raises:
        DataError: A cell is empty.
    """
    cells = table.column(column)
    empty = cells.is_null().arg_max()
    if empty is not None and cells[empty] is None:
        msg = f"{table.place(empty)}: the column {column!r} is empty, but it names the {what}."
        raise DataError(msg)
    names: list[str] = cells.to_list()
    return names
