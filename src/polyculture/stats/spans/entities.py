"""Entities in tag sequences, read and counted as the CoNLL shared tasks do.

``conlleval`` reads leniently: ``I-X`` after ``O`` or after another type begins an entity. Nearly
all published figures on CoNLL data are of this kind. ``strict`` IOB2 lets only ``B-X`` begin one.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from polyculture.core.errors import DataError
from polyculture.stats.scores import Numbers

Span = tuple[str, int, int]
"""Type, first word (or character), one past the last."""


def conlleval_spans(tags: Iterable[str]) -> list[Span]:
    """Entities of one sentence by the rules of conlleval.

    Example:
        >>> conlleval_spans(["I-ORG", "I-ORG", "I-LOC", "B-LOC", "O"])
        [('ORG', 0, 2), ('LOC', 2, 3), ('LOC', 3, 4)]

    Source:
        Tjong Kim Sang and De Meulder 2003, conlleval.pl.
    """
    spans: list[Span] = []
    kind, start = "", 0
    place = -1
    for place, tag in enumerate(tags):
        prefix, _, this = tag.partition("-")
        if prefix == "I" and this == kind:
            continue
        if kind:
            spans.append((kind, start, place))
        kind, start = this, place
    if kind:
        spans.append((kind, start, place + 1))
    return spans


def strict_spans(tags: Iterable[str]) -> list[Span]:
    """Entities of one sentence by strict IOB2: what does not begin with ``B-`` is dropped.

    Example:
        >>> strict_spans(["I-ORG", "B-LOC", "I-LOC", "I-PER"])
        [('LOC', 1, 3)]
    """
    spans: list[Span] = []
    kind, start = "", 0
    place = -1
    for place, tag in enumerate(tags):
        prefix, _, this = tag.partition("-")
        if prefix == "I" and this == kind:
            continue
        if kind:
            spans.append((kind, start, place))
        kind, start = (this, place) if prefix == "B" else ("", place)
    if kind:
        spans.append((kind, start, place + 1))
    return spans


def illegal(tags: Sequence[str]) -> int:
    """How many tags IOB2 forbids: ``I-X`` that follows neither ``B-X`` nor ``I-X``.

    Example:
        >>> illegal(["I-A", "I-A", "I-B", "B-A"])
        2
    """
    return sum(
        tag[:1] == "I" and before.partition("-")[2] != tag.partition("-")[2]
        for before, tag in pairwise(["O", *tags])
    )


def may_follow(labels: Sequence[str]) -> NDArray[np.bool_]:
    """Which tag may follow which by IOB2, ``(before, after)``: ``I-X`` only ``B-X`` and ``I-X``.

    Example:
        >>> may_follow(["O", "B-A", "I-A"]).astype(int).tolist()
        [[1, 1, 0], [1, 1, 1], [1, 1, 1]]
    """
    kinds = [label.partition("-")[2] for label in labels]
    return np.array([[x[:2] != "I-" or kind == x[2:] for x in labels] for kind in kinds])


def tags_of(spans: Iterable[Span], words: int) -> list[str]:
    """IOB2 tags of spans over words; ``conlleval_spans`` undoes it.

    Example:
        >>> tags_of([("PER", 1, 3)], 4)
        ['O', 'B-PER', 'I-PER', 'O']
    """
    tags = ["O"] * words
    for kind, start, end in spans:
        tags[start:end] = [f"B-{kind}", *[f"I-{kind}"] * (end - start - 1)]
    return tags


def to_text(spans: Iterable[Span]) -> str:
    """Spans as an answer: JSON in one fixed form, so that equal answers are equal texts.

    Example:
        >>> to_text([("地点", 3, 5), ("PER", 0, 2)])
        '[["PER",0,2],["地点",3,5]]'
    """
    ordered = sorted(spans, key=lambda span: (span[1], span[2], span[0]))
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))


def of_text(answer: str, *, where: str) -> list[Span]:
    """Read an answer in the form of ``to_text``.

    Raises:
        DataError: It is not a JSON list of ``[type, start, end]``.

    Example:
        >>> of_text('[["PER", 0, 2]]', where="answers, item 'a'")
        [('PER', 0, 2)]
    """
    try:
        spans = [(kind, start, end) for kind, start, end in json.loads(answer)]
        if all(_is_span(*span) for span in spans):
            return spans
    except (ValueError, TypeError):
        pass
    msg = (
        f'{where}: expected spans as JSON, like [["PER",0,2]], got {answer[:60]!r}. '
        "Write type, start and end of each span."
    )
    raise DataError(msg)


def _is_span(kind: object, start: object, end: object) -> bool:
    return (
        isinstance(kind, str)
        and isinstance(start, int)
        and isinstance(end, int)
        and 0 <= start < end
    )


def kinds_of(labels: Iterable[str]) -> list[str]:
    """Entity types of a tag inventory, in code-point order.

    Example:
        >>> kinds_of(["O", "B-LOC", "I-LOC", "B-PER", "I-PER"])
        ['LOC', 'PER']
    """
    return sorted({label.partition("-")[2] for label in labels} - {""})


def span_features(
    gold: Sequence[Iterable[Span]], answers: Sequence[Iterable[Span]], kinds: Sequence[str]
) -> Numbers:
    """Right answers, answers and gold of each type in each sentence.

    Args:
        gold: Right spans of each sentence.
        answers: Spans that were answered, in the same order.
        kinds: All types that occur.

    Returns:
        Shape ``(sentences, 3 * types)``, as ``scores.Counts.of`` takes it.

    Example:
        >>> span_features([[("A", 0, 1)]], [[("A", 0, 1), ("A", 2, 3)]], ["A"])
        array([[1., 2., 1.]])
    """
    code = {kind: place for place, kind in enumerate(kinds)}
    features = np.zeros((len(gold), 3, len(kinds)))
    for row, (gold_spans, answer_spans) in enumerate(zip(gold, answers, strict=True)):
        wanted, answered = set(gold_spans), set(answer_spans)
        for part, spans in enumerate((wanted & answered, answered, wanted)):
            for kind, _, _ in spans:
                features[row, part, code[kind]] += 1
    return features.reshape(len(gold), -1)
