"""Entities are read and counted as conlleval reads and counts them."""

from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.core.errors import DataError
from polyculture.core.run import Scores
from polyculture.stats.scores import Counts
from polyculture.stats.spans.entities import (
    conlleval_spans,
    illegal,
    of_text,
    span_features,
    strict_spans,
    tags_of,
    to_text,
)
from polyculture.stats.spans.span_scores import score_spans

Sentences = list[tuple[list[str], list[str]]]

KINDS = ["LOC", "PER", "X-Y", "人"]
TAGS = ["O", *(f"{prefix}-{kind}" for prefix in "BI" for kind in KINDS)]
sentences = st.lists(
    st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), max_size=8).map(
        lambda pairs: ([a for a, _ in pairs], [b for _, b in pairs])
    ),
    min_size=1,
    max_size=6,
)

# Gold, answer, conlleval (P, R, F1), strict IOB2 (P, R, F1); a sentence a list.
NONE: tuple[float, float, float] = (0, 0, 0)
ALL: tuple[float, float, float] = (1, 1, 1)
VECTORS = [
    ("B-ORG I-ORG", "I-ORG I-ORG", ALL, NONE),
    ("O B-LOC O", "O I-LOC O", ALL, NONE),
    ("B-PER B-ORG O", "B-PER I-ORG O", ALL, (1, 0.5, 2 / 3)),
    ("B-PER B-PER O", "B-PER I-PER O", NONE, NONE),
    ("B-PER I-PER O", "B-PER I-ORG O", NONE, NONE),
    ("B-A I-A B-B", "I-A I-A I-B", ALL, NONE),
    ("B-PER I-PER | O O", "B-PER I-PER | I-PER O", (0.5, 1, 2 / 3), ALL),
    (
        "O O O B-MISC I-MISC I-MISC O | B-PER I-PER O",
        "O O B-MISC I-MISC I-MISC I-MISC O | B-PER I-PER O",
        (0.5, 0.5, 0.5),
        (0.5, 0.5, 0.5),
    ),
]


def parted(text: str) -> list[list[str]]:
    return [sentence.split() for sentence in text.split("|")]


def counts_of(pairs: Sentences) -> tuple[int, int, int]:
    """Right, answered and gold chunks by a plain transcription of conlleval.pl.

    The script goes through the words once, with an ``O`` between sentences, and asks at each word
    of both columns whether a chunk ends or begins there.
    """
    right = answered = wanted = 0
    in_correct = False
    last = ("O", "", "O", "")
    rows = [pair for gold, found in pairs for pair in (*zip(gold, found, strict=True), ("O", "O"))]
    for gold, found in rows:
        now = (*_split(gold), *_split(found))
        ends_gold = _ends(last[0], now[0], last[1], now[1])
        ends_found = _ends(last[2], now[2], last[3], now[3])
        begins_gold = _begins(last[0], now[0], last[1], now[1])
        begins_found = _begins(last[2], now[2], last[3], now[3])
        if in_correct:
            if ends_gold and ends_found and last[1] == last[3]:
                in_correct, right = False, right + 1
            elif ends_gold != ends_found or now[1] != now[3]:
                in_correct = False
        if begins_gold and begins_found and now[1] == now[3]:
            in_correct = True
        wanted += begins_gold
        answered += begins_found
        last = now
    return right, answered, wanted


def _split(tag: str) -> tuple[str, str]:
    prefix, _, kind = tag.partition("-")
    return prefix, kind


def _ends(before: str, now: str, kind_before: str, kind: str) -> bool:
    by_prefix = (before, now) in {("B", "B"), ("B", "O"), ("I", "B"), ("I", "O")}
    return by_prefix or (before != "O" and kind_before != kind)


def _begins(before: str, now: str, kind_before: str, kind: str) -> bool:
    by_prefix = (before, now) in {("B", "B"), ("I", "B"), ("O", "B"), ("O", "I")}
    return by_prefix or (now != "O" and kind_before != kind)


def scores_of(pairs: Sentences) -> Scores:
    ids = [str(number) for number in range(len(pairs))]
    gold, found = [a for a, _ in pairs], [b for _, b in pairs]
    tags = pl.List(pl.String)
    rows = pl.DataFrame({"id": ids, "tags": pl.Series(gold, dtype=tags)})
    answers = pl.DataFrame(
        {
            "id": ids,
            "answer": [to_text(conlleval_spans(row)) for row in found],
            "tags": pl.Series(found, dtype=tags),
        }
    )
    right = [to_text(conlleval_spans(row)) for row in gold]
    return score_spans(rows, right, answers, ["O"], split="test", notes={})


