"""From sentences of words to token numbers, and from outputs back to the words.

A sentence that is too long is read in overlapping windows: every word is answered by the window in
which it lies farther from an edge, and none is answered twice. A word without any token (a lone
zero-width sign) is answered by no window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polyculture.core.task import Encoded, Example
from polyculture.nets.reading.account import of_unknown, why_unreadable
from polyculture.nets.reading.spelling import spelling
from polyculture.nets.reading.surroundings import ReadSentence, alone, in_documents
from polyculture.nets.reading.texts import CHUNK, known_rows, token_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.task import Context
    from polyculture.nets.batch import Reading

LONGEST_WORD = 1_000
"""Characters of a word that are read; anything longer is data that lost its spaces."""
UNSEEN = -1
"""The code of a word that no window answers."""


class _Account:
    """Counts of what did not fit."""

    def __init__(self) -> None:
        self.windowed = self.unread = self.cut = 0

    def notes(self, longest: int) -> list[str]:
        """The counts in sentences."""
        notes = []
        if self.windowed:
            many = "1 sentence" if self.windowed == 1 else f"{self.windowed} sentences"
            notes.append(
                f"{many} longer than {longest} tokens {_were(self.windowed)} read in overlapping "
                "windows; no word was left out."
            )
        if self.cut:
            many = "1 word" if self.cut == 1 else f"{self.cut} words"
            notes.append(f"{many} {_were(self.cut)} read up to {LONGEST_WORD} characters.")
        if self.unread:
            many = "1 word has" if self.unread == 1 else f"{self.unread} words have"
            notes.append(f"{many} no token and counts as 'O'.")
        return notes


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def encode_words(
    rows: pl.DataFrame,
    context: Context,
    targets: Sequence[NDArray[Any]] | None,
    *,
    around: int = 0,
) -> Encoded:
    """One example a sentence or window, from ``tokens``.

    ``places`` of an example: ``words`` (numbers of the row's words that it answers), ``positions``
    (the first token of each), ``spelling`` (a code of each), ``length`` (words of the row). With
    surroundings and in one window also ``own``, from its own first token to one past its last, and
    ``document``, the number of its document and of the words before it there.

    Args:
        rows: Prepared.
        context: With the base's tokenizer.
        targets: Label codes of each row's words, ``(words,)``; None if unknown.
        around: Tokens before and after a sentence that are shown with it, from its ``document``.
    """
    examples: list[Example] = []
    account = _Account()
    sentences = _shortened(rows["tokens"].to_list(), account)
    read = (
        in_documents(sentences, rows["document"].to_list(), context, around)
        if around
        else alone(sentences)
    )
    for start in range(0, len(rows), CHUNK):
        examples += _chunk(read[start : start + CHUNK], start, context, targets, account)
    unknown = len(rows) - len(known_rows(examples, context.reader))
    return Encoded(
        examples=examples,
        rows=len(rows),
        notes=(*account.notes(context.longest), *of_unknown(unknown, len(rows))),
        protocol={"cut_texts": 0, "context_tokens": around},
        unreadable=why_unreadable(unknown, len(rows)),
    )


def _chunk(
    sentences: Sequence[ReadSentence],
    start: int,
    context: Context,
    targets: Sequence[NDArray[Any]] | None,
    account: _Account,
) -> list[Example]:
    from polyculture.nets.text.word_tokens import tokenize_words  # loads transformers

    batch = tokenize_words(
        context.reader,
        [sentence.words for sentence in sentences],
        spaces=context.word_spaces,
        truncation=True,
        max_length=context.longest,
        stride=context.longest // 4,
        return_overflowing_tokens=True,
        return_attention_mask=False,
    )
    windows: dict[int, list[int]] = {}
    for number, row in enumerate(batch["overflow_to_sample_mapping"]):
        windows.setdefault(row, []).append(number)
    examples = []
    for row, all_numbers in windows.items():
        sentence = sentences[row]
        found = {n: _first_tokens(batch.word_ids(n), sentence) for n in all_numbers}
        numbers = [n for n in all_numbers if found[n]] or all_numbers[:1]
        firsts = [found[number] for number in numbers]
        owners = _owners(firsts, [len(batch["input_ids"][number]) for number in numbers])
        account.windowed += len(numbers) > 1
        account.unread += sentence.length - len(owners)
        for window, number in enumerate(numbers):
            words = np.array([w for w, owner in owners.items() if owner == window], dtype=np.int64)
            inputs = token_inputs(batch, number, context.reader)
            neighbours = {}
            if sentence.document >= 0 and len(numbers) == 1 and len(words):
                neighbours = {
                    "own": _own_tokens(batch.word_ids(number), sentence),
                    "document": np.array([sentence.document, sentence.start]),
                }
            examples.append(
                Example(
                    row=start + row,
                    inputs=inputs,
                    size=len(inputs["input_ids"]),
                    targets={} if targets is None else {"labels": targets[start + row][words]},
                    places={
                        "words": words,
                        "positions": np.array([firsts[window][w] for w in words], dtype=np.int64),
                        "spelling": _spellings(sentence, words),
                        "length": np.array(sentence.length, dtype=np.int64),
                        **neighbours,
                    },
                )
            )
    return examples


def _shortened(sentences: Sequence[list[str]], account: _Account) -> list[list[str]]:
    account.cut += sum(len(word) > LONGEST_WORD for words in sentences for word in words)
    return [[word[:LONGEST_WORD] for word in words] for words in sentences]


def _first_tokens(word_ids: Sequence[int | None], sentence: ReadSentence) -> dict[int, int]:
    """The first token of each word of the sentence itself that a window shows."""
    firsts: dict[int, int] = {}
    for position, word in enumerate(word_ids):
        if word is not None and 0 <= word - sentence.first < sentence.length:
            firsts.setdefault(word - sentence.first, position)
    return firsts


def _own_tokens(word_ids: Sequence[int | None], sentence: ReadSentence) -> NDArray[np.int64]:
    """Of a sentence in one window: its first token, and one past its last."""
    own = range(sentence.first, sentence.first + sentence.length)
    places = [place for place, word in enumerate(word_ids) if word is not None and word in own]
    return np.array([places[0], places[-1] + 1])


def _owners(firsts: Sequence[dict[int, int]], lengths: Sequence[int]) -> dict[int, int]:
    """The window that answers each word: where its token is farther from an edge."""
    best: dict[int, tuple[int, int]] = {}
    for window, (positions, length) in enumerate(zip(firsts, lengths, strict=True)):
        for word, position in positions.items():
            distance = min(position, length - 1 - position)
            if word not in best or distance > best[word][0]:
                best[word] = (distance, window)
    return {word: best[word][1] for word in sorted(best)}


def _spellings(sentence: ReadSentence, wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    words = sentence.words[sentence.first :]
    return np.array([spelling(words[number]) for number in wanted], dtype=np.int64)


def read_words(reading: Reading, allowed: NDArray[np.bool_] | None) -> list[NDArray[np.int64]]:
    """The label codes of each row's words, ``(words,)`` a row; ``UNSEEN`` where none was read.

    Windows are joined first, so that words which are answered together are, whatever windows they
    were read in. A word that was not read is the first label for sure (``O``), so that what stands
    beside it fits to that.

    Args:
        reading: Whole rows.
        allowed: Which label may follow which, ``(before, after)``; all where left out.
    """
    import torch

    scores, there = _word_values(reading)
    unseen = scores.isnan().any(dim=2)
    first = torch.where(torch.arange(scores.shape[2]) == 0, 0.0, -torch.inf)
    scores[unseen] = first
    rule = None if allowed is None else torch.from_numpy(allowed)
    codes = reading.network.best_path(scores, there, rule).masked_fill(unseen, UNSEEN)
    lengths = there.sum(dim=1).tolist()
    return [row[:length] for row, length in zip(codes.numpy(), lengths, strict=True)]


def _word_values(reading: Reading) -> tuple[Tensor, Tensor]:
    """What is said of the words of each row, ``(rows, words, labels)``, and which words there are.

    NaN where nothing is said.
    """
    import torch

    logits = reading.seen("logits")
    places = {name: place.cpu() for name, place in reading.batch.places.items()}
    number = {row: place for place, row in enumerate(reading.rows)}
    lengths = torch.zeros(len(number), dtype=torch.int64)
    owners = torch.tensor([number[row] for row in reading.batch.rows])
    lengths[owners] = places["length"]
    there = torch.arange(max(1, int(lengths.max()))) < lengths[:, None]
    joined = torch.full((*there.shape, logits.shape[2]), torch.nan)
    example, column = places["there"].nonzero(as_tuple=True)
    joined[owners[example], places["words"][example, column]] = logits[example, column]
    return joined, there
