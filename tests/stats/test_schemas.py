"""Spans that are nearly right are counted as nervaluate 1.2.1 counts them.

Vectors: of tags, measured with nervaluate 1.2.1; nested, from its tests/test_strategies.py.
"""

import pytest

from polyculture.stats.spans.entities import Span, conlleval_spans
from polyculture.stats.spans.schemas import SCHEMAS, counted, schema_table

GOLD = "O B-PER I-PER O O O B-ORG I-ORG"
FOUND = "O B-PER I-PER O "
NESTED: list[Span] = [("EVENT", 4, 38), ("EVENT", 4, 25), ("LOCATION", 14, 25), ("DATE", 51, 56)]
Counts = tuple[int, int, int, int, int]


def spans(tags: str) -> list[Span]:
    return conlleval_spans(tags.split())


def of_schemas(gold: list[Span], answers: list[Span]) -> list[Counts]:
    """Correct, incorrect, partial, missed and spurious by each schema."""
    return [tuple(counted(gold, answers, schema)) for schema in SCHEMAS]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("O O B-ORG I-ORG", [(2, 0, 0, 0, 0)] * 4),
        ("O O O O", [(1, 0, 0, 1, 0)] * 4),
        ("O O B-LOC I-LOC", [(1, 1, 0, 0, 0), (2, 0, 0, 0, 0), (2, 0, 0, 0, 0), (1, 1, 0, 0, 0)]),
        ("O O B-ORG O", [(1, 1, 0, 0, 0), (1, 1, 0, 0, 0), (1, 0, 1, 0, 0), (2, 0, 0, 0, 0)]),
        ("O O B-LOC O", [(1, 1, 0, 0, 0), (1, 1, 0, 0, 0), (1, 0, 1, 0, 0), (1, 1, 0, 0, 0)]),
        ("O O O B-LOC", [(1, 1, 0, 0, 0), (1, 1, 0, 0, 0), (1, 0, 1, 0, 0), (1, 1, 0, 0, 0)]),
        (
            "B-PER O B-LOC I-LOC",
            [(1, 1, 0, 0, 1), (2, 0, 0, 0, 1), (2, 0, 0, 0, 1), (1, 1, 0, 0, 1)],
        ),
    ],
)
def test_the_published_examples_are_counted_alike(answer: str, expected: list[Counts]) -> None:
    """Behind a person that was found exactly, the second name in seven ways."""
    assert of_schemas(spans(GOLD), spans(FOUND + answer)) == expected


def test_a_text_without_any_answer_has_no_precision() -> None:
    """All gold is missed: recall and F1 are 0, and a precision does not exist."""
    table = schema_table([spans(GOLD)], [[]])

    for row in table.rows:
        assert row["missed"] == 2
        assert (row["precision"], row["recall"], row["f1"]) == (None, 0.0, 0.0)


def test_a_partial_match_counts_one_half() -> None:
    """The figures of the published table: F1 of .5, .5, .75 and 1."""
    table = schema_table([spans(GOLD)], [spans(f"{FOUND}O O B-ORG O")])

    assert [row["label"] for row in table.rows] == ["strict", "exact", "partial", "type"]
    assert [row["f1"] for row in table.rows] == [0.5, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("answers", "strict"),
    [
        (NESTED, (4, 0, 0, 0, 0)),
        (NESTED[::-1], (4, 0, 0, 0, 0)),
        (NESTED[1:], (3, 0, 0, 1, 0)),
        ([NESTED[0], ("DATE", 4, 25), *NESTED[2:]], (3, 1, 0, 0, 0)),
        ([NESTED[0], ("EVENT", 4, 31), *NESTED[2:]], (3, 1, 0, 0, 0)),
        ([NESTED[0], ("DATE", 4, 31), *NESTED[2:]], (3, 1, 0, 0, 0)),
        ([*NESTED, ("MISC", 60, 66)], (4, 0, 0, 0, 1)),
    ],
)
def test_nested_spans_are_paired_once(answers: list[Span], strict: Counts) -> None:
    """Strict counts of spans that lie within one another."""
    assert tuple(counted(NESTED, answers, "strict")) == strict
