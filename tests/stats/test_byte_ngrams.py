"""Byte n-grams are what their formula says, and give every text a cost."""

import math
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.stats.texts import byte_ngrams
from polyculture.stats.texts.byte_ngrams import ByteNgrams

TEXTS = st.lists(st.text("ab我", max_size=6), min_size=1, max_size=5)


def by_definition(train: list[str], text: str, order: int) -> float:
    """The nats of a text, counted byte by byte."""
    follows: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    for other in train:
        signs = [256] * (order - 1) + list(other.encode())
        for place in range(order - 1, len(signs)):
            for k in range(order):
                follows[tuple(signs[place - k : place])][signs[place]] += 1

    def chance(context: tuple[int, ...], byte: int) -> float:
        shorter = chance(context[1:], byte) if context else 1 / 256
        counts = follows.get(context)
        if counts is None:
            return shorter
        return (counts[byte] + len(counts) * shorter) / (counts.total() + len(counts))

    signs = [256] * (order - 1) + list(text.encode())
    places = range(order - 1, len(signs))
    return -sum(math.log(chance(tuple(signs[p - order + 1 : p]), signs[p])) for p in places)


@given(TEXTS, st.text("abc我😀", max_size=8), st.integers(1, 4))
def test_the_fast_form_is_the_definition(train: list[str], text: str, order: int) -> None:
    """Texts are apart: the first byte of one does not follow on the last of another."""
    ((nats, size, _),) = ByteNgrams.of(train, order=order).figures([text])

    assert nats == pytest.approx(by_definition(train, text, order))
    assert size == len(text.encode())


def test_a_byte_that_was_never_seen_costs_more_than_blind_guessing_and_is_not_free() -> None:
    """Of "aaa" an "a" has 3 + 1/256 of 4, any other byte 1/256 of 4."""
    (seen, _, hits), (unseen, _, misses) = ByteNgrams.of(["aaa"], order=1).figures(["a", "b"])

    assert seen == pytest.approx(-math.log((3 + 1 / 256) / 4))
    assert unseen == pytest.approx(-math.log(1 / 256 / 4))
    assert (hits, misses) == (1, 0)


def test_texts_cost_the_same_however_many_are_read_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A few bytes at a time, so that many texts take little memory."""
    texts = ["abcabc", "", "bca", "c" * 9, "我"]
    model = ByteNgrams.of(texts, order=3)
    whole = model.figures(texts)

    monkeypatch.setattr(byte_ngrams, "AT_ONCE", 4)

    assert model.figures(texts) == whole
    assert model.figures([]) == []


def test_nothing_to_learn_from_is_blind_guessing() -> None:
    """An empty text teaches nothing, and costs nothing."""
    figures = ByteNgrams.of([""], order=3).figures(["ab", ""])

    assert figures == [(pytest.approx(2 * math.log(256)), 2, 0), (0.0, 0, 0)]


def test_an_order_that_no_key_holds_is_refused() -> None:
    """One to seven bytes."""
    with pytest.raises(ValueError, match="between 1 and 7, got 8"):
        ByteNgrams.of(["a"], order=8)
