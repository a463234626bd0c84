"""Simple ways to reply, without a network: the most similar context, and the frequency of words."""

from collections import Counter
from collections.abc import Sequence

from polyculture.nets.lexical.bm25 import bm25
from polyculture.nets.text.word_costs import WordCosts
from polyculture.nets.text.words import cut
from polyculture.stats.texts.rivals import Rivals, rank_of

AT_ONCE = 256
"""Questions whose scores are held at once."""
END = "\n"
"""Stands for the end of a reply among its words, none of which is a space."""


def nearest(texts: Sequence[str], questions: Sequence[str]) -> list[int]:
    """The place of the text that BM25 finds most similar to each question; the first of equal ones.

    Example:
        >>> nearest(["a dog", "the cat sat"], ["my cat", "人"])
        [1, 0]
    """
    found: list[int] = []
    for start in range(0, len(questions), AT_ONCE):
        found += bm25(texts, questions[start : start + AT_ONCE]).argmax(axis=1).tolist()
    return found


def ranks_by_words(
    given: Sequence[str], replies: Sequence[str], rivals: Sequence[Rivals]
) -> list[tuple[int, int]]:
    """The rank of each right reply by the words that it shares with a given text, among how many.

    Args:
        given: A text for each row.
        replies: The right reply of each row.
        rivals: What it is ranked against.
    """
    found = []
    for text, drawn in zip(given, rivals, strict=True):
        scores = bm25([replies[row] for row in drawn.rows], [text])[0]
        found.append((rank_of(scores.tolist(), drawn.right), len(drawn.rows)))
    return found


def ranks_by_costs(
    costs: WordCosts, replies: Sequence[str], rivals: Sequence[Rivals]
) -> list[tuple[int, int]]:
    """The same by the mean cost of a word."""
    means = [-cost / words for cost, words in costs_of(costs, replies)]
    return [
        (rank_of([means[row] for row in drawn.rows], drawn.right), len(drawn.rows))
        for drawn in rivals
    ]


def words_of(text: str) -> list[str]:
    r"""The words of a reply and its end.

    Example:
        >>> words_of("Hi 你好")
        ['Hi', '你', '好', '\n']
    """
    return [*(text[start:end] for start, end in cut(text)), END]


def costs_of(costs: WordCosts, replies: Sequence[str]) -> list[tuple[float, int]]:
    """Nats of the words of each reply and of its end, and how many these are."""
    words = [words_of(reply) for reply in replies]
    return [(sum(map(costs.nats, some)), len(some)) for some in words]


def most_frequent(replies: Sequence[str]) -> str:
    """The most frequent of some replies; of equal ones the first in code-point order.

    Example:
        >>> most_frequent(["yes", "no", "yes", "no", "ah"])
        'no'
    """
    counts = Counter(replies)
    return min(counts, key=lambda reply: (-counts[reply], reply))
