"""Texts whose every token is predicted from the tokens before it.

A document begins with a token of its own (``begin_of``), so that its first token is predicted too.
A text that is longer than what is read at once is read in windows, each of which repeats some of
the text before it as context: every token is asked once, and none without context but the first.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from polyculture.core.errors import ModelError
from polyculture.core.task import Encoded, Example
from polyculture.nets.reading.account import of_unknown, why_unreadable
from polyculture.nets.reading.masks import covered
from polyculture.nets.reading.texts import CHUNK
from polyculture.nets.reading.written import stop_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from polyculture.core.task import Context

DIGITS = 12
"""Digits of a digest that a protocol shows."""


def encode_next(rows: pl.DataFrame, context: Context, *, overlap: float) -> Encoded:
    """One example a text or window, from ``text``; a text without a token has none.

    ``targets`` of an example: ``labels``, the tokens that follow. ``places``: ``positions``, at
    which each of them is asked, and ``covers``, its bytes; those of a row are all of its text's.

    Args:
        rows: Prepared.
        context: With the base's tokenizer, and settings that say what texts begin with.
        overlap: Share of a window that repeats the text before it.

    Raises:
        ModelError: The tokenizer has no token for the end of a text, or none of that name.
    """
    begin, _ = begin_of(context), stop_of(context)  # what is learnt from ends with the latter
    width = max(2, context.longest - 1)  # its end is learnt too, and wants a place
    repeated = min(int(overlap * width), width - 1)
    examples: list[Example] = []
    unknown = 0
    for start in range(0, len(rows), CHUNK):
        texts = rows["text"][start : start + CHUNK].to_list()
        for place, (tokens, covers) in enumerate(_tokens(texts, context)):
            unknown += int((tokens == context.reader.unk_token_id).sum())
            whole = np.concatenate([[begin], tokens])
            examples += _windows(start + place, whole, covers, width, repeated)
    windows = np.bincount([example.row for example in examples], minlength=len(rows))
    long, empty = int((windows > 1).sum()), int((windows == 0).sum())
    note = f"{long} of {len(rows)} texts are longer than {width} tokens and were read in windows."
    return Encoded(
        examples=examples,
        rows=len(rows),
        notes=(*([note] if long else []), *of_unknown(empty, len(rows))),
        protocol={
            "cut_texts": 0,
            "unknown_tokens": unknown,
            "window": width,
            "begins_with": str(context.reader.convert_ids_to_tokens(begin)),
            "tokenizer": tokenizer_digest(context.reader),
        },
        unreadable=why_unreadable(empty, len(rows)),
    )


def begin_of(context: Context) -> int:
    """The token before a document: what the settings name, or the tokenizer's first, or its last.

    Raises:
        ModelError: The tokenizer has no token of that name.
    """
    reader, wanted = context.reader, context.settings.begins_with
    if not wanted:
        begin = reader.bos_token_id
        return stop_of(context) if begin is None else int(begin)
    begin = reader.convert_tokens_to_ids(wanted)
    if begin is None or reader.convert_ids_to_tokens(begin) != wanted:
        msg = (
            f"The base's tokenizer has no token {wanted!r} (begins_with). Its special tokens are "
            f"{', '.join(map(repr, reader.all_special_tokens))}."
        )
        raise ModelError(msg)
    return int(begin)


@lru_cache(maxsize=4)
def tokenizer_digest(reader: Any) -> str:
    """Names a tokenizer by what it does: perplexities are comparable where this is the same."""
    import json

    from polyculture.store.digest import of_json

    state = json.loads(reader.backend_tokenizer.to_str())
    # these two only say how it was last called
    return of_json({**state, "truncation": None, "padding": None})[:DIGITS]


def _tokens(
    texts: Sequence[str], context: Context
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Tokens of each text and the bytes they cover; what a text spells is never a special token."""
    batch = context.reader(
        list(texts),
        add_special_tokens=False,
        split_special_tokens=True,
        return_offsets_mapping=True,
        return_attention_mask=False,
        verbose=False,  # that texts are longer than the network reads is known
    )
    pairs = zip(batch["input_ids"], batch["offset_mapping"], strict=True)
    for text, (tokens, offsets) in zip(texts, pairs, strict=True):
        covers = covered(text, np.array([end for _, end in offsets], dtype=np.int64))
        if len(covers):  # spaces that a tokenizer drops at the end belong to the text
            covers[-1] += len(text.encode()) - covers.sum()
        yield np.array(tokens, dtype=np.int64), covers


def _windows(
    row: int, whole: NDArray[np.int64], covers: NDArray[np.int64], width: int, repeated: int
) -> Iterator[Example]:
    """Windows that ask each token once; those behind the first begin with what stood before."""
    asked = 0
    while asked < len(covers):
        first = max(0, asked - repeated)
        end = min(first + width, len(covers))
        yield Example(
            row=row,
            inputs={"input_ids": whole[first:end]},
            size=end - first,
            targets={"labels": whole[asked + 1 : end + 1]},
            places={"positions": np.arange(asked, end) - first, "covers": covers[asked:end]},
        )
        asked = end


def pack(encoded: Encoded, context: Context, rng: np.random.Generator, *, joined: bool) -> Encoded:
    """What is learnt from: every token of the documents once, and the end of each.

    Args:
        encoded: From ``encode_next``.
        context: With the base's tokenizer.
        rng: Where the order of joined documents comes from.
        joined: Documents follow one another in blocks of one size, so that nothing is padding, and
            a token sees whatever stands before it in its block; otherwise each document is read
            alone, a long one in pieces without overlap.

    Source:
        Joined documents: Brown et al. 2020, GPT-3, arXiv:2005.14165, appendix B.
    """
    begin, end = begin_of(context), stop_of(context)
    documents = [
        (row, np.concatenate([[begin], *(e.targets["labels"] for e in windows), [end]]))
        for row, windows in groupby(encoded.examples, key=lambda example: example.row)
    ]
    if not joined:
        blocks = [b for row, d in documents for b in _blocks(d, np.full(len(d), row), context)]
        return Encoded(examples=blocks, rows=encoded.rows, notes=encoded.notes)
    order = [documents[place] for place in rng.permutation(len(documents))]
    parted = int(begin == end)  # one token is the end of a document and the beginning of the next
    pieces = [d[parted and number > 0 :] for number, (_, d) in enumerate(order)]
    owners = np.repeat([row for row, _ in order], [len(piece) for piece in pieces])
    blocks = list(_blocks(np.concatenate(pieces), owners, context))
    note = f"{len(documents):,} texts were joined to {len(blocks):,} blocks of {context.longest}."
    return Encoded(examples=blocks, rows=encoded.rows, notes=(note,))


def _blocks(
    tokens: NDArray[np.int64], owners: NDArray[np.int64], context: Context
) -> Iterator[Example]:
    for start in range(0, len(tokens) - 1, context.longest):
        labels = tokens[start + 1 : start + 1 + context.longest]
        yield Example(
            row=int(owners[start + 1]),
            inputs={"input_ids": tokens[start : start + len(labels)]},
            size=len(labels),
            targets={"labels": labels},
            places={"positions": np.arange(len(labels)), "covers": np.zeros_like(labels)},
        )
