"""Tiny random bases of many families of transformers, made on the spot: what parts are tried on."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import PreTrainedTokenizerFast
from transformers.models.auto.modeling_auto import AutoModel

from polyculture.checks.families.family import Family
from polyculture.checks.families.pictures import PICTURES
from polyculture.checks.families.series import SERIES
from polyculture.checks.families.sounds import SOUNDS
from polyculture.checks.families.text import TEXT
from polyculture.checks.families.tokenizers import (
    bytes_tokenizer,
    spoken_bytes,
    unigram_pieces,
    word_pieces,
)

__all__ = [
    "FAMILIES",
    "KINDS",
    "Family",
    "Kind",
    "bytes_tokenizer",
    "tiny_base",
    "unigram_pieces",
    "word_pieces",
]
FAMILIES: dict[str, Family] = {**TEXT, **SOUNDS, **PICTURES, **SERIES}
"""The families by name; what each reads is in ``Family.reads``."""
KINDS = ("bert", "distilbert", "roberta", "llama")
"""One of each way to cut texts and to read them, for what need not be tried on all."""
Kind = str
"""The name of a family."""
TOKENIZERS = {
    "words": word_pieces,
    "bytes": bytes_tokenizer,
    "unigram": unigram_pieces,
    "spoken": spoken_bytes,
}
READER = "preprocessor_config.json"


def tiny_base(folder: Path, kind: Kind, texts: Sequence[str] = (), *, seed: int = 1) -> Path:
    """Write a random base with its tokenizer or reader as a plain Hugging Face folder.

    Args:
        folder: Where; it is made.
        kind: One of ``FAMILIES``.
        texts: What the tokenizer of a family that reads text learns its pieces from.
        seed: Seed of the weights.
    """
    family = FAMILIES[kind]
    tokenizer = TOKENIZERS[family.pieces](texts) if family.pieces in TOKENIZERS else None
    torch.manual_seed(seed)
    model = AutoModel.from_config(_configuration(family, tokenizer))
    model.save_pretrained(folder)
    if tokenizer is not None:
        tokenizer.save_pretrained(folder)
    if family.reader:
        (folder / READER).write_text(json.dumps(family.reader), encoding="utf-8")
    return folder


def _configuration(family: Family, tokenizer: PreTrainedTokenizerFast | None) -> Any:
    kind = getattr(transformers, family.config)
    if tokenizer is None:
        return kind(**family.sizes(0))
    stop = tokenizer.eos_token_id
    known = {
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": stop,
        "cls_token_id": tokenizer.cls_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "decoder_start_token_id": tokenizer.pad_token_id,
        "forced_eos_token_id": stop,
    }
    asked = {name: value for name, value in known.items() if value is not None}
    return kind(**family.sizes(len(tokenizer)), **asked)
