"""Whether the files of a starter are whole: all there, and none broken off.

Looked at each time that a starter is used, so it costs no reading of weights.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from polyculture.sources.starter.cache import Mark

MAGIC = b"PAR1"
"""A Parquet file begins and ends with it."""
LENGTH = 8
"""Bytes at the start of a safetensors file that say how long its header is."""


def damage(folder: Path, mark: Mark) -> str:
    """What is broken, in a few words; "" if nothing is.

    Args:
        folder: Of the starter.
        mark: Its note; one of an older version does not know the sizes of files.
    """
    for name, size in mark.files.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != size:
            return f"{name} has {path.stat().st_size:,} bytes instead of {size:,}"
    if (
        not mark.files
        and not any(folder.glob("*.safetensors"))
        and not any(folder.glob("*.parquet"))
    ):
        is_model = any(folder.glob("*config.json"))
        return f"{'model.safetensors' if is_model else 'its table'} is missing"
    for path in sorted(folder.iterdir()):
        if not _ends_well(path):
            return f"{path.name} breaks off"
    return ""


def _ends_well(path: Path) -> bool:
    try:
        if path.suffix == ".parquet":
            return _is_parquet(path)
        return path.suffix != ".safetensors" or _is_safetensors(path)
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return False


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        begins = file.read(len(MAGIC))
        file.seek(-len(MAGIC), 2)
        return begins == file.read() == MAGIC


def _is_safetensors(path: Path) -> bool:
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(LENGTH), "little")
        if length > size:
            return False
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    end = max(int(one["data_offsets"][1]) for one in header.values())
    return size == LENGTH + length + end
