"""Answers that are spans: from the tags of words, and as a table for people."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.stats.spans.entities import Span, conlleval_spans, to_text
from polyculture.stats.spans.tagged_rows import right_tags

Tags = Sequence[Sequence[str]]


def of_codes(
    rows: pl.DataFrame, codes: Sequence[NDArray[np.int64]], labels: Sequence[str]
) -> pl.DataFrame:
    """Answers from label codes, ``O`` where there is none; see ``of_tags``.

    Args:
        rows: Prepared rows.
        codes: Label codes of each row's words, ``(words,)``: -1 for a word that was not seen, or
            an end before it.
        labels: The tags of the model.
    """
    tags, unseen = [], []
    for tokens, row in zip(rows["tokens"].to_list(), codes, strict=True):
        known = [labels[code] if code >= 0 else "O" for code in row]
        tags.append([*known, *["O"] * (len(tokens) - len(known))])
        unseen.append(len(tokens) - sum(int(code) >= 0 for code in row))
    return of_tags(rows, tags, unseen)


def of_tags(rows: pl.DataFrame, tags: Tags, unseen: Sequence[int] | None = None) -> pl.DataFrame:
    """Answers from the tags of all words.

    Args:
        rows: Prepared rows.
        tags: A tag for each word of each row.
        unseen: How many words of each row the model could not see; none where left out.

    Returns:
        Columns ``id``, ``answer``, ``tags`` and ``unseen``.
    """
    missing = [0] * len(tags) if unseen is None else unseen
    return pl.DataFrame(
        {
            "id": rows["id"],
            "answer": pl.Series(_texts(rows, tags), dtype=pl.String),
            "tags": pl.Series(tags, dtype=pl.List(pl.String)),
            "unseen": pl.Series(missing, dtype=pl.Int64),
        }
    )


def _texts(rows: pl.DataFrame, tags: Iterable[Sequence[str]]) -> list[str]:
    if "starts" not in rows.columns:
        return [to_text(conlleval_spans(row)) for row in tags]
    places = zip(tags, rows["starts"].to_list(), rows["ends"].to_list(), strict=True)
    return [to_text(of_words(*row)) for row in places]


def of_words(tags: Sequence[str], starts: Sequence[int], ends: Sequence[int]) -> list[Span]:
    """Entities of tags, in characters of the text.

    Example:
        >>> of_words(["O", "B-LOC", "I-LOC"], [0, 1, 5], [1, 4, 9])
        [('LOC', 1, 9)]
    """
    return [(kind, starts[first], ends[last - 1]) for kind, first, last in conlleval_spans(tags)]


def of_most_frequent_tags(
    train: pl.DataFrame, rows: pl.DataFrame, labels: Sequence[str]
) -> pl.DataFrame:
    """Each word has the tag it had most often in training; a word that is new is ``O``.

    Args:
        train: Rows with the right tags.
        rows: To answer.
        labels: The tags of the model; of two that are as frequent, the first one is taken.
    """
    counts: dict[str, Counter[str]] = {}
    for tokens, tags in zip(train["tokens"].to_list(), right_tags(train, "train"), strict=True):
        for token, tag in zip(tokens, tags, strict=True):
            counts.setdefault(token, Counter())[tag] += 1
    place = {label: number for number, label in enumerate(labels)}
    usual = {
        word: min(tags, key=lambda tag: (-tags[tag], place[tag])) for word, tags in counts.items()
    }
    sentences = rows["tokens"].to_list()
    return of_tags(rows, [[usual.get(token, "O") for token in tokens] for tokens in sentences])


def with_texts(rows: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """The column ``spans``, each with its text: in characters of raw text, in words otherwise."""
    has_text = "text" in rows.columns
    inputs: Any = rows["text" if has_text else "tokens"].to_list()
    spans = [
        [
            {
                "start": start,
                "end": end,
                "label": label,
                "text": content[start:end] if has_text else " ".join(content[start:end]),
            }
            for label, start, end in json.loads(answer)
        ]
        for answer, content in zip(answers["answer"].to_list(), inputs, strict=True)
    ]
    numbers = dict.fromkeys(("start", "end"), pl.Int64)
    kind = pl.List(pl.Struct({**numbers, "label": pl.String, "text": pl.String}))
    return pl.DataFrame({"spans": pl.Series(spans, dtype=kind)})
