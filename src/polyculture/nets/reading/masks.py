"""Texts with some tokens masked, to be predicted from their context.

A text that is longer than what is read at once is read in windows that follow one another, so that
each of its tokens stands in one of them and nothing is lost.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polyculture.core.errors import ModelError
from polyculture.core.task import Encoded, Example
from polyculture.nets.reading.account import of_unknown, why_unreadable
from polyculture.nets.reading.texts import CHUNK, token_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from polyculture.core.task import Context
    from polyculture.nets.batch import Batch, Reading

MASKED, REPLACED = 0.8, 0.1
"""Shares of the drawn tokens that are hidden, and that another token stands for; the rest stay."""


def encode_windows(rows: pl.DataFrame, context: Context) -> Encoded:
    """One example a text or window, from ``text``; a text without a known token has none.

    ``places`` of an example: ``positions`` (its tokens that stand for text and are known) and
    ``covers`` (bytes of each, see ``covered``).

    Args:
        rows: Prepared.
        context: With the base's tokenizer.

    Raises:
        ModelError: The tokenizer has no token that hides others.
    """
    if context.reader.mask_token_id is None:
        msg = (
            f"The tokenizer of {context.reader.name_or_path or 'the base'} has no mask token, so "
            "nothing can be hidden from the model. Choose a base that was trained with one, such "
            "as BERT."
        )
        raise ModelError(msg)
    examples: list[Example] = []
    for start in range(0, len(rows), CHUNK):
        examples += _chunk(rows["text"][start : start + CHUNK].to_list(), start, context)
    windows = np.bincount([example.row for example in examples], minlength=len(rows))
    return Encoded(
        examples=examples,
        rows=len(rows),
        notes=(
            *_of_windows(int((windows > 1).sum()), len(rows), context.longest),
            *of_unknown(int((windows == 0).sum()), len(rows)),
        ),
        protocol={"cut_texts": 0},
        unreadable=why_unreadable(int((windows == 0).sum()), len(rows)),
    )


def _of_windows(long: int, rows: int, longest: int) -> list[str]:
    note = f"{long} of {rows} texts are longer than {longest} tokens and were read in windows."
    return [note] if long else []


def _chunk(texts: Sequence[str], start: int, context: Context) -> list[Example]:
    batch = context.reader(
        list(texts),
        truncation=True,
        max_length=context.longest,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_attention_mask=False,
    )
    special = np.array(context.reader.all_special_ids)
    windows: list[list[int]] = [[] for _ in texts]
    for number, place in enumerate(batch["overflow_to_sample_mapping"]):
        windows[place].append(number)
    examples = []
    for place, (text, numbers) in enumerate(zip(texts, windows, strict=True)):
        inputs = [token_inputs(batch, number, context.reader) for number in numbers]
        ends = [end for number in numbers for _, end in batch["offset_mapping"][number]]
        covers, first = covered(text, np.array(ends, dtype=np.int64)), 0
        for window in inputs:
            tokens = window["input_ids"]
            known = np.flatnonzero(~np.isin(tokens, special))
            if len(known):
                places = {"positions": known, "covers": covers[first + known]}
                examples.append(
                    Example(row=start + place, inputs=window, size=len(tokens), places=places)
                )
            first += len(tokens)
    return examples


def covered(text: str, ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many bytes of a text (UTF-8) each of its tokens adds to those before it.

    They count from the end of the token before, so a space counts with the token behind it, and the
    tokens of every tokenizer cover the whole text. Of tokens that share a letter the first has it.

    Args:
        text: The text.
        ends: One past the last character of each token, ``(tokens,)``; 0 for tokens that stand for
            no text.

    Example:
        >>> covered("ein Öl", np.array([0, 3, 5, 6, 0])).tolist()
        [0, 3, 3, 1, 0]
    """
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    sizes = 1 + (codes >= 1 << 7) + (codes >= 1 << 11) + (codes >= 1 << 16)
    until = np.concatenate([[0], np.cumsum(sizes)])
    return np.diff(until[np.maximum.accumulate(ends)], prepend=0)


