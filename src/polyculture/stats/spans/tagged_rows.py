"""Rows of words with tags, or of raw text with spans: what is checked, and what is right."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from polyculture.core.errors import RowError
from polyculture.stats.rows import check_rows
from polyculture.stats.spans.entities import Span, conlleval_spans


def check_tags(rows: pl.DataFrame, where: str) -> None:
    """Each word has one tag, in IOB2.

    Args:
        rows: With ``id``, ``tokens`` and ``tags``.
        where: Name of the split or file, for messages.

    Raises:
        RowError: A row has more or fewer tags than words, or something else for a tag.
    """
    for item, tokens, tags in rows.select("id", "tokens", "tags").iter_rows():
        if len(tokens) != len(tags):
            reason = f"{len(tokens)} words have {len(tags)} tags. Give each word one tag."
            raise RowError(reason, where=where, item=item)
        odd = next((tag for tag in tags if not _is_tag(tag)), None)
        if odd is not None or None in tags:
            reason = f"expected a tag like 'O', 'B-PER' or 'I-PER', got {odd!r}. Correct it."
            raise RowError(reason, where=where, item=item)


def _is_tag(tag: str | None) -> bool:
    return tag == "O" or (tag is not None and tag[:2] in {"B-", "I-"} and len(tag) > 2)  # noqa: PLR2004


def right_tags(rows: pl.DataFrame, where: str = "the data") -> list[list[str]]:
    """The right tags of each row.

    Raises:
        RowError: The rows have no tags, or are raw text without spans.
    """
    name = "spans" if "starts" in rows.columns and "tags" not in rows.columns else "tags"
    return _column(rows, name, where)


def right_spans(rows: pl.DataFrame, where: str = "the data") -> list[list[Span]]:
    """The right spans of each row, in characters for raw text and in words otherwise.

    Raises:
        RowError: The rows have none.
    """
    if "starts" not in rows.columns:
        return [conlleval_spans(tags) for tags in right_tags(rows, where)]
    return [
        [(span["label"], span["start"], span["end"]) for span in spans]
        for spans in _column(rows, "spans", where)
    ]


def types_found(splits: Mapping[str, pl.DataFrame]) -> dict[str, list[tuple[str, str]]]:
    """By split, the id of a row and the type of one of its spans.

    Raises:
        RowError: A split has no spans.
    """
    return {
        name: [
            (item, kind)
            for item, spans in zip(rows["id"], right_spans(rows, name), strict=True)
            for kind, _, _ in spans
        ]
        for name, rows in splits.items()
    }


def _column(rows: pl.DataFrame, name: str, where: str) -> list[Any]:
    check_rows(rows, where, needed=(name,), filled=())
    return rows[name].to_list()
