"""What a base's tokenizer makes of texts; its weights are read only where a check asks for it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CHUNK = 1_000
MOST_CHARACTERS = 20_000
"""Characters of a text that are tokenized; what is behind counts by the same rate."""


@cache
def reader_of(folder: Path) -> Any:
    """The tokenizer or reader of pictures of a base."""
    from polyculture.nets.build import open_reader

    return open_reader(folder)


@cache
def longest_of(folder: Path, wanted: int | None) -> int:
    """Longest input in tokens, as a training would choose it."""
    from transformers import AutoConfig

    from polyculture.nets.bodies.own_bodies import own_body
    from polyculture.nets.reading.texts import longest_input

    kind = own_body(folder)
    config = (
        kind.of_folder(folder).config
        if kind is not None
        else AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    )
    return longest_input(reader_of(folder), config, wanted)


def token_lists(texts: Sequence[str], tokenizer: Any) -> list[list[int]]:
    """The tokens of each text, without special ones and without a limit."""
    lists: list[list[int]] = []
    for start in range(0, len(texts), CHUNK):
        some = [text[:MOST_CHARACTERS] for text in texts[start : start + CHUNK]]
        lists += tokenizer(
            some, add_special_tokens=False, return_attention_mask=False, verbose=False
        )["input_ids"]
    return lists


def token_counts(texts: Sequence[str], tokenizer: Any) -> NDArray[np.int64]:
    """Tokens of each text, ``(texts,)``; a very long text is counted by its beginning."""
    counts = [len(tokens) for tokens in token_lists(texts, tokenizer)]
    return np.array(
        [
            count if len(text) <= MOST_CHARACTERS else round(count * len(text) / MOST_CHARACTERS)
            for text, count in zip(texts, counts, strict=True)
        ],
        dtype=np.int64,
    )


def frozen_features(texts: Sequence[str], folder: Path, *, longest: int = 128) -> NDArray[Any]:
    """The mean of a base's last hidden states over the tokens of each text, ``(texts, width)``.

    Args:
        texts: Cut at ``longest`` tokens.
        folder: Of a base that reads texts.
        longest: Tokens that are read.

    Raises:
        ModelError: Its weights are damaged.
    """
    import torch

    from polyculture.nets.build import bare_body
    from polyculture.nets.pooling import vectors_of

    tokenizer = reader_of(folder)
    body = bare_body(folder)[0].eval()
    body = body.get_encoder() if getattr(body.config, "is_encoder_decoder", False) else body
    order = np.argsort([len(text) for text in texts], kind="stable")
    features: list[NDArray[Any]] = [np.zeros(0)] * len(texts)
    for start in range(0, len(order), 32):
        places = order[start : start + 32]
        batch = tokenizer(
            [texts[place] for place in places],
            truncation=True,
            max_length=longest,
            padding=True,
            return_tensors="pt",
        )
        batch.pop("token_type_ids", None)
        with torch.inference_mode():
            hidden = vectors_of(body(**batch)).float()
        mask = batch["attention_mask"].unsqueeze(2)
        means = ((hidden * mask).sum(1) / mask.sum(1).clamp(min=1)).numpy()
        for place, mean in zip(places, means, strict=True):
            features[place] = mean
    return np.stack(features)
