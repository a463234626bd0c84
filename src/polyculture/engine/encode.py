"""From rows of text to pieces of token numbers, with an account of what did not fit.

A text that is too long is cut, and counted; no more of it is tokenized than is needed. A sentence
of words that is too long is read in overlapping windows: every word is answered by the window where
it lies farther from an edge, and none is answered twice. A word without any token (a lone
zero-width sign) is answered by no piece.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import numpy as np

from polyculture.core.errors import DataError
from polyculture.engine.beginnings import beginnings, pair_beginnings

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

    from polyculture.nets.word_tokens import WordSpaces

CHUNK = 2_000
LONGEST = 512
"""Longest input where neither recipe nor base names one; longer is slow on a CPU."""
LONGEST_WORD = 1_000
"""Characters of a word that are read; anything longer is data that lost its spaces."""
LOOK = 64
"""Rows at a time in which something known is looked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """What the network reads at once: a text, or a window of a sentence."""

    row: int
    """The row it belongs to."""
    tokens: NDArray[np.int64]
    types: NDArray[np.int64] | None
    """Which text of a pair each token belongs to, where the base wants to know."""
    words: NDArray[np.int64]
    """Numbers of the row's words that this piece answers; empty where texts are answered."""
    positions: NDArray[np.int64]
    """The first token of each of these words."""
    shapes: NDArray[np.int64] | None = None
    """Spelling codes of these words, where the head asks for them."""

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """All pieces of some rows, in the order of the rows."""

    pieces: list[Piece]
    rows: int
    cut_texts: int
    """Texts that were longer than the network reads."""
    windowed: int
    """Sentences that were read in more than one window; nothing of them is lost."""
    unread_words: int
    """Words without any token; they are answered ``O``."""
    cut_words: int = 0
    """Words of which only the first ``LONGEST_WORD`` characters were read."""
    unknown: int = 0
    """Rows in which every token is unknown to the tokenizer or stands for no text."""
    unit: Literal["tokens", "characters"] = "tokens"
    """What the length of a text is counted in."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each piece, ``(pieces,)``."""
        return np.array([len(piece) for piece in self.pieces], dtype=np.int64)


def longest(tokenizer: PreTrainedTokenizerBase, body_config: Any, wanted: int | None) -> int:
    """Longest input in tokens: what the recipe wants, within what the base allows."""
    allowed = [int(tokenizer.model_max_length)]
    positions = getattr(body_config, "max_position_embeddings", None)
    if positions:
        # models of the RoBERTa kind count positions from behind the padding number
        offset = 2 if getattr(body_config, "model_type", "") in {"roberta", "xlm-roberta"} else 0
        allowed.append(int(positions) - offset)
    return min([wanted or LONGEST, *allowed])


def encode(
    rows: pl.DataFrame,
    tokenizer: PreTrainedTokenizerBase,
    *,
    level: Literal["text", "word"],
    max_length: int,
    spaces: WordSpaces,
    with_shapes: bool = False,
) -> Encoded:
    """Turn prepared rows into pieces.

    Args:
        rows: With ``text`` and perhaps ``text_b`` (level text), or ``tokens`` (level word).
        tokenizer: The base's.
        level: Whether texts or words are answered.
        max_length: Longest piece in tokens, special ones included.
        spaces: Which words have a space before them; no matter where texts are answered.
        with_shapes: Add the spelling codes of words.
    """
    pieces: list[Piece] = []
    counts = np.zeros(4, dtype=int)
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        if level == "text":
            pieces += _texts(part, start, tokenizer, max_length, counts)
        else:
            words = part["tokens"].to_list()
            pieces += _sentences(
                words, start, tokenizer, max_length, counts, spaces=spaces, shapes=with_shapes
            )
    cut, windowed, unread, cut_words = (int(count) for count in counts)
    nothing = set(tokenizer.all_special_ids)
    known = {piece.row for piece in pieces if not nothing.issuperset(piece.tokens.tolist())}
    return Encoded(
        pieces=pieces,
        rows=len(rows),
        cut_texts=cut,
        windowed=windowed,
        unread_words=unread,
        cut_words=cut_words,
        unknown=len(rows) - len(known),
    )


