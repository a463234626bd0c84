"""The best legal path against trying every path."""

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polyculture.stats.entities import illegal
from polyculture.stats.legal import best_legal, may_follow

LABELS = ("O", "B-A", "I-A", "B-B", "I-B")


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_no_legal_path_is_better(words: int, seed: int) -> None:
    """Its tags are legal, and its log probability is the highest of all legal paths."""
    scores = np.random.default_rng(seed).normal(scale=2, size=(words, len(LABELS)))
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))

    def total(path: tuple[int, ...]) -> float:
        return float(sum(logs[word, code] for word, code in enumerate(path)))

    found = tuple(int(code) for code in best_legal(scores, may_follow(LABELS)))
    legal = [
        path
        for path in product(range(len(LABELS)), repeat=words)
        if not illegal([LABELS[code] for code in path])
    ]

    assert found in legal
    assert np.isclose(total(found), max(total(path) for path in legal))


def test_no_words_have_no_path() -> None:
    """An empty sentence."""
    assert best_legal(np.zeros((0, 5)), may_follow(LABELS)).tolist() == []
