"""Notes on a model's answers: missing, nearly right, or contradicting probabilities."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from unicodedata import normalize

from polyculture.core.views import MISSING
from polyculture.sources.answers.reading.normal_form import NUMBER, plain_number
from polyculture.sources.answers.reading.used_columns import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polyculture.core.views import Predictions

EQUAL = 1e-9
"""Probabilities that differ by less are equal, since both were rounded."""


def label_notes(labels: Sequence[str], answers: set[str]) -> list[str]:
    """What to say about labels of probabilities that no answer has.

    Args:
        labels: All labels that have probabilities.
        answers: All answers, right answers among them.
    """
    strange = [label for label in labels if label not in answers]
    if not strange:
        return []
    what = "1 label" if len(strange) == 1 else f"{len(strange):,} labels"
    note = (
        f"Probabilities are given to {what} that no model answers and that no item has as its "
        f"right answer: {listed(strange)}."
    )
    return [note]


def model_notes(predictions: Predictions) -> list[str]:
    """What to say about the answers of one model."""
    return [*_missing(predictions), *_near(predictions), *_against_itself(predictions)]


def _missing(predictions: Predictions) -> Iterator[str]:
    missing = int(predictions.missing.sum())
    if missing:
        items = len(predictions.labels)
        so = "agree with nothing" if predictions.gold is None else "count as wrong"
        yield f"{missing:,} of {items:,} answers are missing and {so}."


def _near(predictions: Predictions) -> Iterator[str]:
    if predictions.gold is None:
        return
    names, pairs = (
        predictions.classes,
        Counter(zip(predictions.labels.tolist(), predictions.gold.tolist(), strict=True)),
    )
    if {answer for answer, _ in pairs}.isdisjoint(right for _, right in pairs):
        yield "None of the answers is the right answer of any item."
    case = numbers = 0
    for (answer, right), times in pairs.items():
        if answer in {MISSING, right}:
            continue
        a, b = names[answer], names[right]
        case += times * (_plain(a) == _plain(b))
        numbers += times * (bool(NUMBER.fullmatch(a)) and plain_number(a) == plain_number(b))
    for near, how in ((case, "case, spaces or width"), (numbers, "how a number is written")):
        if near:
            differ = "answer differs" if near == 1 else "answers differ"
            yield f"{near:,} {differ} from the right one in {how} alone, which is wrong here."


def _plain(text: str) -> str:
    return " ".join(normalize("NFKC", text).casefold().split())


def _against_itself(predictions: Predictions) -> Iterator[str]:
    probabilities = predictions.probabilities
    if probabilities is None:
        return
    import numpy as np

    items = len(predictions.labels)
    answered = np.flatnonzero(~predictions.missing)
    chosen = probabilities[answered, predictions.labels[answered]]  # (answers,)
    none = int((chosen == 0).sum())
    most = probabilities[answered].max(axis=1, initial=0)
    less = int(((chosen > 0) & (chosen < most - EQUAL)).sum())
    if none:
        yield f"{none:,} of {items:,} answers have no probability, or one of 0."
    if less:
        yield (
            f"{less:,} of {items:,} answers contradict their own probabilities, which give more to "
            "another answer."
        )