def check_known(
    rows: pl.DataFrame,
    tokenizer: PreTrainedTokenizerBase,
    where: str,
    *,
    level: Literal["text", "word"],
    max_length: int,
    spaces: WordSpaces,
) -> None:
    """See early that some row holds something that the tokenizer knows.

    Raises:
        DataError: No row does.
    """
    for start in range(0, len(rows), LOOK):
        part = encode(
            rows[start : start + LOOK],
            tokenizer,
            level=level,
            max_length=max_length,
            spaces=spaces,
        )
        if part.unknown < part.rows:
            return
    _refuse_unknown(len(rows), where)


def refuse_unknown(encoded: Encoded, where: str) -> None:
    """See that some row held something known.

    Raises:
        DataError: No row did.
    """
    if encoded.unknown == encoded.rows:
        _refuse_unknown(encoded.rows, where)


def _refuse_unknown(rows: int, where: str) -> NoReturn:
    texts = (
        "its only text holds nothing" if rows == 1 else f"none of its {rows:,} texts holds anything"
    )
    msg = (
        f"{where}: {texts} that the base knows, so there is nothing to read. Check that it is the "
        "right column, in a language of the base."
    )
    raise DataError(msg)


def _texts(
    rows: pl.DataFrame,
    start: int,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    counts: NDArray[np.int64],
) -> list[Piece]:
    texts, pair = rows["text"].to_list(), None
    if "text_b" in rows.columns:
        texts, pair = pair_beginnings(texts, rows["text_b"].to_list(), tokenizer, max_length)
    else:
        texts = beginnings(texts, tokenizer, max_length)
    batch = tokenizer(
        texts,
        pair,
        truncation=True,
        max_length=max_length,
        return_overflowing_tokens=True,
        return_attention_mask=False,
    )
    pieces: list[Piece] = []
    cut = set()
    nothing = np.zeros(0, dtype=np.int64)
    for number, row in enumerate(batch["overflow_to_sample_mapping"]):
        if pieces and pieces[-1].row == start + row:
            cut.add(row)
            continue
        pieces.append(
            Piece(
                row=start + row,
                tokens=_tokens(batch["input_ids"][number], tokenizer),
                types=_types(batch, number),
                words=nothing,
                positions=nothing,
            )
        )
    counts[0] += len(cut)
    return pieces


def _sentences(
    sentences: Sequence[Sequence[str]],
    start: int,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    counts: NDArray[np.int64],
    *,
    spaces: WordSpaces,
    shapes: bool,
) -> list[Piece]:
    from polyculture.nets.word_tokens import tokenize_words  # loads transformers

    batch = tokenize_words(
        tokenizer,
        [_shortened(words, counts) for words in sentences],
        spaces=spaces,
        truncation=True,
        max_length=max_length,
        stride=max_length // 4,
        return_overflowing_tokens=True,
        return_attention_mask=False,
    )
    windows: dict[int, list[int]] = {}
    for number, row in enumerate(batch["overflow_to_sample_mapping"]):
        windows.setdefault(row, []).append(number)
    pieces = []
    for row, numbers in windows.items():
        firsts = [_first_tokens(batch.word_ids(number)) for number in numbers]
        owners = _owners(firsts, [len(batch["input_ids"][number]) for number in numbers])
        counts[1] += len(numbers) > 1
        counts[2] += len(sentences[row]) - len(owners)
        for window, number in enumerate(numbers):
            words = np.array([w for w, owner in owners.items() if owner == window], dtype=np.int64)
            pieces.append(
                Piece(
                    row=start + row,
                    tokens=_tokens(batch["input_ids"][number], tokenizer),
                    types=_types(batch, number),
                    words=words,
                    positions=np.array([firsts[window][w] for w in words], dtype=np.int64),
                    shapes=_spellings(sentences[row], words) if shapes else None,
                )
            )
    return pieces


