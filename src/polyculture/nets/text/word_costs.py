r"""Unigram costs of words by their frequency; new words are spelled in bytes.

\[ -\ln p(w) = -\ln \frac{c_w}{n + t}, \qquad
   -\ln p(\text{new } w) = -\ln \frac{n + t - \sum c}{n + t} - \sum_b \ln p(b) \]

where \(c_w\) says how often a word occurs among n words of t kinds, and b runs over the bytes of a
new word and its end. All words together have a probability of no more than 1.

Source: Witten and Bell 1991, The zero-frequency problem, their method C.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.nets.text.words import cut

END = 256
"""The sign behind the last byte of a word that is spelled."""


@dataclass(frozen=True, kw_only=True)
class WordCosts:
    """How frequent words are, and how frequent bytes are in words.

    Example:
        >>> costs = WordCosts.of(["a", "a", "b", "a"])
        >>> costs.usual, round(costs.nats("a"), 3)
        ('a', 0.693)
        >>> costs.nats("new") > costs.nats("b") > costs.nats("a")
        True
    """

    counts: Mapping[str, int]
    """Of the words that are known."""
    words: int
    """Words of the texts and kinds of them, n + t."""
    letters: NDArray[np.float64]
    """Logarithm of the probability of each byte, and of the end, ``(257,)``."""

    @classmethod
    def of_texts(cls, texts: Iterable[str]) -> "WordCosts":
        """Count the words of some texts."""
        return cls.of(text[start:end] for text in texts for start, end in cut(text))

    @classmethod
    def of(cls, words: Iterable[str]) -> "WordCosts":
        """Count some words. Each byte is counted once more than it occurs."""
        counts = Counter(words)
        letters = np.ones(END + 1)
        for word, count in counts.items():
            np.add.at(letters, [*word.encode(), END], count)
        return cls(
            counts=counts,
            words=counts.total() + len(counts),
            letters=np.log(letters / letters.sum()),
        )

    def narrowed(self) -> "WordCosts":
        """The same with the most frequent word alone; any other is spelled by equal bytes."""
        return WordCosts(
            counts={self.usual: self.counts[self.usual]},
            words=self.words,
            letters=np.full(END + 1, -np.log(END + 1)),
        )

    @cached_property
    def usual(self) -> str:
        """The most frequent word; of equal ones the first in code-point order."""
        return min(self.counts, key=lambda word: (-self.counts[word], word))

    def nats(self, word: str) -> float:
        """The cost of a word in nats."""
        count = self.counts.get(word)
        if count is not None:
            return float(np.log(self.words / count))
        return self._new - float(self.letters[[*word.encode(), END]].sum())

    @cached_property
    def _new(self) -> float:
        return float(np.log(self.words / (self.words - sum(self.counts.values()))))


def figures_of(costs: WordCosts, rows: pl.DataFrame) -> list[tuple[float, int, int, int]]:
    """The nats of each text's words, their number, its bytes, how many are the most frequent word.

    Example:
        >>> rows = pl.DataFrame({"text": ["we see us", "我们"]})
        >>> [rest for nats, *rest in figures_of(WordCosts.of_texts(["我们, we", "we"]), rows)]
        [[3, 9, 1], [2, 6, 0]]
    """
    return [_figures(costs, text) for text in rows["text"]]


def _figures(costs: WordCosts, text: str) -> tuple[float, int, int, int]:
    words = [text[start:end] for start, end in cut(text)]
    hits = sum(word == costs.usual for word in words)
    return sum(map(costs.nats, words)), len(words), len(text.rstrip().encode()), hits
