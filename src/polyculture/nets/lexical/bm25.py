"""BM25: scores of texts for questions, by the words they share.

Words are those of ``nets/text/words.py``; where a script has no spaces, pairs of characters count
too. They are neither stemmed nor left out as too common: that would need to know the language.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from polyculture.core.errors import need
from polyculture.nets.text.words import cut, is_unspaced


def bm25(texts: Sequence[str], questions: Sequence[str]) -> NDArray[np.float32]:
    """A score of each text for each question, ``(questions, texts)``; no common word gives 0.

    Source:
        Robertson and Zaragoza 2009, The Probabilistic Relevance Framework; Lucene's form, k1 = 1.5
        and b = 0.75, as Lù 2024, BM25S, arXiv:2407.03618 computes it.

    Example:
        >>> bm25(["the cat sat", "a dog"], ["cat", "人"]).round(2).tolist()
        [[0.25, 0.0], [0.0, 0.0]]
    """
    bm25s = need("bm25s", extra="train", purpose="The BM25 baseline")
    scores = np.zeros((len(questions), len(texts)), dtype=np.float32)
    counted = [terms(text) for text in texts]
    if any(counted):
        index = bm25s.BM25()
        index.index(counted, show_progress=False)
        known = {term for text in counted for term in text}
        for number, question in enumerate(questions):
            asked = [term for term in terms(question) if term in known]
            if asked:
                scores[number] = index.get_scores(asked)
    return scores


def scores_of_pairs(firsts: Sequence[str], seconds: Sequence[str]) -> list[float]:
    """The score of the second text of each pair, as a share of the first text's with itself.

    Example:
        >>> scores_of_pairs(["a cat", "a cat"], ["a cat", "dogs"])
        [1.0, 0.0]
    """
    alike = bm25([*seconds, *firsts], firsts)
    of_second, of_itself = np.diag(alike), np.diag(alike, len(firsts))
    shares: list[float] = np.clip(of_second / np.maximum(of_itself, 1e-9), 0, 1).tolist()
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
