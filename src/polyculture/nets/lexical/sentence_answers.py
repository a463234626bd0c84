"""Answers without a model: a few words of the sentence that shares most words with a question."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from polyculture.nets.text.words import cut

SENTENCE = re.compile(r".+?(?:[.!?](?=\s)|[。！？；\n]|$)", re.DOTALL)
Span = tuple[int, int]


def usual_length(answers: Sequence[str]) -> int:
    """The median number of words of some answers, one at least.

    Example:
        >>> usual_length(["Rome", "in the year", "北京"])
        2
    """
    return max(1, round(float(np.median([len(cut(text)) for text in answers]))))


def first_words(text: str, most: int) -> Span:
    """Where the first words of a text stand.

    Example:
        >>> "It rained, again."[slice(*first_words("It rained, again.", 2))]
        'It rained'
    """
    places = cut(text)[:most]
    return (places[0][0], places[-1][1]) if places else (0, len(text))


class RareWords:
    """How rare words are in the contexts of training rows."""

    def __init__(self, contexts: Iterable[str]) -> None:
        texts = set(contexts)
        counts = Counter(word for text in texts for word in set(_folded(text)))
        self._rarity = {word: -math.log((n + 0.5) / (len(texts) + 1)) for word, n in counts.items()}
        self._of_new = -math.log(0.5 / (len(texts) + 1))

    def of(self, word: str) -> float:
        """The rarer, the higher; new words are the rarest."""
        return self._rarity.get(word.casefold(), self._of_new)


def likely_span(question: str, text: str, rare: RareWords, most: int) -> Span:
    """The rarest words in a row that the question lacks, in the sentence that shares most with it.

    Args:
        question: The question.
        text: Its context.
        rare: What is rare in training.
        most: Words of an answer at most.

    Returns:
        First character of the text, and one past the last. Of equal ones the first is taken.

    Example:
        >>> text = "Rain fell. The king slept in Rome. He woke."
        >>> rare = RareWords([text, "The king slept in Oslo."])
        >>> text[slice(*likely_span("Where did the king go?", text, rare, 2))]
        'in Rome'
    """
    asked = set(_folded(question))
    sentences = [match.span() for match in SENTENCE.finditer(text)]
    start, end = max(sentences, key=lambda s: len(asked & set(_folded(text[slice(*s)]))))
    runs: list[list[Span]] = [[]]
    for first, last in cut(text[start:end]):
        word = text[start + first : start + last]
        if word.casefold() in asked or not word[0].isalnum():
            runs.append([])
        else:
            runs[-1].append((start + first, start + last))
    pieces = [run[n : n + most] for run in runs for n in range(max(1, len(run) - most + 1)) if run]
    if not pieces:
        return first_words(text, most)
    best = max(pieces, key=lambda piece: sum(rare.of(text[slice(*word)]) for word in piece))
    return best[0][0], best[-1][1]


def _folded(text: str) -> list[str]:
    words = [text[start:end] for start, end in cut(text)]
    return [word.casefold() for word in words if word[0].isalnum()]
