"""BM25: scores of texts for questions, by the words they share.

Words are those of ``nets/text/words.py``; where a script has no spaces, pairs of characters count
too. They are neither stemmed nor left out as too common: that would need to know the language.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyculture.core.errors import need
from polyculture.nets.text.words import cut, is_unspaced
from polyculture.stats.vectors.rankings import ranked

CHUNK = 100
"""Questions that are ranked at a time."""


def bm25(texts: Sequence[str], questions: Sequence[str]) -> NDArray[np.float32]:
    """A score of each text for each question, ``(questions, texts)``; no common word gives 0.

    Source:
        Robertson and Zaragoza 2009, The Probabilistic Relevance Framework; Lucene's form, k1 = 1.5
        and b = 0.75, as Lù 2024, BM25S, arXiv:2407.03618 computes it.

    Example:
        >>> bm25(["the cat sat", "a dog"], ["cat", "人"]).round(2).tolist()
        [[0.25, 0.0], [0.0, 0.0]]
    """
    return _index_of(tuple(texts)).scores(questions)


class Index:
    """The counted terms of some texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Count the terms."""
        bm25s = need("bm25s", extra="train", purpose="BM25")
        counted = [terms(text) for text in texts]
        self.size = len(texts)
        self.known = {term for text in counted for term in text}
        self._index: Any = bm25s.BM25()
        if self.known:
            self._index.index(counted, show_progress=False)

    def scores(self, questions: Sequence[str]) -> NDArray[np.float32]:
        """A score of each text for each question, see ``bm25``."""
        scores = np.zeros((len(questions), self.size), dtype=np.float32)
        for number, question in enumerate(questions):
            asked = [term for term in terms(question) if term in self.known]
            if asked:
                scores[number] = self._index.get_scores(asked)
        return scores


_index_of = lru_cache(maxsize=2)(Index)


def best(
    ids: Sequence[str], texts: Sequence[str], questions: Sequence[str], most: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The texts with the best scores for each question, in the order of ``rankings.ranked``.

    The counted terms of the last texts are kept, for further questions.

    Args:
        ids: Names of the texts, which decide between equal scores.
        texts: What is ranked.
        questions: For which.
        most: Texts a question; fewer where there are not so many.

    Returns:
        Numbers of the texts and their scores, ``(questions, most)`` each.

    Example:
        >>> best(["a", "b", "c"], ["a cat", "dogs", "cats and a cat"], ["cat"], 2)[0].tolist()
        [[0, 2]]
    """
    index, number_of = _index_of(tuple(texts)), {name: n for n, name in enumerate(ids)}
    numbers = np.zeros((len(questions), min(most, len(texts))), dtype=np.int64)
    scores = np.zeros(numbers.shape, dtype=np.float32)
    for start in range(0, len(questions), CHUNK):
        found = index.scores(questions[start : start + CHUNK])
        names = ranked(found, ids, most).names
        chunk = np.array([[number_of[name] for name in row] for row in names], dtype=np.int64)
        numbers[start : start + CHUNK] = chunk
        scores[start : start + CHUNK] = np.take_along_axis(found, chunk, axis=1)
    return numbers, scores


def scores_of_pairs(firsts: Sequence[str], seconds: Sequence[str]) -> list[float]:
    """The score of the second text of each pair, as a share of the first text's with itself.

    Example:
        >>> scores_of_pairs(["a cat", "a cat"], ["a cat", "dogs"])
        [1.0, 0.0]
    """
    index, shares = Index([*seconds, *firsts]), []
    for start in range(0, len(firsts), CHUNK):
        alike = index.scores(firsts[start : start + CHUNK])
        of_second, of_itself = np.diag(alike, start), np.diag(alike, start + len(firsts))
        shares += np.clip(of_second / np.maximum(of_itself, 1e-9), 0, 1).tolist()
    return shares


def terms(text: str) -> list[str]:
    """The terms that are counted in a text.

    Example:
        >>> terms("Good 好看吗")
        ['good', '好', '看', '吗', '好看', '看吗']
    """
    text = text.lower()
    words = [text[start:end] for start, end in cut(text)]
    words = [word for word in words if any(sign.isalnum() for sign in word)]
    return words + [a + b for a, b in pairwise(words) if is_unspaced(a[0]) and is_unspaced(b[0])]
