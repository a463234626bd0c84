"""Tokenize sentences that are already cut into words, each word as it reads within a text.

A tokenizer that carries spaces in its pieces ("▁Rome" of SentencePiece, "ĠRome" of byte-level BPE)
wants to know which words have a space before them. Chinese characters and their punctuation have
none: with one, each becomes two pieces, of which the first says nothing, and a sentence takes twice
the time.

Models that were trained before this was so read each Chinese character with its space. Whoever asks
says which of the two is meant, and a run keeps it on record.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from tokenizers.pre_tokenizers import Metaspace
from transformers import BatchEncoding, PreTrainedTokenizerBase

from polyculture.core.task import WordSpaces
from polyculture.nets.text.words import is_unspaced

ADDS_SPACES = ("Metaspace(", "Sequence(pretokenizers=[WhitespaceSplit(), Metaspace(")
"""How pre-tokenizers of SentencePiece that put a space before every word print themselves."""


def tokenize_words(
    tokenizer: PreTrainedTokenizerBase,
    sentences: Sequence[Sequence[str]],
    *,
    spaces: WordSpaces,
    **settings: Any,
) -> BatchEncoding:
    """Encode words, with a space before those that have one.

    Args:
        tokenizer: The base's.
        sentences: The words of each sentence.
        spaces: Which words have a space; for a trained model, as it was trained.
        settings: Passed on to the tokenizer, such as ``truncation``.
    """
    if spaces == "every_word":
        return tokenizer(_as_before(sentences, tokenizer), is_split_into_words=True, **settings)
    words = [spaced(sentence, tokenizer) for sentence in sentences]
    with _adding_no_spaces(tokenizer):
        return tokenizer(words, is_split_into_words=True, **settings)


def _as_before(
    sentences: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase
) -> list[list[str]]:
    """Words as ``every_word`` means them; SentencePiece adds its spaces itself."""
    if "ByteLevel" not in _pre_tokenizer(tokenizer):
        return [list(words) for words in sentences]
    return [
        [word if is_unspaced(word[:1]) else f" {word}" for word in words] for words in sentences
    ]


def spaced(words: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Words with the spaces of a text, for a tokenizer whose pieces carry them."""
    if not carries_spaces(tokenizer):
        return list(words)
    return [word if has_no_space(word[:1]) else f" {word}" for word in words]


@cache
def has_no_space(character: str) -> bool:
    """Whether a word that begins so follows the word before it without a space.

    Example:
        >>> [has_no_space(character) for character in "人。a,한"]
        [True, True, False, False, False]
    """
    if character == "":
        return False
    is_wide_mark = (
        unicodedata.east_asian_width(character) in "WF"
        and unicodedata.category(character)[0] in "PSN"
    )
    return is_unspaced(character) or is_wide_mark


def carries_spaces(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether a tokenizer's pieces hold the space before a word."""
    kind = _pre_tokenizer(tokenizer)
    return "ByteLevel" in kind or kind.startswith(ADDS_SPACES)


def _pre_tokenizer(tokenizer: PreTrainedTokenizerBase) -> str:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    return str(getattr(backend, "pre_tokenizer", ""))


@contextmanager
def _adding_no_spaces(tokenizer: PreTrainedTokenizerBase) -> Iterator[None]:
    """For a while, words get no space but the one they bring."""
    if not _pre_tokenizer(tokenizer).startswith(ADDS_SPACES):
        yield
        return
    backend: Any = tokenizer.backend_tokenizer
    before = backend.pre_tokenizer
    backend.pre_tokenizer = Metaspace(prepend_scheme="never", split=False)
    try:
        yield
    finally:
        backend.pre_tokenizer = before
