"""From rows of one or two texts to token numbers.

A text that is too long is cut, and counted; no more of it is tokenized than is needed. Or it is
read in windows, each an example of its own that counts its share of the row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from polyculture.core.errors import RowError
from polyculture.core.task import Encoded, Example
from polyculture.nets.reading.account import of_texts, of_unknown, why_unreadable
from polyculture.nets.reading.beginnings import beginnings, pair_beginnings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

    from polyculture.core.task import Context

CHUNK = 2_000
"""Rows that are tokenized at a time."""
ROW_WEIGHT = "row_weight"
"""The target that says how much of its row a window is: the windows of a row add up to 1."""
LongTexts = Literal["cut", "windows"]
COUNTED_BEHIND_PADDING = frozenset(
    {
        "camembert",
        "data2vec-text",
        "esm",
        "ibert",
        "longformer",
        "luke",
        "mpnet",
        "roberta",
        "roberta-prelayernorm",
        "xlm-roberta",
        "xlm-roberta-xl",
        "xmod",
    }
)
"""Families in the manner of RoBERTa, whose first position follows the number of padding."""
BEHIND = 2
"""That position."""
LONGEST = 512
"""Longest input where the recipe names none; longer is slow on a CPU."""


def longest_input(tokenizer: PreTrainedTokenizerBase, body_config: Any, wanted: int | None) -> int:
    """Longest input in tokens: what the recipe wants, within what the base allows.

    Example:
        >>> from types import SimpleNamespace
        >>> reader, bert = SimpleNamespace(model_max_length=10**30), {"max_position_embeddings": 64}
        >>> named = [bert, {**bert, "model_type": "mpnet"}, {"max_position_embeddings": -1}]
        >>> [longest_input(reader, SimpleNamespace(**config), None) for config in named]
        [64, 62, 512]
    """
    allowed = [int(tokenizer.model_max_length)]
    positions = getattr(body_config, "max_position_embeddings", None)
    if positions and positions > 0:  # XLNet says -1, since it needs none
        offset = BEHIND if getattr(body_config, "model_type", "") in COUNTED_BEHIND_PADDING else 0
        allowed.append(int(positions) - offset)
    return min([wanted or LONGEST, *allowed])


def encode_texts(
    rows: pl.DataFrame,
    context: Context,
    targets: Mapping[str, Sequence[NDArray[Any]]],
    long_texts: LongTexts = "cut",
) -> Encoded:
    """One example a row, from ``text`` and perhaps ``text_b``, or one a window.

    Args:
        rows: Prepared.
        context: With the base's tokenizer.
        targets: By name the right answer of each row; empty if unknown.
        long_texts: What becomes of texts that are too long. Windows overlap by a quarter.

    Raises:
        RowError: Pairs of texts are to be read in windows.
    """
    if long_texts == "windows":
        return _encode_windows(rows, context, targets)
    examples: list[Example] = []
    cut = 0
    for start in range(0, len(rows), CHUNK):
        chunk, cut_here = _chunk(rows[start : start + CHUNK], start, context, targets)
        examples += chunk
        cut += cut_here
    unknown = len(rows) - len(known_rows(examples, context.reader))
    return Encoded(
        examples=examples,
        rows=len(rows),
        notes=(
            *of_texts(cut=cut, rows=len(rows), longest=context.longest),
            *of_unknown(unknown, len(rows)),
        ),
        protocol={"cut_texts": cut},
        unreadable=why_unreadable(unknown, len(rows)),
    )


def _encode_windows(
    rows: pl.DataFrame, context: Context, targets: Mapping[str, Sequence[NDArray[Any]]]
) -> Encoded:
    if "text_b" in rows.columns:
        reason = (
            "pairs of texts are not read in windows, since a window would hold part of the pair. "
            "Use long_texts = 'cut', or rows without 'text_b'."
        )
        raise RowError(reason, where="the data", column="text_b")
    examples: list[Example] = []
    for start in range(0, len(rows), CHUNK):
        examples += _windows(rows[start : start + CHUNK], start, context, targets)
    counts = np.bincount([example.row for example in examples], minlength=len(rows))
    unknown = len(rows) - len(known_rows(examples, context.reader))
    several, windows = int((counts > 1).sum()), int(counts[counts > 1].sum())
    note = (
        f"{several} of {len(rows)} texts are longer than {context.longest} tokens and were read in "
        f"{windows} overlapping windows; nothing was cut."
    )
    return Encoded(
        examples=examples,
        rows=len(rows),
        notes=(*((note,) if several else ()), *of_unknown(unknown, len(rows))),
        protocol={"cut_texts": 0, "windowed_texts": several, "windows": windows},
        unreadable=why_unreadable(unknown, len(rows)),
    )


def _windows(
    rows: pl.DataFrame,
    start: int,
    context: Context,
    targets: Mapping[str, Sequence[NDArray[Any]]],
) -> list[Example]:
    tokenizer = context.reader
    batch = tokenizer(
        rows["text"].to_list(),
        truncation=True,
        max_length=context.longest,
        stride=_overlap(tokenizer, context.longest),
        return_overflowing_tokens=True,
        return_attention_mask=False,
    )
    places: list[int] = batch["overflow_to_sample_mapping"]
    counts = np.bincount(places)
    examples = []
    for number, place in enumerate(places):
        inputs = token_inputs(batch, number, tokenizer)
        right = {name: values[start + place] for name, values in targets.items()}
        if right:
            right[ROW_WEIGHT] = np.array(1 / counts[place], dtype=np.float32)
        examples.append(
            Example(row=start + place, inputs=inputs, size=len(inputs["input_ids"]), targets=right)
        )
    return examples


def _overlap(tokenizer: PreTrainedTokenizerBase, longest: int) -> int:
    """Tokens that a window shares with the next: a quarter of what it has room for."""
    return max(0, longest - int(tokenizer.num_special_tokens_to_add())) // 4


def known_rows(examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """Rows that hold a token that stands for some text."""
    nothing = set(tokenizer.all_special_ids)
    return {e.row for e in examples if not nothing.issuperset(e.inputs["input_ids"].tolist())}


def _chunk(
    rows: pl.DataFrame,
    start: int,
    context: Context,
    targets: Mapping[str, Sequence[NDArray[Any]]],
) -> tuple[list[Example], int]:
    tokenizer, longest = context.reader, context.longest
    texts, pair = rows["text"].to_list(), None
    if "text_b" in rows.columns:
        texts, pair = pair_beginnings(texts, rows["text_b"].to_list(), tokenizer, longest)
    else:
        texts = beginnings(texts, tokenizer, longest)
    batch = tokenizer(
        texts,
        pair,
        truncation=True,
        max_length=longest,
        return_overflowing_tokens=True,
        return_attention_mask=False,
    )
    examples: list[Example] = []
    cut = set()
    for number, place in enumerate(batch["overflow_to_sample_mapping"]):
        row = start + place
        if examples and examples[-1].row == row:
            cut.add(row)
            continue
        inputs = token_inputs(batch, number, tokenizer)
        examples.append(
            Example(
                row=row,
                inputs=inputs,
                size=len(inputs["input_ids"]),
                targets={name: values[row] for name, values in targets.items()},
            )
        )
    return examples, len(cut)


def token_inputs(
    batch: Any, number: int, tokenizer: PreTrainedTokenizerBase
) -> dict[str, NDArray[np.int64]]:
    """What a network reads of one result of a tokenizer: tokens, and which text they belong to."""
    tokens = batch["input_ids"][number] or [tokenizer.pad_token_id]  # an empty text may have none
    inputs = {"input_ids": np.array(tokens, dtype=np.int64)}
    types = batch.get("token_type_ids")
    if types is not None:
        inputs["token_type_ids"] = np.array(types[number] or [0], dtype=np.int64)
    return inputs
