"""Which rows have the same input, within a split and across splits, and which answers they have."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.core.finding import Instance
from polyculture.core.task import Column
from polyculture.datacheck.cells import answers_of, input_texts
from polyculture.datacheck.subject import Subject
from polyculture.nets.text.words import cut
from polyculture.sources.rows.repeats import input_keys
from polyculture.store.spill import Spill

KIND = np.dtype([("key", "u8"), ("answer", "u8"), ("row", "u4"), ("split", "u1"), ("is_long", "?")])
LONG = 5
"""Words from which a repeated text is no coincidence."""
BEGINNING = 60
"""Characters in which these words are looked for."""
UNKNOWN = np.uint64(0)
"""The answer of a row without one."""


class KeyCounter:
    """A digest of the input and of the answer of every row; see ``store/spill.py`` for memory."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.columns = columns
        self.splits: list[str] = []
        self.rows: dict[str, int] = {}
        self.spill = Spill(KIND)

    def add(self, split: str, rows: pl.DataFrame) -> None:
        """Take the digests of some more rows."""
        if split not in self.rows:
            self.splits.append(split)
            self.rows[split] = 0
        records = np.zeros(len(rows), dtype=KIND)
        records["key"] = [digest(key) for key in input_keys(rows, self.columns)]
        answers = answers_of(rows, self.columns)
        if answers is not None:
            records["answer"] = [digest(answer) for answer in answers]
        first = self.rows[split]
        records["row"] = np.arange(first, first + len(rows))
        records["split"] = self.splits.index(split)
        records["is_long"] = _are_long(rows, self.columns)
        self.rows[split] = first + len(rows)
        self.spill.add(records)

    def groups(self) -> Iterator[tuple[NDArray[np.void], NDArray[np.int64]]]:
        """Part by part: records ordered by input, and where each input begins."""
        for part in self.spill.parts():
            order = np.argsort(part["key"], kind="stable")
            ordered = part[order]
            keys = ordered["key"]
            starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else order
            yield ordered, starts


def by_number(
    subject: Subject, named: Sequence[tuple[str, int]], about: str = ""
) -> Instance | None:
    """Rows by their number, where a sample lacks some; None where all are in it.

    Args:
        subject: It knows which splits its sample holds whole.
        named: Split, and place among all its rows, of each row.
        about: What is wrong with them.
    """
    if all(subject.is_whole(split) for split, _ in named):
        return None
    return Instance(rows=tuple(f"{split}/{place + 1:,}" for split, place in named), about=about)


def digest(text: str) -> int:
    """64 bits of a text. Two texts of 25 million share one with a probability of 2 in 100,000.

    Example:
        >>> digest("a") == digest("a"), digest("a") == digest("b")
        (True, False)
    """
    state = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(state.digest(), "big")


def _are_long(rows: pl.DataFrame, columns: Mapping[str, Column]) -> list[bool]:
    words = next((n for n, c in columns.items() if c.kind == "words" and n in rows.columns), None)
    if words is not None:
        return [len(cell) >= LONG for cell in rows[words].to_list()]
    return [len(cut(text[:BEGINNING])) >= LONG for text in input_texts(rows, columns)]
