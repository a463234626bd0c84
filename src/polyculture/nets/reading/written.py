"""Source and target texts: from rows to token numbers, and from generated tokens to text.

An encoder with a decoder reads the one and learns to write the other. A decoder reads both as one
text, the prompt first; it learns, and is asked, behind the prompt alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polyculture.core.errors import ModelError
from polyculture.core.task import Encoded, Example
from polyculture.nets.reading.account import of_texts, of_unknown, why_unreadable
from polyculture.nets.reading.beginnings import beginnings
from polyculture.nets.reading.texts import CHUNK, known_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polyculture.core.task import Context
    from polyculture.nets.batch import Batch, Reading

Tokens = list[list[int]]


def encode_written(
    sources: Sequence[str], targets: Sequence[str] | None, context: Context, *, behind: str = ""
) -> Encoded:
    """One example a row; the budget of a batch counts both texts.

    Args:
        sources: What is read; for a decoder, whole prompts.
        targets: What is to be written; None if unknown.
        context: With the base's tokenizer and form.
        behind: The end of every prompt, which stays where the source before it is cut.

    Raises:
        ModelError: The tokenizer has no token for the end of a text, or the end of the prompt
            leaves no room for a source.
    """
    stop = stop_of(context)
    is_decoder = context.form == "decoder"
    longest = context.longest - (context.longest_answer if is_decoder else 0)
    ending = _ending(behind, longest, context)
    examples: list[Example] = []
    cut_sources = cut_targets = 0
    for start in range(0, len(sources), CHUNK):
        read, cut = _source_tokens(sources[start : start + CHUNK], longest, context)
        cut_sources += len(cut)
        if is_decoder:  # some tokenizers end every text
            read = [tokens[:-1] if tokens[-1:] == [stop] else tokens for tokens in read]
        for row in cut if ending else ():
            read[row] = [*read[row][: longest - len(ending)], *ending]
        wanted: Tokens = [[]] * len(read)
        if targets is not None:
            wanted, cut_here = _to_write(targets[start : start + CHUNK], context)
            cut_targets += cut_here
        examples += [
            _example(start + place, *pair, context=context, is_known=targets is not None)
            for place, pair in enumerate(zip(read, wanted, strict=True))
        ]
    rows = len(sources)
    unknown = rows - len(known_rows(examples, context.reader))
    written = of_texts(cut=cut_targets, rows=rows, longest=context.longest_answer)
    return Encoded(
        examples=examples,
        rows=rows,
        notes=(
            *of_texts(cut=cut_sources, rows=rows, longest=longest),
            *(f"To be written: {note}" for note in written),
            *of_unknown(unknown, rows),
        ),
        protocol={"cut_texts": cut_sources, "cut_targets": cut_targets},
        unreadable=why_unreadable(unknown, rows),
    )


def stop_of(context: Context) -> int:
    """The token that ends a text."""
    stop = context.reader.eos_token_id
    if stop is None:
        msg = (
            "The base's tokenizer names no token for the end of a text (eos_token), so nothing "
            "that it writes would end. Choose a base that has one."
        )
        raise ModelError(msg)
    return int(stop)


def _ending(text: str, longest: int, context: Context) -> list[int]:
    """Tokens of the end of a prompt."""
    if not text or context.reader.truncation_side != "right":  # then the last tokens are read
        return []
    tokens: list[int] = context.reader(text, add_special_tokens=False)["input_ids"]
    if len(tokens) >= longest:
        msg = (
            f"The prompt ends with {len(tokens)} tokens behind the source, but a prompt has "
            f"{longest} at most. Shorten it, or raise [fit] max_length."
        )
        raise ModelError(msg)
    return tokens


def _source_tokens(texts: Sequence[str], longest: int, context: Context) -> tuple[Tokens, set[int]]:
    """Tokens of texts that are read, and which texts were cut."""
    batch = context.reader(
        beginnings(texts, context.reader, longest),
        truncation=True,
        max_length=longest,
        return_overflowing_tokens=True,
        return_attention_mask=False,
    )
    first_windows: dict[int, list[int]] = {}
    cut = set()
    for row, tokens in zip(batch["overflow_to_sample_mapping"], batch["input_ids"], strict=True):
        if row in first_windows:
            cut.add(row)
        else:  # a text without any token is padding
            first_windows[row] = tokens or [context.reader.pad_token_id]
    return list(first_windows.values()), cut


def _to_write(texts: Sequence[str], context: Context) -> tuple[Tokens, int]:
    """Tokens of texts that are written, each with its end, and how many texts were cut."""
    stop, longest = stop_of(context), context.longest_answer
    few = beginnings(texts, context.reader, longest)
    if context.form == "decoder":
        batch = context.reader(few, add_special_tokens=False, return_attention_mask=False)
    else:
        batch = context.reader(text_target=few, return_attention_mask=False)
    ended = [tokens if tokens[-1:] == [stop] else [*tokens, stop] for tokens in batch["input_ids"]]
    return [tokens[:longest] for tokens in ended], sum(len(tokens) > longest for tokens in ended)


def _example(
    row: int, read: list[int], wanted: list[int], *, context: Context, is_known: bool
) -> Example:
    tokens = np.array(wanted, dtype=np.int64)
    # nobody knows how long an answer will be: about as long as what is read
    written = len(wanted) if is_known else min(len(read), context.longest_answer)
    return Example(
        row=row,
        inputs={"input_ids": np.array(read, dtype=np.int64)},
        size=len(read) + written,
        targets={"tokens": tokens} if is_known else {},
        # a search asks for the next token of each beam
        asked=len(wanted) if is_known else context.settings.beams,
    )


def pad_written(examples: Sequence[Example], context: Context) -> Batch:
    """A batch of texts to read and to write.

    A decoder's ``inputs`` hold prompt and target one behind the other; ``places`` has the number of
    tokens of each prompt, ``prompt`` of ``(examples,)``, and the ``positions`` at which a token of
    the target is to be said, ``(examples, targets)``.
    """
    import torch

    from polyculture.nets.batch import IGNORED, Batch
    from polyculture.nets.reading.padding import padded

    read = [example.inputs["input_ids"] for example in examples]
    wanted = [example.targets["tokens"] for example in examples if example.targets]
    joined = read
    if context.form == "decoder" and wanted:  # the last token is said, and never read
        joined = [
            np.concatenate([source, target[:-1]])
            for source, target in zip(read, wanted, strict=True)
        ]
    tokens, there = padded(joined, context.reader.pad_token_id)
    batch = Batch(
        inputs={"input_ids": tokens, "attention_mask": there.to(torch.int64)},
        rows=tuple(example.row for example in examples),
        size=sum(example.size for example in examples),
    )
    if wanted:
        batch.targets["tokens"], _ = padded(wanted, IGNORED)
        batch.count = sum(len(target) for target in wanted)
    if context.form == "decoder":
        batch.places["prompt"] = torch.tensor([len(source) for source in read])
    if context.form == "decoder" and wanted:
        batch.places["positions"], _ = padded(
            [
                _said_at(len(source), len(target))
                for source, target in zip(read, wanted, strict=True)
            ],
            0,
        )
    return batch


def _said_at(prompt: int, target: int) -> NDArray[np.int64]:
    """The positions whose next token is one of the target's."""
    return np.arange(prompt - 1, prompt - 1 + target)


def read_written(reading: Reading, context: Context) -> list[str]:
    """The text that the network writes for each row, by the search of the task's settings."""
    written: list[Any] = reading.network.write(
        reading.batch,
        context.settings,
        longest=context.longest_answer,
        stop=stop_of(context),
    )
    return [
        str(context.reader.decode(tokens, skip_special_tokens=True)).strip() for tokens in written
    ]
