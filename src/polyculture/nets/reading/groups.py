"""Several texts in one example, such as a question and its answer; or several pairs of texts.

The texts of an example lie one behind another in its inputs, and ``places["lengths"]`` tells where
each ends. In a batch every text is a row of its own; the texts of an example are neighbours.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from polyculture.core.task import Encoded, Example
from polyculture.nets.reading.padding import token_batch
from polyculture.nets.reading.texts import encode_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from polyculture.core.task import Context
    from polyculture.nets.batch import Batch


Read = str | tuple[str, str]
"""What is read at once: a text, or a pair of texts."""


def encode_groups(
    groups: Sequence[Sequence[Read]],
    context: Context,
    targets: Mapping[str, Sequence[NDArray[Any]]],
    *,
    at_once: int = 1,
) -> Encoded:
    """One example a row; a text that occurs again and again is tokenized once.

    Args:
        groups: The texts of each row; all of them, or none, are pairs, which are read as one.
        context: With the base's tokenizer.
        targets: By name the right answer of each row; empty if unknown.
        at_once: How many texts of a row are in a batch, where only some are drawn.
    """
    texts = list(dict.fromkeys(text for group in groups for text in group))
    encoded = encode_texts(_rows_of(texts), context, {})
    alone = dict(zip(texts, encoded.examples, strict=True))
    examples = [
        _joined(
            row,
            [alone[text] for text in group],
            {name: values[row] for name, values in targets.items()},
            at_once,
        )
        for row, group in enumerate(groups)
    ]
    return replace(encoded, examples=examples, rows=len(groups))


def _rows_of(texts: Sequence[Read]) -> pl.DataFrame:
    pairs = [text for text in texts if isinstance(text, tuple)]
    if not pairs:
        return pl.DataFrame({"text": texts}, schema={"text": pl.String})
    return pl.DataFrame(pairs, schema={"text": pl.String, "text_b": pl.String}, orient="row")


def _joined(
    row: int, texts: Sequence[Example], targets: Mapping[str, NDArray[Any]], at_once: int
) -> Example:
    lengths = np.array([text.size for text in texts], dtype=np.int64)
    return Example(
        row=row,
        inputs={
            name: np.concatenate([text.inputs[name] for text in texts]) for name in texts[0].inputs
        },
        size=at_once * int(lengths.max()),
        targets=targets,
        places={"lengths": lengths},
    )


def texts_of(example: Example) -> list[Example]:
    """Each text of an example by itself."""
    lengths = example.places["lengths"].tolist()
    ends = np.cumsum(lengths).tolist()
    return [
        Example(
            row=example.row,
            inputs={name: values[end - length : end] for name, values in example.inputs.items()},
            size=length,
        )
        for end, length in zip(ends, lengths, strict=True)
    ]


def only(example: Example, numbers: Sequence[int]) -> Example:
    """The example with some of its texts.

    Example:
        >>> tokens, lengths = np.array([1, 2, 3, 4]), np.array([1, 2, 1])
        >>> whole = Example(
        ...     row=0, inputs={"input_ids": tokens}, places={"lengths": lengths}, size=4
        ... )
        >>> only(whole, [0, 2]).inputs["input_ids"].tolist()
        [1, 4]
    """
    texts = texts_of(example)
    chosen = [texts[number] for number in numbers]
    return _joined(example.row, chosen, example.targets, len(chosen))


def pad_groups(examples: Sequence[Example], context: Context) -> Batch:
    """A batch in which every text is a row; neither targets nor a count.

    Args:
        examples: Each with the same number of texts.
        context: With the base's tokenizer.
    """
    batch = token_batch([text for example in examples for text in texts_of(example)], context)
    batch.rows = tuple(example.row for example in examples)
    return batch
