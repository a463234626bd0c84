"""Sentences read with what stands around them in their document.

The words before and after a sentence are shown to the model, but no question is asked about them: a
name that was introduced three sentences earlier is easier to recognise. Sentences that are learnt
from are read together where they follow one another, each still a sentence of its own for the
head: else most of what is computed would be surroundings.

Source: Schweter and Akbik 2020, FLERT: Document-Level Features for Named Entity Recognition,
arXiv:2011.06993, with 64 tokens on each side.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polyculture.core.task import Example

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from polyculture.core.task import Context, Encoded

Words = list[str]


class ReadSentence(NamedTuple):
    """A sentence with the words that are shown around it."""

    words: Words
    """All words that are shown, in the order of the document."""
    first: int
    """Place of the sentence's first word among them."""
    length: int
    """Words of the sentence itself."""
    document: int = -1
    """A number of its document; -1 where sentences are read alone."""
    start: int = 0
    """Words of the document before the sentence."""


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
    for document, numbers in enumerate(_documents(documents)):
        costs = _tokens_of_words([sentences[number] for number in numbers], context)
        words = [word for number in numbers for word in sentences[number]]
        flat = [cost for sentence in costs for cost in sentence]
        start = 0
        for number, own in zip(numbers, costs, strict=True):
            end = start + len(own)
            room = context.longest - context.reader.num_special_tokens_to_add() - sum(own)
            side = min(width, max(0, room // 2))
            before = _fitting((flat[place] for place in range(start - 1, -1, -1)), side)
            after = _fitting((flat[place] for place in range(end, len(flat))), side)
            shown = words[start - before : end + after]
            read[number] = ReadSentence(shown, before, len(own), document, start)
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


def _fitting(costs: Iterable[int], most: int) -> int:
    """How many words, from the first on, fit into a number of tokens; no further ones are asked.

    Example:
        >>> _fitting([1, 2, 1], 3), _fitting([], 3), _fitting([4], 3)
        (2, 0, 0)
    """
    total = number = 0
    for cost in costs:
        total += cost
        if total > most:
            break
        number += 1
    return number


def read_together(encoded: Encoded, longest: int, own: int) -> Encoded:
    """Neighbouring sentences of a document as one example, with the surroundings of all of them.

    ``places["sentences"]`` of such an example says how many words each of its sentences answers.
    Sentences that are read alone, or in windows, stay as they are.

    Args:
        encoded: From ``encode_words``, with surroundings.
        longest: Tokens of an example at most. Surroundings are not shortened to make room: where
            they fill it, sentences are learnt from one by one.
        own: Tokens of the sentences of an example at most, without what surrounds them; a longer
            sentence stays alone.
    """
    whole = [e for e in encoded.examples if "document" in e.places]
    whole.sort(key=lambda e: tuple(e.places["document"].tolist()))
    groups: list[list[Example]] = []
    for example in whole:
        if groups and _fits(groups[-1], example, longest, own):
            groups[-1].append(example)
        else:
            groups.append([example])
    others = [e for e in encoded.examples if "document" not in e.places]
    examples = sorted([*map(_joined, groups), *others], key=lambda example: example.row)
    if len(examples) == len(encoded.examples):
        return encoded
    note = f"{len(whole):,} sentences are learnt from in {len(groups):,} stretches of neighbours."
    return replace(encoded, examples=examples, notes=(*encoded.notes, note))


def _fits(group: Sequence[Example], example: Example, longest: int, own: int) -> bool:
    (document, start), (first, last) = example.places["document"], example.places["own"]
    before, words = group[-1].places["document"], group[-1].places["length"]
    ends = [e.places["own"] for e in group]
    owned = sum(int(end - begin) for begin, end in ends) + last - first
    size = int(ends[0][0]) + owned + example.size - last
    follows = document == before[0] and start == before[1] + words
    return bool(follows and owned <= own and size <= longest)


def _joined(group: Sequence[Example]) -> Example:
    """What stands before the first sentence, all sentences, and what stands behind the last."""
    if len(group) == 1:
        return group[0]
    first, last = group[0], group[-1]
    owns = [example.places["own"].tolist() for example in group]
    starts = np.cumsum([owns[0][0], *(end - begin for begin, end in owns)])

    def of_all(name: str) -> np.ndarray[Any, Any]:
        return np.concatenate([example.places[name] for example in group])

    inputs = {
        name: np.concatenate(
            [
                first.inputs[name][: owns[0][0]],
                *(e.inputs[name][b:end] for e, (b, end) in zip(group, owns, strict=True)),
                last.inputs[name][owns[-1][1] :],
            ]
        )
        for name in first.inputs
    }
    positions = [
        example.places["positions"] - begin + start
        for example, (begin, _), start in zip(group, owns, starts[:-1], strict=True)
    ]
    return Example(
        row=first.row,
        inputs=inputs,
        size=len(inputs["input_ids"]),
        targets={
            name: np.concatenate([example.targets[name] for example in group])
            for name in first.targets
        },
        places={
            "words": of_all("words"),
            "positions": np.concatenate(positions),
            "spelling": of_all("spelling"),
            "length": first.places["length"],
            "sentences": np.array([len(example.places["words"]) for example in group]),
        },
    )
