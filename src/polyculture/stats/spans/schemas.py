"""Four ways to count a span that is nearly right, as the package nervaluate counts them.

| schema | right | an overlapping span that is not right |
|---|---|---|
| ``strict`` | same borders and type | wrong |
| ``exact`` | same borders, whatever the type | wrong |
| ``partial`` | same borders, whatever the type | partly right, counts one half |
| ``type`` | some overlap and the same type | wrong |

An answer that overlaps no gold span is spurious; a gold span that no answer was paired with is
missed. Each span is in one pair at most, and answers are paired in their order: with a right gold
span if there is one left, else with the first that overlaps.

Source: Segura-Bedmar et al. 2013, SemEval-2013 Task 9 (after MUC-5, Chinchor and Sundheim 1993);
verified against nervaluate 1.2.1.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from polyculture.core.run import Row, ScoreTable
from polyculture.stats.scores import Numbers, known, ratio
from polyculture.stats.spans.entities import Span


class Counted(NamedTuple):
    """What became of the spans of one or many texts under one schema."""

    correct: float
    incorrect: float
    partial: float
    missed: float
    spurious: float


def _same_borders(answer: Span, gold: Span) -> bool:
    return answer[1:] == gold[1:]


def _overlap(answer: Span, gold: Span) -> bool:
    return answer[1] < gold[2] and gold[1] < answer[2]


SCHEMAS: dict[str, Callable[[Span, Span], bool]] = {
    "strict": lambda answer, gold: answer == gold,
    "exact": _same_borders,
    "partial": _same_borders,
    "type": lambda answer, gold: answer[0] == gold[0] and _overlap(answer, gold),
}
"""When an answer is right, by schema."""


def counted(gold: Sequence[Span], answers: Sequence[Span], schema: str) -> Counted:
    """Pair the answers of one text with its gold spans.

    Args:
        gold: Right spans.
        answers: Spans that were answered, in the order in which they are paired.
        schema: One of ``SCHEMAS``.

    Example:
        >>> gold, answers = [("ORG", 5, 8)], [("ORG", 5, 7), ("LOC", 9, 10)]
        >>> counted(gold, answers, "partial")
        Counted(correct=0, incorrect=0, partial=1, missed=0, spurious=1)
    """
    is_right, left = SCHEMAS[schema], [*gold]
    correct = near = spurious = 0
    for answer in answers:
        right = [span for span in left if is_right(answer, span)]
        overlapping = [span for span in left if _overlap(answer, span)]
        if right:
            correct += 1
            left.remove(min(right, key=lambda span: _distance(answer, span)))
        elif overlapping:
            near += 1
            left.remove(overlapping[0])
        else:
            spurious += 1
    incorrect, partial = (0, near) if schema == "partial" else (near, 0)
    return Counted(correct, incorrect, partial, len(left), spurious)


def _distance(answer: Span, gold: Span) -> int:
    return abs(answer[1] - gold[1]) + abs(answer[2] - gold[2])


def schema_features(gold: Sequence[Sequence[Span]], answers: Sequence[Sequence[Span]]) -> Numbers:
    """The counts of every text under every schema, ``(texts, schemas, 5)``.

    Example:
        >>> schema_features([[("A", 0, 2)]], [[("B", 0, 2)]])[0, :2].tolist()  # strict, exact
        [[0.0, 1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0]]
    """
    return np.array(
        [
            [counted(right, answered, schema) for schema in SCHEMAS]
            for right, answered in zip(gold, answers, strict=True)
        ],
        dtype=np.float64,
    ).reshape(len(gold), len(SCHEMAS), len(Counted._fields))


def schema_table(gold: Sequence[Sequence[Span]], answers: Sequence[Sequence[Span]]) -> ScoreTable:
    """Counts, precision, recall and F1 under every schema; a partial match counts one half.

    Figures that do not exist (a precision without answers) are none.
    """
    sums = schema_features(gold, answers).sum(axis=0)
    rows = tuple(
        _row(schema, Counted(*counts)) for schema, counts in zip(SCHEMAS, sums, strict=True)
    )
    return ScoreTable(name="schemas", title="every schema of matching", unit="span", rows=rows)


def _row(schema: str, counts: Counted) -> Row:
    found = counts.correct + counts.partial / 2
    answered = counts.correct + counts.incorrect + counts.partial + counts.spurious
    wanted = counts.correct + counts.incorrect + counts.partial + counts.missed
    figures = {
        "precision": (found, answered),
        "recall": (found, wanted),
        "f1": (2 * found, answered + wanted),
    }
    return {
        "label": schema,
        **{name: known(ratio(np.array(a), np.array(b))) for name, (a, b) in figures.items()},
        **{name: int(count) for name, count in counts._asdict().items()},
    }
