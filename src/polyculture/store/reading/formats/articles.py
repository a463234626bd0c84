"""JSON of the SQuAD kind: articles of paragraphs, each with questions. A question is a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyculture.core.errors import DataError
from polyculture.core.shown import shown
from polyculture.store.json_text import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

Object = dict[str, Any]


def articles_of(text: str) -> list[Any] | None:
    r"""The articles of a file, ``{"data": [{"paragraphs": [...]}, ...]}``; None if it has none.

    Example:
        >>> articles_of('{"version": "1.1", "data": [{"paragraphs": []}]}')
        [{'paragraphs': []}]
        >>> articles_of('{"id": "1"}') is articles_of('{"id": "1"}\n{"id": "2"}') is None
        True
    """
    try:
        whole = parsed(text)
    except ValueError:
        return None
    articles = whole.get("data") if isinstance(whole, dict) else None
    if not isinstance(articles, list) or not articles:
        return None
    is_nested = all(isinstance(one, dict) and "paragraphs" in one for one in articles)
    return articles if is_nested else None


def questions(name: str, articles: list[Any]) -> Iterator[tuple[int, Object]]:
    """A row for each question, with its number from 1.

    Columns are ``id``, ``question``, ``context``, ``document`` (the article's title, or its number)
    and, where the file has them, ``answers``. A question that is marked ``is_impossible`` has none.

    Args:
        name: The file, for messages.
        articles: What ``articles_of`` found.

    Raises:
        DataError: Something has not the form of SQuAD, or only some questions have ``answers``.
    """
    number, has_gold = 0, None
    for article_number, article in enumerate(articles, start=1):
        document = article.get("title") or f"article {article_number}"
        for paragraph in _list(article, "paragraphs", f"{name}, article {article_number}"):
            place = f"{name}, article {article_number}, after question {number}"
            for question in _list(paragraph, "qas", place):
                number += 1
                row = _row(question, paragraph, f"{name}, row {number}")
                if has_gold not in {None, "answers" in row}:
                    msg = (
                        f"{name}, row {number}: either all questions of a file have 'answers' or "
                        "none. Write an empty list for a question without an answer."
                    )
                    raise DataError(msg)
                has_gold = "answers" in row
                yield number, row | {"document": str(document)}


def _list(holder: Any, key: str, place: str) -> list[Any]:
    found = holder.get(key) if isinstance(holder, dict) else None
    if not isinstance(found, list):
        msg = f"{place}: expected a list {key!r}, got {shown(str(holder))[:60]!r}."
        raise DataError(msg)
    return found


def _row(question: Any, paragraph: Object, place: str) -> Object:
    found = question if isinstance(question, dict) else {}
    row = {"question": found.get("question"), "context": paragraph.get("context")}
    missing = next((name for name, text in row.items() if not isinstance(text, str)), None)
    if missing:
        msg = f"{place}: expected a text as {missing!r}, got {row[missing]!r:.60}."
        raise DataError(msg)
    key = found.get("id", found.get("query_id"))
    row |= {} if key is None else {"id": str(key)}
    is_impossible = found.get("is_impossible") is True
    if is_impossible and found.get("answers"):
        msg = (
            f"{place}: the question is marked 'is_impossible' and has answers. Take out one of the "
            "two."
        )
        raise DataError(msg)
    if is_impossible or "answers" in found:
        row["answers"] = found.get("answers") or []
    return row
