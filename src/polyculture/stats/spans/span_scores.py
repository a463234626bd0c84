"""Scores of answers that are spans: by entity as conlleval counts, and by tag."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from polyculture.core.errors import DataError
from polyculture.core.run import Score, Scores, ScoreTable
from polyculture.stats.answers import aligned_answers, documents_of
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.labels.unseen import unseen_in
from polyculture.stats.scores import Counts, Numbers, average_rows, label_rows, macro, ratio
from polyculture.stats.spans.entities import (
    Span,
    illegal,
    kinds_of,
    of_text,
    span_features,
    strict_spans,
)
from polyculture.stats.spans.schemas import schema_table

NOTHING = "there is neither gold nor an answer"
NO_ANSWER = "no entity was answered"
NO_GOLD = "there is no entity in the gold"
Notes = Mapping[str, str | int | float]
Tags = Sequence[Sequence[str] | None]


def score_spans(
    rows: pl.DataFrame,
    gold: Sequence[str],
    answers: pl.DataFrame,
    labels: Sequence[str],
    *,
    split: str,
    notes: Notes,
) -> Scores:
    """Precision, recall and F1 of entities; tables of types, of schemas and of tags.

    Args:
        rows: The rows that were answered; with ``tags`` there is a table of tags.
        gold: Right answers as text, see ``entities.to_text``.
        answers: Columns ``id``, ``answer`` and perhaps ``tags`` and ``unseen``; an answer that is
            null was not given: nothing is found, and no tag is right.
        labels: The tags of the model; others in gold or answers are added behind them.
        split: Name of the split.
        notes: What else belongs into the protocol.
    """
    answers = aligned_answers(rows, answers)
    texts = answers["answer"].to_list()
    right = [of_text(text, where=f"{split}, gold") for text in gold]
    answered = [
        [] if text is None else of_text(text, where=f"{split}, item {item!r}")
        for item, text in zip(answers["id"], texts, strict=True)
    ]
    drawn, kinds = _resampled(rows, right, answered, labels)
    counts = Counts.of(drawn.sums)
    scores = _entity_scores(drawn)
    tags = _tags_of(rows, answers)
    tables = [
        ScoreTable(
            name="types", title="every type of span", unit="span", rows=label_rows(kinds, counts)
        ),
        schema_table(right, answered),
    ]
    if tags is not None:
        scores += _strict(rows, *tags, counts)
        tables.append(_tag_table(*tags, labels))
        scores.append(_token_accuracy(rows, *tags))
    return Scores(
        split=split,
        items=len(rows),
        scores=tuple(scores),
        tables=tuple(tables),
        protocol={
            "scorer": "polyculture spans 1",
            "averaging": "micro over entities; macro: types that occur in gold or answers",
            "scheme": "IOB2",
            "mode": "conlleval",
            "missing_answers": texts.count(None),
            **unseen_in([{kind for kind, _, _ in spans} for spans in right], kinds_of(labels)),
            **_protocol(rows, answers, tags),
            **drawn.protocol(),
            **notes,
        },
    )


def _resampled(
    rows: pl.DataFrame,
    right: Sequence[Sequence[Span]],
    answered: Sequence[Sequence[Span]],
    labels: Sequence[str],
) -> tuple[Resampled, list[str]]:
    known = kinds_of(labels)
    kinds = [*known, *sorted({s[0] for spans in (*right, *answered) for s in spans} - set(known))]
    features = csr_array(span_features(right, answered, kinds))
    return Resampled(features, documents=documents_of(rows)), kinds


def _entity_scores(drawn: Resampled) -> list[Score]:
    def pooled(sums: Numbers) -> Counts:
        return Counts.of(sums).summed()

    def macro_f1(sums: Numbers) -> Numbers:
        counts = Counts.of(sums)
        return macro(counts.f1, counts)

    return [
        drawn.score("entity_f1", lambda s: pooled(s).f1[..., 0], reason=NOTHING, headline=True),
        drawn.score("entity_precision", lambda s: pooled(s).precision[..., 0], reason=NO_ANSWER),
        drawn.score("entity_recall", lambda s: pooled(s).recall[..., 0], reason=NO_GOLD),
        drawn.score("entity_macro_f1", macro_f1, reason=NOTHING),
    ]


def _tags_of(rows: pl.DataFrame, answers: pl.DataFrame) -> tuple[Tags, Tags] | None:
    """Gold and answered tags of each row; None if one of them is not there."""
    if "tags" not in rows.columns or "tags" not in answers.columns:
        return None
    gold, answered = rows["tags"].to_list(), answers["tags"].to_list()
    for item, right, answer in zip(rows["id"], gold, answered, strict=True):
        if answer is not None and len(answer) != len(right):
            msg = (
                f"Item {item!r} has {len(right)} words, but {len(answer)} tags were answered. "
                "Predict these very rows again."
            )
            raise DataError(msg)
    return gold, answered


def _strict(rows: pl.DataFrame, gold: Tags, answered: Tags, lenient: Counts) -> list[Score]:
    """F1 by strict IOB2, where it differs."""
    gold_spans = [strict_spans(tags or []) for tags in gold]
    answer_spans = [strict_spans(tags or []) for tags in answered]
    kinds = sorted({span[0] for spans in (*gold_spans, *answer_spans) for span in spans})
    features = csr_array(
        span_features(gold_spans, answer_spans, kinds).reshape(len(gold), 3, -1).sum(axis=2)
    )
    drawn = Resampled(features, documents=documents_of(rows))
    usual = lenient.summed()
    same = np.array_equal(drawn.sums, np.concatenate([usual.correct, usual.answered, usual.gold]))
    if same or _lost_inside_words(rows):
        return []
    f1 = drawn.score("strict_entity_f1", lambda s: Counts.of(s).f1[..., 0], reason=NOTHING)
    return [f1]


def _lost_inside_words(rows: pl.DataFrame) -> bool:
    """Whether tags cannot say all of the gold, so that spans of tags are not comparable."""
    return "inside_words" in rows.columns and bool(rows["inside_words"].sum())


def _tag_table(gold: Tags, answered: Tags, labels: Sequence[str]) -> ScoreTable:
    """One row a tag, ``O`` included, counted in words."""
    gold_tags, answer_tags = _flat(gold, answered)
    names = [*labels, *sorted({*gold_tags, *filter(None, answer_tags)} - set(labels))]
    code: dict[str | None, int] = {name: place for place, name in enumerate(names)}
    gold_codes = _tag_codes(gold_tags, code)
    answer_codes = _tag_codes(answer_tags, code)
    parts = (gold_codes[gold_codes == answer_codes], answer_codes[answer_codes >= 0], gold_codes)
    sums = [np.bincount(part, minlength=len(names)).astype(np.float64) for part in parts]
    counts = Counts.of(np.concatenate(sums))
    return ScoreTable(
        name="tags",
        title="every tag",
        unit="word",
        rows=label_rows(names, counts),
        averages=average_rows(counts),
    )


def _flat(gold: Tags, answers: Tags) -> tuple[list[str], list[str | None]]:
    gold_tags = [tag for tags in gold for tag in tags or []]
    answer_tags: list[str | None] = []
    for right, answered in zip(gold, answers, strict=True):
        answer_tags += [None] * len(right or []) if answered is None else answered
    return gold_tags, answer_tags


def _tag_codes(names: Sequence[str | None], code: Mapping[str | None, int]) -> NDArray[np.int64]:
    return np.array([code.get(name, -1) for name in names], dtype=np.int64)


def _token_accuracy(rows: pl.DataFrame, gold: Tags, answers: Tags) -> Score:
    parts = [
        (sum(a == b for a, b in zip(right or [], answered or [], strict=False)), len(right or []))
        for right, answered in zip(gold, answers, strict=True)
    ]
    drawn = Resampled(csr_array(np.array(parts, dtype=np.float64)), documents=documents_of(rows))
    return drawn.score(
        "token_accuracy",
        lambda s: ratio(s[..., 0], s[..., 1]),
        reason="there are no words",
        is_share=True,
    )


def _protocol(
    rows: pl.DataFrame, answers: pl.DataFrame, tags: tuple[Tags, Tags] | None
) -> dict[str, str | int]:
    """What a reader must know beside the numbers, counted."""
    counted: dict[str, str | int] = {
        "offsets": "characters" if "starts" in rows.columns else "words"
    }
    if "unseen" in answers.columns:
        counted["unseen_words"] = int(answers["unseen"].sum())
    if "inside_words" in rows.columns:
        counted["gold_inside_words"] = int(rows["inside_words"].sum())
        counted["gold_trimmed"] = int(rows["trimmed"].sum())
    if tags is not None:
        counted["illegal_tags"] = sum(illegal(answer_tags or []) for answer_tags in tags[1])
    return counted
