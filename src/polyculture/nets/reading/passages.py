"""From a question and its context to token numbers, and from outputs to a piece of the context.

A context that is too long is read in overlapping windows, each behind the whole question, so that
nothing of it is left out. "No answer" is the first token, which stands for no text: the answer of
every window in which the right one does not lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polyculture.core.errors import ModelError
from polyculture.core.task import Encoded, Example
from polyculture.nets.batch import IGNORED
from polyculture.nets.reading.account import of_unknown, why_unreadable
from polyculture.nets.reading.texts import known_rows, token_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from polyculture.core.task import Context
    from polyculture.nets.batch import Batch, Reading

CHUNK = 250
"""Rows that are tokenized at a time; contexts are long."""
OUTSIDE = -1
"""Where a token lies that is none of the context."""
Span = tuple[int, int]
"""First character of a context, and one past the last."""


@dataclass
class _Account:
    """Counts of what did not fit."""

    windowed: int = 0
    cut: int = 0
    missed: int = 0

    def notes(self, rows: int, longest: int) -> list[str]:
        """The counts in sentences."""
        notes = []
        if self.windowed:
            notes.append(
                f"{self.windowed:,} of {rows:,} contexts are longer than {longest} tokens and were "
                "read in overlapping windows."
            )
        if self.cut:
            notes.append(
                f"{self.cut:,} of {rows:,} questions were cut, so that half of {longest} tokens is "
                "left for the context."
            )
        if self.missed:
            notes.append(
                f"{self.missed:,} of {rows:,} questions have an answer that lies in no window as a "
                "whole: they teach nothing, and can hardly be answered correctly."
            )
        return notes


def encode_passages(
    rows: pl.DataFrame, context: Context, answers: Sequence[Span | None] | None, *, stride: int
) -> Encoded:
    """One example a window, from ``question`` and ``context``.

    ``places`` of an example: ``starts`` and ``ends``, the characters of the context at which each
    token starts and ends, without spaces, or ``OUTSIDE``; and ``none``, the token that stands for
    no answer. ``targets``: the tokens at which the answer starts and ends.

    Args:
        rows: Prepared.
        context: With the base's tokenizer.
        answers: Where each row's answer stands in its context, or None for no answer; None where
            nothing is known of any row.
        stride: Tokens that two windows share, at most a quarter of the longest input.
    """
    examples: list[Example] = []
    account = _Account()
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        known = None if answers is None else answers[start : start + CHUNK]
        examples += _chunk(part, start, context, known, account=account, stride=stride)
    unknown = len(rows) - len(known_rows(examples, context.reader))
    return Encoded(
        examples=examples,
        rows=len(rows),
        notes=(
            *account.notes(len(rows), context.longest),
            *of_unknown(unknown, len(rows)),
        ),
        protocol={"cut_questions": account.cut, "read_in_windows": account.windowed},
        unreadable=why_unreadable(unknown, len(rows)),
    )


def _chunk(
    rows: pl.DataFrame,
    start: int,
    context: Context,
    answers: Sequence[Span | None] | None,
    *,
    account: _Account,
    stride: int,
) -> list[Example]:
    reader, longest = context.reader, context.longest
    texts = rows["context"].to_list()
    batch = reader(
        _questions(rows["question"].to_list(), context, account),
        texts,
        truncation="only_second",
        max_length=longest,
        stride=min(stride, longest // 4),
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_attention_mask=False,
    )
    windows: dict[int, list[int]] = {}
    for number, row in enumerate(batch["overflow_to_sample_mapping"]):
        windows.setdefault(row, []).append(number)
    examples = []
    for row, numbers in windows.items():
        bounds = _bounds(texts[row])
        places = [_places(batch, number, bounds) for number in numbers]
        targets = [{} for _ in numbers] if answers is None else _targets(places, answers[row])
        account.windowed += len(numbers) > 1
        account.missed += bool(targets[0]) and targets[0]["start"] == IGNORED
        for number, place, target in zip(numbers, places, targets, strict=True):
            inputs = token_inputs(batch, number, reader)
            size = len(inputs["input_ids"])
            example = Example(
                row=start + row, inputs=inputs, size=size, targets=target, places=place
            )
            examples.append(example)
    return examples


def _questions(questions: Sequence[str], context: Context, account: _Account) -> list[str]:
    """The questions, cut where they would leave less than half of the input for the context.

    Raises:
        ModelError: The longest input has no room for both.
    """
    reader = context.reader
    room = context.longest // 2 - reader.num_special_tokens_to_add(pair=True)
    if room < 1:
        msg = (
            f"{context.longest} tokens have no room for a question and a context. Raise "
            "fit.max_length."
        )
        raise ModelError(msg)
    found = reader(
        list(questions),
        add_special_tokens=False,
        return_offsets_mapping=True,
        return_attention_mask=False,
    )["offset_mapping"]
    account.cut += sum(len(offsets) > room for offsets in found)
    return [
        question[: offsets[room - 1][1]] if len(offsets) > room else question
        for question, offsets in zip(questions, found, strict=True)
    ]


def _bounds(text: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """From each place in a text, the next character that is no space, and the end of the last."""
    is_text = np.array([not sign.isspace() for sign in text], dtype=bool)
    numbers = np.arange(len(text) + 1, dtype=np.int64)
    following = np.where(np.append(is_text, True), numbers, len(text))
    following = np.minimum.accumulate(following[::-1])[::-1]
    preceding = np.maximum.accumulate(np.where(np.insert(is_text, 0, True), numbers, 0))
    return following, preceding


def _places(
    batch: Any, number: int, bounds: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> dict[str, NDArray[np.int64]]:
    """Where the tokens of a window stand in the context; see ``encode_passages``."""
    sides = batch.sequence_ids(number)
    offsets = np.array(batch["offset_mapping"][number], dtype=np.int64).reshape(-1, 2)
    inside = np.array([side == 1 for side in sides], dtype=bool)
    offsets = np.where(inside[:, None], offsets, 0)  # others are places in the question
    starts, ends = bounds[0][offsets[:, 0]], bounds[1][offsets[:, 1]]
    inside &= starts < ends
    none = next((place for place, side in enumerate(sides) if side is None), 0)
    return {
        "starts": np.where(inside, starts, OUTSIDE),
        "ends": np.where(inside, ends, OUTSIDE),
        "none": np.array(none, dtype=np.int64),
    }


def _targets(
    places: Sequence[dict[str, NDArray[np.int64]]], answer: Span | None
) -> list[dict[str, NDArray[np.int64]]]:
    """The tokens at which the answer starts and ends in each window.

    ``IGNORED`` in all of them if it lies in none as a whole.
    """
    found = [
        None if answer is None else _tokens_of(place, answer, is_first=place is places[0])
        for place in places
    ]
    if answer is not None and not any(found):
        found = [(IGNORED, IGNORED)] * len(places)
    ends = [pair or (int(place["none"]),) * 2 for pair, place in zip(found, places, strict=True)]
    return [
        {"start": np.array(first, dtype=np.int64), "end": np.array(last, dtype=np.int64)}
        for first, last in ends
    ]


def _tokens_of(place: dict[str, NDArray[np.int64]], answer: Span, *, is_first: bool) -> Span | None:
    """The first and the last token of an answer, if all of it lies in the window.

    A sign without a token, such as a zero-width space, belongs to what stands around it.
    """
    starts, ends = place["starts"], place["ends"]
    inside = np.flatnonzero(starts != OUTSIDE)
    within = inside[(ends[inside] > answer[0]) & (starts[inside] < answer[1])]
    if not len(within) or (not is_first and starts[inside[0]] > answer[0]):
        return None
    return None if ends[inside[-1]] < answer[1] else (int(within[0]), int(within[-1]))


def pad_passages(examples: Sequence[Example], context: Context) -> Batch:
    """A batch of windows: tokens, where they stand in the context, and the ends of the answers."""
    import torch

    from polyculture.nets.reading.padding import padded, stacked, token_batch

    batch = token_batch(examples, context)
    width = batch.inputs["input_ids"].shape[1]
    for name in ("starts", "ends"):
        ends = [example.places[name] for example in examples]
        batch.places[name], _ = padded(ends, OUTSIDE, width)
    batch.places["none"] = torch.tensor([int(example.places["none"]) for example in examples])
    batch.targets = stacked([example.targets for example in examples])
    batch.count = sum(int((target != IGNORED).sum()) for target in batch.targets.values())
    return batch


def read_passages(reading: Reading, longest_answer: int) -> list[NDArray[np.float64] | None]:
    """The best piece of each row's context, over all of its windows.

    Args:
        reading: Whole rows.
        longest_answer: Tokens of an answer at most.

    Returns:
        For each row ``(start, end, probability, margin, probability_of_none)``: characters of the
        context; the piece's probability among all that may be answered in its window; by how much
        the score of no answer, the least over the windows, is above the piece's; and the
        probability of no answer in that window. None if no window holds a token of the context.
    """
    from polyculture.nets.losses.spans_of_text import best_spans

    found = best_spans(reading.outputs, reading.batch.places, longest_answer)
    best = {name: values.float().cpu().double().numpy() for name, values in found.items()}
    places = {name: place.cpu().numpy() for name, place in reading.batch.places.items()}
    windows: dict[int, list[int]] = {}
    for number, row in enumerate(reading.batch.rows):
        windows.setdefault(row, []).append(number)
    return [_best_of(numbers, best, places) for numbers in windows.values()]


def _best_of(
    numbers: Sequence[int], best: dict[str, NDArray[Any]], places: dict[str, NDArray[Any]]
) -> NDArray[np.float64] | None:
    window = max(numbers, key=lambda number: best["score"][number])
    if not np.isfinite(best["score"][window]):
        return None
    nothing = min(numbers, key=lambda number: best["none"][number])
    first, last = int(best["first"][window]), int(best["last"][window])
    return np.array(
        [
            places["starts"][window, first],
            places["ends"][window, last],
            np.exp(best["score"][window] - best["total"][window]),
            best["none"][nothing] - best["score"][window],
            np.exp(best["none"][nothing] - best["total"][nothing]),
        ]
    )
