"""Examples of text, padded to one length on the right."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from polyculture.core.task import Context, Example
from polyculture.nets.batch import IGNORED, Batch

NARROW, NARROW_TO, WIDE = 8, 64, 16
"""Widths are multiples of the first up to the second, and of the third beyond."""


def padded(arrays: Sequence[NDArray[Any]], fill: int, width: int = 1) -> tuple[Tensor, Tensor]:
    """Arrays of different lengths as one, and where there is something: ``(arrays, longest)``.

    Args:
        arrays: Of whole numbers.
        fill: What stands where an array has ended.
        width: The result is at least so wide.

    Example:
        >>> values, there = padded([np.array([3, 4]), np.array([5])], 0)
        >>> values.tolist(), there.tolist()
        ([[3, 4], [5, 0]], [[True, True], [True, False]])
    """
    width = max(width, *(len(array) for array in arrays))
    values = np.full((len(arrays), width), fill, dtype=np.int64)
    there = np.zeros((len(arrays), width), dtype=bool)
    for number, array in enumerate(arrays):
        values[number, : len(array)] = array
        there[number, : len(array)] = True
    return torch.from_numpy(values), torch.from_numpy(there)


def even(width: int, most: int) -> int:
    """The next width that batches are padded to: few different ones, and little padding.

    A library that makes a kernel for each shape (oneDNN, for products in bfloat16) would otherwise
    spend a fifth of a training of documents on making them.

    Args:
        width: Of the longest text.
        most: Longest input of the base.

    Example:
        >>> even(5, 512), even(64, 512), even(65, 512), even(130, 140)
        (8, 64, 80, 140)
    """
    step = NARROW if width <= NARROW_TO else WIDE
    return max(width, min(-(-width // step) * step, most))


def widths_of(sizes: NDArray[np.int64], context: Context) -> NDArray[np.int64]:
    """What examples of these sizes count in a batch, ``(examples,)``: padded to few widths or not.

    Only texts have sizes in tokens; where nothing is padded further, sizes are widths.
    """
    if not context.even_widths:
        return sizes
    return np.array([even(int(size), context.longest) for size in sizes], dtype=np.int64)


def token_batch(examples: Sequence[Example], context: Context) -> Batch:
    """Tokens, their mask, and which text of a pair they belong to; neither targets nor places."""
    texts = [e.inputs["input_ids"] for e in examples]
    width = even(max(map(len, texts)), context.longest) if context.even_widths else 1
    tokens, mask = padded(texts, context.reader.pad_token_id, width)
    inputs = {"input_ids": tokens, "attention_mask": mask.to(torch.int64)}
    if "token_type_ids" in examples[0].inputs:
        types = [e.inputs["token_type_ids"] for e in examples]
        inputs["token_type_ids"], _ = padded(types, 0, width)
    return Batch(
        inputs=inputs,
        rows=tuple(example.row for example in examples),
        size=sum(example.size for example in examples),
    )


def pad_texts(examples: Sequence[Example], context: Context) -> Batch:
    """A batch of texts; each target is an array of one shape, and counts where it is not -100."""
    batch = token_batch(examples, context)
    batch.targets = stacked([example.targets for example in examples])
    if batch.targets:
        labels = batch.targets["labels"]
        batch.count = int((labels != IGNORED).sum())
    return batch


def pad_words(examples: Sequence[Example], context: Context) -> Batch:
    """A batch of sentences of words: a target for each word, and where the words begin.

    ``places`` holds ``positions``, ``words``, ``spelling``, ``(sentences, words)``, then ``there``,
    where there is a word, and ``length``, words of the whole row, ``(examples,)``; where an example
    has several sentences also ``owners``, the example of each, ``(sentences,)``.
    """
    batch = token_batch(examples, context)
    places = [example.places for example in examples]

    def of_sentences(name: str) -> tuple[Tensor, Tensor]:
        return padded([part for place in places for part in _parted(place, place[name])], 0)

    batch.places["positions"], batch.places["there"] = of_sentences("positions")
    for name in ("words", "spelling"):
        batch.places[name], _ = of_sentences(name)
    batch.places["length"] = torch.tensor([int(place["length"]) for place in places])
    if any("sentences" in place for place in places):
        owners = [n for n, place in enumerate(places) for _ in _parted(place, place["words"])]
        batch.places["owners"] = torch.tensor(owners)
    if examples[0].targets:
        targets = [part for e in examples for part in _parted(e.places, e.targets["labels"])]
        batch.targets["labels"], _ = padded(targets, IGNORED)
        batch.count = int((batch.targets["labels"] != IGNORED).sum())
    return batch


def _parted(places: Mapping[str, NDArray[Any]], values: NDArray[Any]) -> Sequence[NDArray[Any]]:
    """What belongs to the words of an example, for each of its sentences."""
    if "sentences" not in places:
        return [values]
    return np.split(values, np.cumsum(places["sentences"])[:-1])


def stacked(targets: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, Tensor]:
    """Targets of one shape as one tensor for each name, ``(examples, ...)``."""
    return {
        name: torch.from_numpy(np.stack([np.asarray(target[name]) for target in targets]))
        for name in targets[0]
    }
