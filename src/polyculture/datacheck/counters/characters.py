"""How often each character occurs in the texts of a split, and the main script of each row."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.core.task import Column
from polyculture.datacheck.cells import input_texts, of_kind, texts_of
from polyculture.stats.texts.scripts import CODES, count_codes, main_scripts

BEGINNING = 200
"""Characters of a row by which its main script is told."""


class CharacterCounter:
    """Counts of code points and of main scripts by split."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.columns = columns
        self.answers = of_kind(columns, frozenset({"text"}), gold=True)
        self.codes: dict[str, NDArray[np.int64]] = {}
        self.scripts: dict[str, Counter[str]] = {}

    def add(self, split: str, rows: pl.DataFrame) -> None:
        """Count the characters of some more rows; of texts that are answers too."""
        texts = input_texts(rows, self.columns)
        if split not in self.codes:
            self.codes[split] = np.zeros(CODES, dtype=np.int64)
            self.scripts[split] = Counter()
        self.codes[split] += count_codes(texts)
        if self.answers:
            self.codes[split] += count_codes(texts_of(rows, self.answers))
        self.scripts[split].update(main_scripts([text[:BEGINNING] for text in texts]))

    @property
    def total(self) -> NDArray[np.int64]:
        """Counts of all splits together."""
        return np.asarray(np.sum(list(self.codes.values()), axis=0))
