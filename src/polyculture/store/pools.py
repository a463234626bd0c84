"""The saved pool of a run, which other rows are answered against: a table, often one array."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from polyculture.core.errors import ModelError
from polyculture.store.digest import of_folder
from polyculture.store.writing.disk import telling_of_disk

FOLDER = "pool"
ROWS = "rows.parquet"
ARRAY = "read.safetensors"


def write_pool(run: Path, rows: pl.DataFrame, read: NDArray[Any] | None) -> str:
    """Write a run's pool into its folder.

    Args:
        run: The run's folder.
        rows: What later answers need of each row: ``id``, gold, seldom the texts.
        read: What the model gave of each, ``(rows, ...)``; None where it did not read them.

    Returns:
        Digest of both, for the run's record.
    """
    folder = run / FOLDER
    with telling_of_disk(folder):
        folder.mkdir(exist_ok=True)
        rows.write_parquet(folder / ROWS, compression="zstd")
        if read is not None:
            save_file({"read": np.ascontiguousarray(read)}, folder / ARRAY)
    return of_folder(folder)


def read_pool(run: Path, digest: str) -> tuple[pl.DataFrame, NDArray[Any] | None]:
    """What ``write_pool`` wrote.

    Args:
        run: The run's folder.
        digest: As the run's record has it.

    Raises:
        ModelError: It is missing, or not what the run wrote.
    """
    folder = run / FOLDER
    if not folder.is_dir():
        msg = f"The run {run} is damaged: its folder {FOLDER!r} is missing. Train it again."
        raise ModelError(msg)
    if of_folder(folder) != digest:
        msg = (
            f"{folder} does not hold what the run wrote, so its answers would be others. Copy the "
            "run again, or train it again."
        )
        raise ModelError(msg)
    array = folder / ARRAY
    read = load_file(array)["read"] if array.exists() else None
    return pl.read_parquet(folder / ROWS), read
