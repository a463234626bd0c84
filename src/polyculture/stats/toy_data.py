"""Toy data of tasks: small splits that are made anew, the same each time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from polyculture.core.data import Dataset
from polyculture.store import digest

SIZES = {"train": 240, "valid": 60, "test": 60}
Columns = Mapping[str, Sequence[Any]]


def toy_data(name: str, make: Callable[[int, np.random.Generator], Columns]) -> Dataset:
    """A data set of three splits.

    Args:
        name: What it is called.
        make: (rows, chance): the columns of a split but for ``id``.
    """
    rng = np.random.default_rng(1)
    splits = {
        split: pl.DataFrame({"id": [f"{split}-{row}" for row in range(size)], **make(size, rng)})
        for split, size in SIZES.items()
    }
    return of_splits(name, splits)


def of_splits(name: str, splits: Mapping[str, pl.DataFrame]) -> Dataset:
    """A data set of our own, of these splits."""
    total = digest.of_json({split: digest.of_frame(rows) for split, rows in splits.items()})
    return Dataset(name=name, splits=dict(splits), digest=total, licence="Apache-2.0")


def filled(
    sentence: str, names: Mapping[str, Sequence[str]], rng: np.random.Generator
) -> tuple[str, list[dict[str, Any]]]:
    """A sentence with a name in each of its places, and the spans of the names.

    Example:
        >>> filled("in {LOC}.", {"LOC": ["Rome"]}, np.random.default_rng(1))
        ('in Rome.', [{'start': 3, 'end': 7, 'label': 'LOC'}])
    """
    text, spans = "", []
    for piece in sentence.replace("{", "}").split("}"):
        word = str(rng.choice(names[piece])) if piece in names else piece
        if piece in names:
            spans.append({"start": len(text), "end": len(text) + len(word), "label": piece})
        text += word
    return text, spans
