"""What long and wide tables of answers have in common: from columns of text to evidence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import DataError
from polyculture.core.views import Evidence
from polyculture.store.digest import of_json
from polyculture.store.evidence import predictions_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from polyculture.store.tables import Table


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Everything that a table of answers says, one entry an item, in one order."""

    items: Sequence[str]
    given: Mapping[str, Sequence[str | None]]
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
        DataError: There is only one model.
    """
    if len(answers.given) < 2:  # noqa: PLR2004
        names = ", ".join(repr(name) for name in answers.given) or "none"
        msg = f"{table.path}: an audit compares two models or more, but there is only {names}."
        raise DataError(msg)
    items = tuple(answers.items)
    digest = of_json({"items": items, "gold": answers.gold})
    seen = {answer for given in answers.given.values() for answer in given if answer is not None}
    classes = (*answers.classes, *sorted((seen | set(answers.gold or ())) - set(answers.classes)))
    return [
        Evidence(
            model=name,
            probe=table.path.stem,
            digest=digest,
            items=items,
            predictions=predictions_of(
                items,
                given,
                answers.gold,
                probabilities=_widened(answers.probabilities.get(name), len(classes)),
                classes=classes,
            ),
            groups=None if answers.groups is None else tuple(answers.groups),
            documents=tuple(answers.documents or ()) if any(answers.documents or ()) else None,
            texts=None if answers.texts is None else tuple(answers.texts),
            notes=(*answers.notes, *_own_notes(given, answers.gold)),
        )
        for name, given in answers.given.items()
    ]


def _widened(probabilities: NDArray[Any] | None, classes: int) -> NDArray[Any] | None:
    if probabilities is None:
        return None
    import numpy as np

    return np.pad(probabilities, ((0, 0), (0, classes - probabilities.shape[1])))


def _own_notes(given: Sequence[str | None], gold: Sequence[str] | None) -> list[str]:
    notes = []
    missing = sum(answer is None for answer in given)
    if missing:
        notes.append(f"{missing:,} of {len(given):,} answers are missing and count as wrong.")
    near = sum(
        answer is not None and answer != right and _plain(answer) == _plain(right)
        for answer, right in zip(given, gold or (), strict=False)
    )
    if near:
        differ = "answer differs" if near == 1 else "answers differ"
        notes.append(
            f"{near:,} {differ} from the right one in case or spaces alone, which is wrong here."
        )
    return notes


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


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
            msg = f"The column {column!r} of {table.path} is named for {both}. Name two columns."
            raise DataError(msg)
        table.column(column)


def ids(table: Table, column: str, what: str) -> list[str]:
    """A column in which every cell has to say something.

    Raises:
        DataError: A cell is empty; the message names its line.
    """
    cells = table.column(column)
    empty = cells.is_null().arg_max()
    if empty is not None and cells[empty] is None:
        msg = f"{table.place(empty)}: the column {column!r} is empty, but it names the {what}."
        raise DataError(msg)
    names: list[str] = cells.to_list()
    return names
