"""Names, shapes and number formats of the tensors in a folder's safetensors files.

Only headers are read (8 bytes of length, then JSON), never the numbers, so a damaged file is found
before torch is loaded.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyculture.core.errors import ModelError

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
ADDED = "adaptation.safetensors"
"""What an adaptation has added to a run's model and left beside its weights."""
FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
LONGEST_HEADER = 100_000_000
"""Bytes; the limit of the format itself."""
AGAIN = "Copy or download it again."
POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, kw_only=True)
class Stored:
    """How a tensor lies in its file."""

    shape: tuple[int, ...]
    dtype: str
    """As safetensors names it: ``F32``, ``BF16``, ``I8``, …"""

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        total = 1
        for length in self.shape:
            total *= length
        return total


def stored_tensors(folder: Path) -> dict[str, Stored]:
    """All tensors of a folder's weights, in one file or in several with an index.

    Raises:
        ModelError: A file is missing, empty, cut off, a Git LFS pointer or not safetensors, or a
            matrix is not stored in floating point.
    """
    single = folder / SINGLE
    if not single.is_file() and not (folder / INDEX).is_file():
        msg = f"{folder} has no {SINGLE}, and no other format of weights is read."
        raise ModelError(msg)
    tensors = header_of(single) if single.is_file() else _indexed(folder)
    for name, tensor in tensors.items():
        if name.endswith(".weight") and tensor.dtype not in FLOATS:
            msg = (
                f"{folder}: the weights are quantised ({name!r} is stored as {tensor.dtype}), but "
                "a base needs floating-point weights. Choose a version that is not quantised."
            )
            raise ModelError(msg)
    return tensors


def header_of(file: Path) -> dict[str, Stored]:
    """The tensors of one safetensors file.

    Raises:
        ModelError: The file cannot be read, or is not a whole safetensors file.
    """
    refuse_pointer(file)
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            text = stream.read(length) if length <= min(size, LONGEST_HEADER) else b""
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}."
        raise ModelError(msg) from error
    if size == 0:
        msg = f"{file} is empty (0 bytes), but it should hold the weights. {AGAIN}"
        raise ModelError(msg)
    try:
        table = json.loads(text)
        tensors = {n: _stored(entry) for n, entry in table.items() if n != "__metadata__"}
        ends = [table[name]["data_offsets"][1] for name in tensors]
        promised = 8 + length + max(ends, default=0)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        msg = f"{file} is not a safetensors file: its header cannot be read. {AGAIN}"
        raise ModelError(msg) from error
    if promised > size:
        msg = f"{file} is cut off: it should have {promised:,} bytes, but has {size:,}. {AGAIN}"
        raise ModelError(msg)
    return tensors


def _stored(entry: Any) -> Stored:
    return Stored(shape=tuple(int(n) for n in entry["shape"]), dtype=str(entry["dtype"]))


def refuse_pointer(file: Path) -> None:
    """Refuse a Git LFS pointer instead of the file.

    Raises:
        ModelError: It is such a pointer.
    """
    try:
        with file.open("rb") as stream:
            start = stream.read(len(POINTER))
    except OSError:
        return  # told by whoever reads the file
    if start == POINTER:
        msg = (
            f"{file} is a Git LFS pointer instead of the file itself: the repository was cloned "
            f"without its large files. Run 'git lfs pull' in it, or download the file."
        )
        raise ModelError(msg)


def _indexed(folder: Path) -> dict[str, Stored]:
    """The tensors of several files, each in the file that the index names."""
    places = _weight_map(folder / INDEX)
    headers: dict[str, dict[str, Stored]] = {}
    for name, part in places.items():
        if part not in headers:
            if not (folder / part).is_file():
                msg = f"{folder} lacks {part}, which {INDEX} names. {AGAIN}"
                raise ModelError(msg)
            headers[part] = header_of(folder / part)
        if name not in headers[part]:
            msg = f"{folder / part} lacks the tensor {name!r}, which {INDEX} promises. {AGAIN}"
            raise ModelError(msg)
    return {name: headers[part][name] for name, part in places.items()}


def _weight_map(index: Path) -> dict[str, str]:
    refuse_pointer(index)
    table = read_object(index)
    places = table.get("weight_map")
    if not isinstance(places, dict) or not isinstance(table.get("metadata"), dict):
        lacking = "weight_map" if not isinstance(places, dict) else "metadata"
        msg = f"{index} is damaged: it has no table {lacking!r}. {AGAIN}"
        raise ModelError(msg)
    for name, part in places.items():
        if not isinstance(part, str) or Path(part).name != part:
            msg = f"{index}: {name!r} should name a file of the same folder, got {part!r}."
            raise ModelError(msg)
    return places


def read_object(file: Path) -> dict[str, Any]:
    """A JSON file whose content is an object.

    Raises:
        ModelError: It is missing, not readable, not JSON or not an object.
    """
    refuse_pointer(file)
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}."
        raise ModelError(msg) from error
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
        msg = f"{file} cannot be read as JSON: {reason}."
        raise ModelError(msg) from error
    if not isinstance(table, dict):
        msg = f"{file} should hold settings by name, but holds {type(table).__name__}."
        raise ModelError(msg)
    return table
