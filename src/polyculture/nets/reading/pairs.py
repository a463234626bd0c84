"""Two replies to one conversation, of which one is preferred: both are one example.

The two lie one behind the other in its inputs, each with the conversation before it; in a batch
each is a row of its own, and those of an example are neighbours, the preferred one first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polyculture.core.task import Encoded, Example
from polyculture.nets.reading.replies import notes_on, said, windows_of
from polyculture.nets.reading.turns import PLAIN, template_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.task import Context
    from polyculture.nets.batch import Batch, Outputs, Reading
    from polyculture.nets.reading.turns import Turn, Window


class Weighed(NamedTuple):
    """What was read of the two replies of a row, the first before the second."""

    nats: tuple[float, float]
    """Loss of their tokens, summed: less the log-probability of each reply."""
    tokens: tuple[int, int]
    """These tokens, those that end a reply among them."""
    bytes: tuple[int, int]
    """Bytes of the replies that were read."""


def encode_pairs(
    conversations: Sequence[Sequence[Turn]],
    firsts: Sequence[str],
    seconds: Sequence[str],
    context: Context,
    reference: NDArray[np.float64] | None,
) -> Encoded:
    """One example a row.

    Targets are the tokens of both replies. ``places`` hold ``positions`` (behind which token each
    is to be said), ``lengths`` (tokens of the two sequences), ``replies`` (those of the two
    replies), ``covers`` (their bytes), and ``reference``.

    Args:
        conversations: The turns before the replies.
        firsts: A reply to each, the preferred one.
        seconds: Another reply to each.
        context: With the base's tokenizer.
        reference: Log-probabilities of both replies that training compares its own with,
            ``(rows, 2)``; None for zeros.
    """
    pairs = [
        windows_of(
            [_with(turns, text) for turns, text in zip(conversations, texts, strict=True)], context
        )
        for texts in (firsts, seconds)
    ]
    windows = [(first[-1], second[-1]) for first, second in zip(*pairs, strict=True)]
    if reference is None:
        reference = np.zeros((len(windows), 2))
    every = [window for pair in windows for window in pair]
    return Encoded(
        examples=[
            _example(row, pair, numbers)
            for row, (pair, numbers) in enumerate(zip(windows, reference, strict=True))
        ],
        rows=len(windows),
        notes=notes_on([first for first, _ in windows], context),
        protocol={
            "cut_texts": sum(first.cut_prompt for first, _ in windows),
            "cut_replies": sum(window.cut_reply for window in every),
            "shortened_conversations": sum(first.dropped > 0 for first, _ in windows),
            "plain_template": int(template_of(context) == PLAIN),
        },
    )


def _with(turns: Sequence[Turn], reply: str) -> list[Turn]:
    return [*turns, {"role": "assistant", "content": reply}]


def _example(row: int, pair: tuple[Window, Window], reference: NDArray[np.float64]) -> Example:
    told = [said(window) for window in pair]
    lengths = np.array([len(window.tokens) for window in pair])
    positions = [places + offset for (_, places), offset in zip(told, (0, lengths[0]), strict=True)]
    return Example(
        row=row,
        inputs={"input_ids": np.concatenate([np.array(window.tokens) for window in pair])},
        size=2 * int(lengths.max()),
        targets={"tokens": np.concatenate([tokens for tokens, _ in told])},
        places={
            "positions": np.concatenate(positions),
            "lengths": lengths,
            "replies": np.array([len(tokens) for tokens, _ in told]),
            "covers": np.array([window.covers[-1] for window in pair]),
            "reference": reference,
        },
    )


def pad_pairs(examples: Sequence[Example], context: Context) -> Batch:
    """A batch in which each reply is a row; it counts pairs.

    ``positions`` and targets are ``(2 * examples, tokens of replies)``, ``covers`` and
    ``reference`` ``(examples, 2)``.
    """
    import torch

    from polyculture.nets.batch import IGNORED, Batch
    from polyculture.nets.reading.padding import padded

    read, wanted, asked = [], [], []
    for example in examples:
        places, end = example.places, int(example.places["lengths"][0])
        read += np.split(example.inputs["input_ids"], [end])
        cut = [int(places["replies"][0])]
        wanted += np.split(example.targets["tokens"], cut)
        first, second = np.split(places["positions"], cut)
        asked += [first, second - end]
    tokens, there = padded(read, context.reader.pad_token_id)
    targets, _ = padded(wanted, IGNORED)
    positions, _ = padded(asked, 0)
    return Batch(
        inputs={"input_ids": tokens, "attention_mask": there.to(torch.int64)},
        targets={"tokens": targets},
        places={
            "positions": positions,
            "covers": torch.from_numpy(np.stack([e.places["covers"] for e in examples])),
            "reference": torch.from_numpy(
                np.stack([e.places["reference"] for e in examples]).astype(np.float32)
            ),
        },
        rows=tuple(example.row for example in examples),
        count=len(examples),
        size=sum(example.size for example in examples),
    )


def log_probabilities(outputs: Outputs, batch: Batch) -> Tensor:
    """The log-probability of both replies of each pair, ``(pairs, 2)``."""
    from polyculture.nets.losses.token_outputs import token_nats

    logits, targets = outputs["logits"].float(), batch.targets["tokens"]
    return -token_nats(logits, targets).sum(dim=1).view(-1, 2)


def read_pairs(reading: Reading) -> list[Weighed]:
    """The figures of both replies of each row."""
    batch = reading.batch
    nats: Any = -log_probabilities(reading.outputs, batch).double().cpu().numpy()
    tokens: Any = (batch.targets["tokens"] >= 0).sum(dim=1).view(-1, 2).cpu().numpy()
    covers: Any = batch.places["covers"].cpu().numpy()
    columns = (nats.tolist(), tokens.tolist(), covers.tolist())
    return [Weighed(*map(tuple, row)) for row in zip(*columns, strict=True)]
