"""Turn raw text with character spans into words and tags.

Words are cut without looking at the spans, since a new text has none to look at. A span that
begins or ends inside a word still marks that word, and stays in the gold with its own ends: no
answer in whole words can meet it, which counts against the model and is counted beside the score.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import polars as pl

from polyculture.core.errors import DataError, RowError
from polyculture.nets.text.words import cut

Place = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Spelled:
    """One row of raw text in words."""

    tokens: list[str]
    starts: list[int]
    ends: list[int]
    tags: list[str]
    spans: list[dict[str, Any]]
    """The spans in order, without the spaces at their ends."""
    inside_words: int
    """Spans that begin or end inside a word."""
    trimmed: int
    """Spans that began or ended with a space."""


def spell(text: str, spans: Sequence[dict[str, Any]]) -> Spelled:
    """Cut a text into words and tag them.

    Args:
        text: The text.
        spans: ``start``, ``end`` and ``label`` of each, in characters; none may overlap.

    Raises:
        DataError: A span lies outside the text, covers nothing but spaces, or overlaps another.

    Example:
        >>> spelled = spell("在New York。", [{"start": 1, "end": 9, "label": "LOC"}])
        >>> spelled.tokens, spelled.tags
        (['在', 'New', 'York', '。'], ['O', 'B-LOC', 'I-LOC', 'O'])
    """
    places = cut(text)
    cleaned = [_trimmed(text, span) for span in spans]
    trimmed = sum(
        (new["start"], new["end"]) != (old["start"], old["end"])
        for new, old in zip(cleaned, spans, strict=True)
    )
    cleaned.sort(key=lambda span: int(span["start"]))
    _check_apart(text, cleaned)
    tags, inside = _tags(places, cleaned)
    return Spelled(
        tokens=[text[start:end] for start, end in places],
        starts=[start for start, _ in places],
        ends=[end for _, end in places],
        tags=tags,
        spans=cleaned,
        inside_words=inside,
        trimmed=trimmed,
    )


def in_words(rows: pl.DataFrame, where: str) -> pl.DataFrame:
    """Cut rows of raw text into words.

    Args:
        rows: With ``id`` and ``text``, and perhaps ``spans``.
        where: Split or file, for messages.

    Returns:
        The rows with ``tokens``, ``starts`` and ``ends``, and with ``spans`` also ``tags``,
        ``inside_words`` and ``trimmed``, as in ``Spelled``.

    Raises:
        RowError: A span is not one; see ``spell``.
    """
    has_gold = "spans" in rows.columns
    spans = rows["spans"].to_list() if has_gold else [[]] * len(rows)
    spelled = []
    for item, text, spans_of_row in zip(rows["id"], rows["text"], spans, strict=True):
        try:
            spelled.append(spell(text, spans_of_row))
        except DataError as error:
            raise RowError(str(error), where=where, item=item) from error
    place, words = pl.List(pl.Int64), pl.List(pl.String)
    added = [
        pl.Series("tokens", [row.tokens for row in spelled], words),
        pl.Series("starts", [row.starts for row in spelled], place),
        pl.Series("ends", [row.ends for row in spelled], place),
    ]
    if has_gold:
        kind = pl.List(pl.Struct({"start": pl.Int64, "end": pl.Int64, "label": pl.String}))
        added += [
            pl.Series("tags", [row.tags for row in spelled], words),
            pl.Series("spans", [row.spans for row in spelled], kind),
            pl.Series("inside_words", [row.inside_words for row in spelled], pl.Int64),
            pl.Series("trimmed", [row.trimmed for row in spelled], pl.Int64),
        ]
    return rows.with_columns(added)


def _trimmed(text: str, span: dict[str, Any]) -> dict[str, Any]:
    start, end, label = (span.get(key) for key in ("start", "end", "label"))
    if not label or start is None or end is None:
        msg = f"a span needs start, end and label, got {span!r}. Complete it."
        raise DataError(msg)
    if not 0 <= start < end <= len(text):
        msg = (
            f"the span {label!r} from {start} to {end} lies outside the text, which has "
            f"{len(text)} characters. Count characters from 0; the end is one past the last."
        )
        raise DataError(msg)
    piece = text[start:end]
    if not cut(piece):
        msg = f"the span {label!r} from {start} to {end} holds no word. Drop it."
        raise DataError(msg)
    places = cut(piece)
    return {"start": start + places[0][0], "end": start + places[-1][1], "label": str(label)}


def _check_apart(text: str, spans: list[dict[str, Any]]) -> None:
    for first, second in pairwise(spans):
        if second["start"] < first["end"]:
            pieces = [text[span["start"] : span["end"]] for span in (first, second)]
            msg = (
                f"the spans {pieces[0]!r} ({first['label']}, from {first['start']}) and "
                f"{pieces[1]!r} ({second['label']}, from {second['start']}) overlap. Keep one."
            )
            raise DataError(msg)


def _tags(places: list[Place], spans: list[dict[str, Any]]) -> tuple[list[str], int]:
    tags = ["O"] * len(places)
    inside = word = 0
    for span in spans:
        while places[word][1] <= span["start"]:
            word += 1
        first, prefix = word, "B"
        while word < len(places) and places[word][0] < span["end"]:
            if tags[word] == "O":  # a word shared by two spans is the first one's
                tags[word] = f"{prefix}-{span['label']}"
                prefix = "I"
            word += 1
        word -= 1
        inside += (places[first][0], places[word][1]) != (span["start"], span["end"])
    return tags, inside
