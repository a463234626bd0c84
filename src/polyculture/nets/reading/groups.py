"""Several texts in one example: a question and what answers it, two texts that are alike.

The texts of an example lie one behind another in its inputs, and ``places["lengths"]`` tells where
each ends. In a batch every text is a row of its own; the texts of an example are neighbours.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from polyculture.core.task import Encoded, Example
from polyculture.nets.reading.padding import padded, stacked, token_batch
from polyculture.nets.reading.texts import encode_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from polyculture.core.task import Context
    from polyculture.nets.batch import Batch

MOST = 8
"""Texts of a label at most from which a partner is drawn."""


def encode_groups(
    groups: Sequence[Sequence[str]],
    context: Context,
    targets: Mapping[str, Sequence[NDArray[Any]]],
    *,
    at_once: int = 1,
) -> Encoded:
    """One example a row; a text that occurs again and again is tokenized once.

    Args:
        groups: The texts of each row.
        context: With the base's tokenizer.
        targets: By name the right answer of each row; empty where nobody knows it.
        at_once: How many texts of a row are in a batch, where only some are drawn.
    """
    texts = list(dict.fromkeys(text for group in groups for text in group))
    encoded = encode_texts(pl.DataFrame({"text": texts}), context, {})
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
            inputs={name: one[end - length : end] for name, one in example.inputs.items()},
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


def partners(texts: Sequence[str], labels: Sequence[str], most: int = MOST) -> list[list[str]]:
    """The next texts of the same label, for each; those that are behind the last come first again.

    A text that is alone in its label is its own partner: dropout reads it in two ways.

    Source:
        Khosla et al. 2020, Supervised Contrastive Learning, arXiv:2004.11362; Gao, Yao and Chen
        2021, SimCSE, arXiv:2104.08821.

    Example:
        >>> partners(["a", "b", "c", "d"], ["x", "x", "y", "x"])
        [['b', 'd'], ['d', 'a'], ['c'], ['a', 'b']]
    """
    own: dict[str, list[str]] = {}
    places = []
    for text, label in zip(texts, labels, strict=True):
        places.append(len(own.setdefault(label, [])))
        own[label].append(text)
    found = []
    for place, label in zip(places, labels, strict=True):
        same = own[label]
        found.append(([*same[place + 1 :], *same[:place]] or same)[:most])
    return found


def encode_matches(
    texts: Sequence[str],
    matches: Sequence[Sequence[str]],
    context: Context,
    *,
    names: Sequence[str] | None = None,
    wrong: Sequence[str] | None = None,
) -> Encoded:
    """Texts, each with those that belong to it: see ``draw_match`` and ``pad_matches``.

    Targets are ``codes``, what each text behind the first is, and ``right``, all codes that are
    right for the row; rows of one text share what is right for them.

    Args:
        texts: One a row.
        matches: The texts that belong to each, one at least.
        context: With the base's tokenizer.
        names: What all matches of a row are, such as its label; left out, a text is what it says.
        wrong: A text for each row that does not belong to it.
    """
    ahead = 0 if wrong is None else 1
    behind = [[*([] if wrong is None else [wrong[n]]), *own] for n, own in enumerate(matches)]
    code = {name: number for number, name in enumerate(context.labels)}
    codes, right = [], dict[str, set[int]]()
    for row, (text, own) in enumerate(zip(texts, behind, strict=True)):
        called = own if names is None else [names[row]] * len(own)
        codes.append(np.array([code.setdefault(name, len(code)) for name in called]))
        right.setdefault(text, set()).update(codes[-1][ahead:].tolist())
    targets = {"codes": codes, "right": [np.array(sorted(right[text])) for text in texts]}
    if wrong is not None:
        targets["wrong"] = [np.array(ahead)] * len(texts)
    groups = [[text, *own] for text, own in zip(texts, behind, strict=True)]
    return encode_groups(groups, context, targets, at_once=2 + ahead)


def draw_match(example: Example, rng: np.random.Generator) -> Example:
    """A text with one of those that belong to it, and the wrong one where it has one."""
    if "codes" not in example.targets:
        return example
    codes, ahead = example.targets["codes"], len(np.atleast_1d(example.targets.get("wrong", ())))
    places = [int(rng.integers(ahead, len(codes))), *range(ahead)]
    drawn = only(example, [0, *(place + 1 for place in places)])
    return replace(drawn, targets={**example.targets, "codes": codes[places]})


def pad_matches(examples: Sequence[Example], context: Context) -> Batch:
    """A batch of what was drawn, with a target for each example that has one."""
    batch = pad_groups(examples, context)
    targets = [dict(example.targets) for example in examples]
    if targets[0]:
        right = [own.pop("right") for own in targets if "right" in own]
        batch.targets = stacked(targets)
        if right:
            batch.targets["right"], _ = padded(right, -1)
        batch.count = len(examples)
    return batch