def _shortened(words: Sequence[str], counts: NDArray[np.int64]) -> Sequence[str]:
    long = sum(len(word) > LONGEST_WORD for word in words)
    counts[3] += long
    return [word[:LONGEST_WORD] for word in words] if long else words


def _first_tokens(word_ids: Sequence[int | None]) -> dict[int, int]:
    firsts: dict[int, int] = {}
    for position, word in enumerate(word_ids):
        if word is not None:
            firsts.setdefault(word, position)
    return firsts


def _owners(firsts: Sequence[dict[int, int]], lengths: Sequence[int]) -> dict[int, int]:
    """The window that answers each word: where its token is farther from an edge."""
    best: dict[int, tuple[int, int]] = {}
    for window, (positions, length) in enumerate(zip(firsts, lengths, strict=True)):
        for word, position in positions.items():
            distance = min(position, length - 1 - position)
            if word not in best or distance > best[word][0]:
                best[word] = (distance, window)
    return {word: best[word][1] for word in sorted(best)}


def _tokens(tokens: Sequence[int], tokenizer: PreTrainedTokenizerBase) -> NDArray[np.int64]:
    if not tokens:  # an empty text for a tokenizer without special tokens
        return np.array([tokenizer.pad_token_id], dtype=np.int64)
    return np.array(tokens, dtype=np.int64)


def _types(batch: Any, number: int) -> NDArray[np.int64] | None:
    types = batch.get("token_type_ids")
    return np.array(types[number] or [0], dtype=np.int64) if types is not None else None


def _spellings(words: Sequence[str], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.array([spelling(words[number]) for number in wanted], dtype=np.int64)


def spelling(word: str) -> int:
    """How a word is written, as a small code: what an uncased tokenizer takes away.

    0 letters without case, 1 lower, 2 Capital, 3 CAPITALS, 4 mIxed, 5 digits, 6 digits and
    letters, 7 signs only, 8 one capital with a full stop, as in "J.".

    Example:
        >>> [spelling(word) for word in ("车", "von", "Rome", "EU", "McKay", "1996", "B2", "--")]
        [0, 1, 2, 3, 4, 5, 6, 7]
    """
    letters = [sign for sign in word if sign.isalpha()]
    has_digit = any(sign.isdigit() for sign in word)
    if not letters:
        return 5 if has_digit else 7
    if has_digit:
        return 6
    if len(word) == 2 and word[0].isupper() and word[1] == ".":  # noqa: PLR2004
        return 8
    return _case("".join(letters))


def _case(letters: str) -> int:
    if letters.lower() == letters.upper():
        return 0
    if letters.islower():
        return 1
    if letters[0].isupper() and letters[1:].lower() == letters[1:]:
        return 2
    return 3 if letters.isupper() else 4


def account(encoded: Encoded, split: str, max_length: int) -> list[str]:
    """What did not fit into the network's length, and what it could not read, a sentence each."""
    notes = []
    if encoded.cut_texts:
        share = f"{encoded.cut_texts} of {encoded.rows}"
        notes.append(f"{split}: {share} texts were cut at {max_length} {encoded.unit}.")
    if encoded.windowed:
        notes.append(
            f"{split}: {encoded.windowed} sentences longer than {max_length} tokens were read in "
            "overlapping windows; no word of them was left out."
        )
    if encoded.cut_words:
        notes.append(
            f"{split}: {encoded.cut_words} words were read by their first {LONGEST_WORD} "
            "characters."
        )
    if encoded.unread_words:
        notes.append(f"{split}: {encoded.unread_words} words have no token and are answered 'O'.")
    if encoded.unknown:
        share = f"{encoded.unknown} of {encoded.rows}"
        notes.append(f"{split}: {share} texts hold nothing that the base knows.")
    return notes
