"""Digests: the same content gives the same name, on any machine."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

CHUNK = 1 << 20


def of_file(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal text."""
    state = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            state.update(chunk)
    return state.hexdigest()


def of_json(value: Any) -> str:
    """SHA-256 of a JSON value; the order of keys does not matter.

    Example:
        >>> of_json({"a": 1, "b": 2}) == of_json({"b": 2, "a": 1})
        True
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def of_frame(frame: pl.DataFrame) -> str:
    """SHA-256 of a table: column names, types and cells, in order."""
    state = hashlib.sha256()
    state.update(json.dumps([(name, str(kind)) for name, kind in frame.schema.items()]).encode())
    for row in frame.iter_rows():
        state.update(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode())
        state.update(b"\n")
    return state.hexdigest()


def of_folder(folder: Path) -> str:
    """SHA-256 over the names and contents of all files below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return of_json([(path.relative_to(folder).as_posix(), of_file(path)) for path in files])
