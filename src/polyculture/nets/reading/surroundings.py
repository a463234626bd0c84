"""Sentences read with what stands around them in their document.

The words before and after a sentence are shown to the model, but no question is asked about them: a
name that was introduced three sentences earlier is easier to recognise.

Source: Schweter and Akbik 2020, FLERT: Document-Level Features for Named Entity Recognition,
arXiv:2011.06993, with 64 tokens on each side.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polyculture.core.task import Context

Words = list[str]


class ReadSentence(NamedTuple):
    """A sentence with the words that are shown around it."""

    words: Words
    """All words that are shown, in the order of the document."""
    first: int
    """Place of the sentence's first word among them."""
    length: int
    """Words of the sentence itself."""


def alone(sentences: Sequence[Words]) -> list[ReadSentence]:
    """Each sentence by itself."""
    return [ReadSentence(words, 0, len(words)) for words in sentences]


def in_documents(
    sentences: Sequence[Words],
    documents: Sequence[str | None],
    context: Context,
    width: int,
) -> list[ReadSentence]:
    """Each sentence with up to ``width`` tokens on each side from its own document.

    Sentences stand in the order of the document. Where all of that would not fit into
    ``context.longest``, both sides become shorter, so that only a sentence that is too long by
    itself is read in windows.

    Args:
        sentences: Words of each sentence.
        documents: The document of each sentence; None for one that stands alone.
        context: With the base's tokenizer.
        width: Most tokens on each side.
    """
    read: list[ReadSentence | None] = [None] * len(sentences)
    for numbers in _documents(documents):
        costs = _tokens_of_words([sentences[number] for number in numbers], context)
        words = [word for number in numbers for word in sentences[number]]
        flat = [cost for sentence in costs for cost in sentence]
        start = 0
        for number, own in zip(numbers, costs, strict=True):
            end = start + len(own)
            room = context.longest - context.reader.num_special_tokens_to_add() - sum(own)
            side = min(width, max(0, room // 2))
            before = _fitting(flat[:start][::-1], side)
            after = _fitting(flat[end:], side)
            read[number] = ReadSentence(words[start - before : end + after], before, len(own))
            start = end
    return [sentence for sentence in read if sentence is not None]


def _documents(documents: Sequence[str | None]) -> Iterator[list[int]]:
    """Numbers of the sentences of each document, in their order."""
    keys = [
        (name is None, name or "", number if name is None else 0)
        for number, name in enumerate(documents)
    ]
    order = sorted(range(len(keys)), key=keys.__getitem__)  # stable, so sentences keep their order
    for _, numbers in groupby(order, key=keys.__getitem__):
        yield [*numbers]


def _tokens_of_words(sentences: Sequence[Words], context: Context) -> list[list[int]]:
    """Tokens that each word takes."""
    from polyculture.nets.text.word_tokens import tokenize_words  # loads transformers

    batch: Any = tokenize_words(
        context.reader,
        sentences,
        spaces=context.word_spaces,
        add_special_tokens=False,
        return_attention_mask=False,
    )
    costs = []
    for number, words in enumerate(sentences):
        counts = [0] * len(words)
        for word in batch.word_ids(number):
            counts[word] += 1
        costs.append(counts)
    return costs


def _fitting(costs: Sequence[int], most: int) -> int:
    """How many words, from the first on, fit into a number of tokens.

    Example:
        >>> _fitting([1, 2, 1], 3), _fitting([], 3), _fitting([4], 3)
        (2, 0, 0)
    """
    total = 0
    for number, cost in enumerate(costs):
        total += cost
        if total > most:
            return number
    return len(costs)
