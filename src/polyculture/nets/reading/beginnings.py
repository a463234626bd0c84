"""Shorten a long text without changing its first tokens.

A network reads some hundred tokens; a text may have a million. The tokens of a beginning are those
of the whole, but for the last few: there the rest of the text may decide otherwise. So a beginning
is tokenized with several ends, one character apart. What comes out the same whatever the end does
not depend on what follows; if something does, a longer beginning is tried, and at last the whole.
That also finds out texts whose first tokens depend on their length, such as equal letters alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyculture.nets.text.words import shorten_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedTokenizerBase

FIRST = 8
"""Characters for each wanted token in the first try; English has about five, Chinese fewer."""
ENDS = (*range(12), 17, 29, 53)
"""Characters before the end of a beginning at which it is ended as well."""
MARKS = 4
"""Characters that may make one letter of a word, with the accents that a tokenizer takes away."""
GROWTH = 4


def beginnings(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, tokens: int) -> list[str]:
    """Texts whose first tokens are those of the given ones; only long texts are shortened.

    A text that is shortened has more than the wanted number of tokens still, so that it is seen to
    be cut.

    Args:
        texts: Of any length.
        tokenizer: The base's.
        tokens: How many of the first tokens are wanted.
    """
    if tokenizer.truncation_side != "right":  # then the last tokens are read
        return list(texts)
    return [_beginning(text, tokenizer, tokens) for text in texts]


def pair_beginnings(
    firsts: Sequence[str], seconds: Sequence[str], tokenizer: PreTrainedTokenizerBase, tokens: int
) -> tuple[list[str], list[str]]:
    """The same for pairs, which are cut from the longer text of the two.

    Where both are long and an odd number of tokens is read, the longer one has one more: which one
    that is, is taken from their characters.
    """
    short = beginnings(firsts, tokenizer, tokens), beginnings(seconds, tokenizer, tokens)
    for row, whole in enumerate(zip(firsts, seconds, strict=True)):
        longer = int(len(whole[1]) > len(whole[0]))
        is_cut = len(short[longer][row]) < len(whole[longer])
        if not is_cut or len(whole[0]) == len(whole[1]):
            continue
        counts = [len(ids) for ids in _tokens([short[0][row], short[1][row]], tokenizer)]
        if counts[longer] <= counts[1 - longer]:
            short[longer][row] = _beginning(whole[longer], tokenizer, counts[1 - longer])
    return short


def _beginning(text: str, tokenizer: PreTrainedTokenizerBase, tokens: int) -> str:
    most = _longest_word(tokenizer)
    ends = ENDS if most is None else (0, MARKS * (most + 1))
    size = max(FIRST * tokens, 2 * ends[-1])
    while _pays(text, size, ends):
        readings = _tokens([text[: size - end] for end in ends], tokenizer)
        if min(map(len, readings)) > tokens and all(
            f[:tokens] == readings[0][:tokens] for f in readings
        ):
            return text[:size]
        if most is not None:
            text = shorten_runs(text, most + 1)
        size *= GROWTH
    return text


def _pays(text: str, size: int, ends: Sequence[int]) -> bool:
    return len(text) > 2 * len(ends) * size


def _longest_word(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """Characters of a word from which WordPiece makes one unknown piece; None for other models.

    Its words do not depend on one another: that the last one may be longer than is seen is all
    that has to be thought of.
    """
    model = getattr(getattr(tokenizer, "backend_tokenizer", None), "model", None)
    most: int | None = getattr(model, "max_input_chars_per_word", None)
    return most


def _tokens(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> list[list[int]]:
    batch = tokenizer(
        list(texts),
        add_special_tokens=False,
        truncation=False,
        return_attention_mask=False,
        verbose=False,  # that the texts are longer than the network reads is known
    )
    tokens: list[list[int]] = batch["input_ids"]
    return tokens
