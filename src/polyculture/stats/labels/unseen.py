"""Labels that validation or test has and training does not, reported together.

A model cannot answer them. They stay in the gold, so they count as wrong: dropping such rows would
flatter. A task refuses them where its recipe asks for that.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from polyculture.core.errors import RowError

CLOSE = 0.85
"""Likeness from which one label may be a misspelling of another."""


Noun = tuple[str, str]
"""What a label is called, one and several: ``("label", "labels")``."""


class Unseen(NamedTuple):
    """A label that training rows do not have."""

    label: str
    rows: tuple[tuple[str, int], ...]
    """Splits that have it, with the number of rows in each."""


Found = Mapping[str, Iterable[tuple[str, str]]]
"""For each split, pairs of row id and label; a row may have several labels, or one twice."""


def unseen_of(labels_of_splits: Found, inventory: Iterable[str]) -> list[Unseen]:
    """All labels outside the inventory, in code-point order.

    Example:
        >>> unseen_of({"train": [("a", "x")], "test": [("b", "y"), ("b", "y"), ("c", "x")]}, ["x"])
        [Unseen(label='y', rows=(('test', 1),))]
    """
    known = set(inventory)
    rows: dict[str, Counter[str]] = {}
    for split, pairs in labels_of_splits.items():
        for _, label in sorted({pair for pair in pairs if pair[1] not in known}):
            rows.setdefault(label, Counter())[split] += 1
    return [Unseen(label, tuple(rows[label].items())) for label in sorted(rows)]


def unseen_in(gold: Sequence[Collection[str]], labels: Iterable[str]) -> dict[str, str | int]:
    """How much of the gold a model cannot answer, for the protocol of scores.

    Args:
        gold: The right labels (types, for spans) of each row.
        labels: What the model can answer.

    Example:
        >>> unseen_in([["x"], ["y"], []], ["x"])
        {'unseen_labels': 1, 'unseen_rows': 1}
    """
    known = set(labels)
    strange = [set(names) - known for names in gold]
    return {
        "unseen_labels": len(set().union(*strange)),
        "unseen_rows": sum(bool(names) for names in strange),
    }


def refuse_unseen(labels_of_splits: Found, inventory: Iterable[str], what: Noun) -> None:
    """Refuse labels that training rows do not have, all of them in one sentence.

    Args:
        labels_of_splits: Labels of every split.
        inventory: Labels of the training rows.
        what: What a label is called, one and several.

    Raises:
        RowError: There are some; the row is the first that has one.
    """
    known = list(inventory)
    unseen = unseen_of(labels_of_splits, known)
    if not unseen:
        return
    strange = {label for label, _ in unseen}
    where, item = next(
        (split, item)
        for split, pairs in labels_of_splits.items()
        for item, label in pairs
        if label in strange
    )
    reason = (
        f"{_labels_do(unseen, what)} not occur in train: {_listed(unseen)}.{_hints(unseen, known)} "
        "Add training examples, or count such rows as wrong with unseen = 'wrong' in [task]."
    )
    raise RowError(reason, where=where, item=item)


def note_on_unseen(
    labels_of_splits: Found, inventory: Iterable[str], what: Noun
) -> tuple[str, ...]:
    """One sentence about all labels that training rows do not have; nothing if there are none.

    Example:
        >>> note_on_unseen({"test": [("b", "Y")]}, ["y"], ("label", "labels"))[0]
        "1 label does not occur in train: 'Y' (test 1 row). The model cannot answer it, so it counts as wrong. Did you mean 'y' by 'Y'?"
    """  # noqa: E501  # the example's output is one line
    known = list(inventory)
    unseen = unseen_of(labels_of_splits, known)
    if not unseen:
        return ()
    them = "it, so it counts" if len(unseen) == 1 else "them, so they count"
    note = (
        f"{_labels_do(unseen, what)} not occur in train: {_listed(unseen)}. "
        f"The model cannot answer {them} as wrong.{_hints(unseen, known)}"
    )
    return (note,)


def _labels_do(unseen: list[Unseen], what: Noun) -> str:
    return f"1 {what[0]} does" if len(unseen) == 1 else f"{len(unseen):,} {what[1]} do"


def _listed(unseen: list[Unseen]) -> str:
    return ", ".join(f"{label!r} ({_rows(rows)})" for label, rows in unseen)


def _rows(rows: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{split} {n:,} {'row' if n == 1 else 'rows'}" for split, n in rows)


def _hints(unseen: list[Unseen], known: list[str]) -> str:
    """The likely misspellings."""
    pairs = ((label, _nearest(label, known)) for label, _ in unseen)
    hints = [f"{near!r} by {label!r}" for label, near in pairs if near is not None]
    return f" Did you mean {', '.join(hints)}?" if hints else ""


def _nearest(label: str, known: list[str]) -> str | None:
    """The known label that this one misspells; one letter more or another case, and not more."""
    folded = label.strip().casefold()
    scored = [
        (SequenceMatcher(a=folded, b=name.strip().casefold()).ratio(), name) for name in known
    ]
    ratio, name = max(scored, default=(0.0, ""), key=lambda pair: pair[0])
    return name if ratio >= CLOSE else None
