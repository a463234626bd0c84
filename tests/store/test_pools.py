"""The rows that a run answers others against come back as they were, or are refused."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from polyculture.core.errors import ModelError
from polyculture.store.pools import FOLDER, ROWS, read_pool, write_pool

NAMES = pl.DataFrame({"id": ["a", "b"], "label": ["x", "y"]})
VECTORS = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)


def test_rows_and_array_come_back(tmp_path: Path) -> None:
    """Names, gold and numbers are the same to the bit."""
    digest = write_pool(tmp_path, NAMES, VECTORS)

    rows, read = read_pool(tmp_path, digest)

    assert rows.equals(NAMES)
    assert read is not None
    assert read.dtype == np.float32
    assert np.array_equal(read, VECTORS)


def test_a_pool_that_was_not_read_is_a_table_alone(tmp_path: Path) -> None:
    """As where its texts are read together with each row."""
    texts = NAMES.with_columns(pl.Series("text", ["one", "two"]))
    digest = write_pool(tmp_path, texts, None)

    rows, read = read_pool(tmp_path, digest)

    assert rows.equals(texts)
    assert read is None


def test_a_pool_that_was_changed_is_refused(tmp_path: Path) -> None:
    """One name more, and every answer might be another."""
    digest = write_pool(tmp_path, NAMES, VECTORS)
    NAMES.reverse().write_parquet(tmp_path / FOLDER / ROWS)

    with pytest.raises(ModelError, match="does not hold what the run wrote"):
        read_pool(tmp_path, digest)


def test_a_pool_that_is_gone_is_told(tmp_path: Path) -> None:
    """The sentence names the folder that is missing."""
    with pytest.raises(ModelError, match="its folder 'pool' is missing"):
        read_pool(tmp_path, "digest")
