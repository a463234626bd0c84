"""Read ``model.bin`` of CTranslate2: the variables of a model by name.

One little-endian file of version 6:

1. version (u32), name of the specification (text), its revision (u32), number of variables (u32);
   a text is a u16 length that counts a closing zero byte, then the bytes;
2. for each variable: name (text), u8 rank, u32 for each dimension, u8 type, u32 length in bytes,
   the values row by row; types are 0 float32, 1 int8, 2 int16, 3 int32, 4 float16;
3. a list of second names, which is not needed.
"""

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture.sources.starter.binary import Reader

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 6
TYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}
LONGEST = 8
"""More dimensions than any variable has."""


def read_variables(path: Path, specification: str) -> "dict[str, NDArray[Any]]":
    """All variables, in the types they are stored in.

    Args:
        path: The file.
        specification: What kind of model it has to be, for example ``WhisperSpec``.

    Raises:
        StarterError: It is another kind of file or model, or ends too early; the message names the
            offset.
    """
    at = Reader(path.name, path.read_bytes())
    version = at.one("I")
    if version != VERSION:
        at.refuse(f"expected version {VERSION}, but it is {version}, so this is another file.")
    found = _text(at)
    if found != specification:
        at.refuse(f"expected a model of kind {specification}, but it is {found!r}.")
    at.one("I")  # revision
    return dict(_variable(at) for _ in range(at.one("I")))


def _variable(at: Reader) -> "tuple[str, NDArray[Any]]":
    import numpy as np

    name, rank = _text(at), at.one("B")
    if rank > LONGEST:
        at.refuse(f"the variable {name!r} has {rank} dimensions, which none has.")
    shape, kind, size = at.take(f"{rank}I"), at.one("B"), at.one("I")
    if kind not in TYPES:
        at.refuse(f"the variable {name!r} is of the unknown type {kind}.")
    dtype = np.dtype(TYPES[kind])
    if size != prod(shape) * dtype.itemsize:
        at.refuse(f"the variable {name!r} of shape {shape} cannot take {size} bytes.")
    return name, np.frombuffer(at.raw(size), dtype).reshape(shape)


def _text(at: Reader) -> str:
    return at.raw(at.one("H")).rstrip(b"\0").decode("utf-8", "replace")