def number(scores: Scores, name: str) -> float | None:
    found = [score.value for score in scores.scores if score.name == name]
    return getattr(found[0], "number", None) if found else None


@pytest.mark.parametrize(("gold", "answer", "lenient", "strict"), VECTORS)
def test_published_cases_give_the_published_figures(
    gold: str,
    answer: str,
    lenient: tuple[float, float, float],
    strict: tuple[float, float, float],
) -> None:
    """What conlleval.pl and seqeval print for eight telling cases."""
    scores = scores_of(list(zip(parted(gold), parted(answer), strict=True)))

    found = [number(scores, f"entity_{name}") for name in ("precision", "recall", "f1")]
    assert found == pytest.approx(list(lenient))
    shown = number(scores, "strict_entity_f1")
    if shown is None:  # strict is shown where it differs only
        assert lenient == strict
    else:
        assert shown == pytest.approx(strict[2])


@pytest.mark.parametrize(("gold", "answer", "_lenient", "strict"), VECTORS)
def test_strict_reading_gives_the_published_precision_and_recall(
    gold: str, answer: str, _lenient: object, strict: tuple[float, float, float]
) -> None:
    """Strict IOB2 as in seqeval; where nothing is answered it prints 0."""
    wanted = [strict_spans(tags) for tags in parted(gold)]
    given = [strict_spans(tags) for tags in parted(answer)]
    kinds = sorted({span[0] for spans in (*wanted, *given) for span in spans})

    counts = Counts.of(span_features(wanted, given, kinds).sum(axis=0)).summed()

    right, answered, total = counts.correct[0], counts.answered[0], counts.gold[0]
    assert (right / max(answered, 1), right / total) == pytest.approx(strict[:2])


@given(sentences)
def test_any_tags_are_counted_as_conlleval_counts_them(pairs: Sentences) -> None:
    """Right, answered and gold entities equal a transcription of the script, for any nonsense."""
    wanted = [conlleval_spans(gold) for gold, _ in pairs]
    given_ = [conlleval_spans(found) for _, found in pairs]

    counts = Counts.of(span_features(wanted, given_, KINDS).sum(axis=0)).summed()

    ours = tuple(int(x[0]) for x in (counts.correct, counts.answered, counts.gold))
    assert ours == counts_of(pairs)


@given(st.lists(st.sampled_from(TAGS), max_size=12))
def test_lenient_and_strict_agree_where_no_tag_is_illegal(tags: list[str]) -> None:
    """Without illegal tags there is one reading, and tags and spans say the same."""
    legal = tags_of(conlleval_spans(tags), len(tags))

    assert illegal(legal) == 0
    assert conlleval_spans(legal) == strict_spans(legal) == conlleval_spans(tags)
    assert (illegal(tags) == 0) == (legal == tags)


def test_every_tag_has_a_row_and_micro_is_token_accuracy() -> None:
    """The table of tags holds O, and its micro average is the share of right words."""
    pairs = [(["B-A", "I-A", "O", "O"], ["B-A", "O", "O", "B-A"])]

    scores = scores_of(pairs)

    tags = next(table for table in scores.tables if table.name == "tags")
    rows = {str(row["label"]): row for row in (*tags.rows, *tags.averages)}
    assert list(rows) == ["O", "B-A", "I-A", "micro", "macro", "weighted"]
    assert {name: row["support"] for name, row in rows.items()} == Counter(
        {"O": 2, "B-A": 1, "I-A": 1, "micro": 4, "macro": 4, "weighted": 4}
    )
    assert rows["I-A"]["precision"] is None
    assert rows["micro"]["f1"] == number(scores, "token_accuracy") == 0.5


def test_an_answer_that_was_not_given_finds_nothing() -> None:
    """Its gold stays in every score, also its words that are O."""
    rows = pl.DataFrame({"id": ["a"], "tags": [["B-A", "O"]]})
    none = pl.Series([None], dtype=pl.List(pl.String))
    answers = pl.DataFrame({"id": ["a"], "answer": [None], "tags": none})

    scores = score_spans(rows, ['[["A",0,1]]'], answers, ["O"], split="test", notes={})

    assert number(scores, "entity_recall") == number(scores, "token_accuracy") == 0
    assert scores.protocol["missing_answers"] == 1


@pytest.mark.parametrize("text", ["", "PER", "[1]", '[["PER",0]]', '[["PER",2,1]]', "[[1,0,2]]"])
def test_text_that_holds_no_spans_is_refused(text: str) -> None:
    """The sentence shows the form that is expected."""
    with pytest.raises(DataError, match=r'expected spans as JSON, like \[\["PER",0,2\]\]'):
        of_text(text, where="answers, item 'a'")