def draw_masks(
    example: Example, context: Context, rate: float, rng: np.random.Generator
) -> Example:
    """Hide some tokens of an example; which ones they were are its targets.

    Of the share that is drawn, one token at least, most are replaced by the mask token, some by any
    token of the vocabulary, and some stay as they are, so that a model cannot rely on the mask.

    Args:
        example: From ``encode_windows``.
        context: With the base's tokenizer.
        rate: Share of the tokens that is drawn.
        rng: Where chance comes from.

    Source:
        Devlin et al. 2019, BERT, arXiv:1810.04805, appendix A.1.
    """
    places = example.places["positions"]
    count = max(1, round(rate * len(places)))
    chosen = np.sort(rng.choice(len(places), count, replace=False))
    positions = places[chosen]
    tokens = example.inputs["input_ids"].copy()
    labels, chance = tokens[positions], rng.random(count)
    others = rng.integers(len(context.reader), size=count)
    tokens[positions] = np.select(
        [chance < MASKED, chance < MASKED + REPLACED],
        [np.full(count, context.reader.mask_token_id), others],
        labels,
    )
    return Example(
        row=example.row,
        inputs={**example.inputs, "input_ids": tokens},
        size=example.size,
        targets={"labels": labels},
        places={"positions": positions, "covers": example.places["covers"][chosen]},
    )


def pad_masks(examples: Sequence[Example], context: Context) -> Batch:
    """A batch of examples with asked tokens: targets and ``places``, ``(examples, asked)``."""
    from polyculture.nets.batch import IGNORED
    from polyculture.nets.reading.padding import padded, token_batch

    batch = token_batch(examples, context)
    batch.targets["labels"], _ = padded([e.targets["labels"] for e in examples], IGNORED)
    for name in ("positions", "covers"):
        batch.places[name], _ = padded([e.places[name] for e in examples], 0)
    batch.count = sum(len(e.targets["labels"]) for e in examples)
    return batch


def figures_of_rows(reading: Reading, unknown: int | None = None) -> list[NDArray[np.float64]]:
    """The figures of each row of a batch, ``(4,)``: see ``stats.token_losses``.

    A row's windows are added up; of its logits nothing is left.

    Args:
        reading: What is read.
        unknown: The token that stands for whatever the base does not know, where it may be asked
            about: what it stands for is spelled in bytes of equal chance, and never recovered.
    """
    import torch

    from polyculture.nets.batch import IGNORED
    from polyculture.nets.losses.token_outputs import token_nats

    batch, logits = reading.batch, reading.outputs["logits"].float()
    targets, covers = batch.targets["labels"], batch.places["covers"]
    nats = token_nats(logits, targets)
    is_spelled = targets == (IGNORED if unknown is None else unknown)
    spelled = covers * math.log(256) * (is_spelled & (targets != IGNORED))
    hits = (logits.argmax(dim=2) == targets) & ~is_spelled
    columns = (nats.double() + spelled, targets >= 0, covers, hits)
    figures = torch.stack([x.double().sum(dim=1) for x in columns], dim=1)
    return sums_of_rows(figures.cpu(), batch.rows)


def sums_of_rows(values: Any, rows: Sequence[int]) -> list[NDArray[np.float64]]:
    """The values of each row's examples added up, in the order of the rows.

    Args:
        values: ``(examples, figures)``.
        rows: The row of each example; those of one row stand together.

    Example:
        >>> [total.tolist() for total in sums_of_rows(np.array([[1.0], [2], [4]]), (7, 7, 3))]
        [[3.0], [4.0]]
    """
    starts = [n for n, row in enumerate(rows) if not n or rows[n - 1] != row]
    return list(np.add.reduceat(np.asarray(values, dtype=np.float64), starts, axis=0))
