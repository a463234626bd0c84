"""Read the packed file ``E5S1``: a BERT encoder in 4-bit blocks, with its tokenizer.

One little-endian file:

1. magic ``E5S1``, version (u32), then seven i32 (width, layers, heads, inner width, vocabulary,
   positions, token types), an f32 (constant of the layer norms) and an i32 (block size, 32);
2. tokenizer: five i32 (pieces, ids of begin, end, padding and unknown), u64 length of the text,
   u32 offsets (pieces + 1), f32 scores (pieces), the UTF-8 text;
3. normal forms: i32 entries, u32 length in bytes, then for each a u32 code point, a u8 count and
   so many u32 code points to put in its place;
4. directory: i32 entries; for each u16 + name, u8 type, u32 elements, u64 offset from the start of
   the file, u64 length in bytes;
5. tensors. Matrices are rows cut into blocks of 32 weights, each block a float16 scale and 16
   bytes; byte j holds weight j in its low and weight j + 16 in its high half, and a weight is
   (half - 8) * scale. All else is plain float32.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from polyculture.core.errors import StarterError
from polyculture.sources.starter.binary import Reader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"E5S1"
BLOCK = 32
BLOCK_BYTES = 2 + BLOCK // 2


@dataclass(frozen=True, kw_only=True)
class Packed:
    """What the file holds; tensors are unpacked when they are asked for."""

    name: str
    data: bytes
    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    pieces: tuple[tuple[str, float], ...]
    special: Mapping[str, int]
    normal_forms: Mapping[str, str]
    """Characters and what they become before they are cut into pieces."""
    directory: Mapping[str, tuple[int, int]]
    """Offset and length of each tensor."""

    def rows(self, tensor: str, width: int) -> int:
        """How many float32 rows of this width a tensor has."""
        return self._place(tensor)[1] // 4 // width

    def plain(self, tensor: str, *shape: int) -> "NDArray[np.float32]":
        """A float32 tensor.

        Raises:
            StarterError: It is not there or has another length; the message names the offset.
        """
        import numpy as np

        raw = self._bytes(tensor, 4 * prod(shape))
        return np.frombuffer(raw, "<f4").reshape(shape).astype(np.float32)

    def matrix(self, tensor: str, rows: int, columns: int) -> "NDArray[np.float32]":
        """A matrix out of its 4-bit blocks.

        Raises:
            StarterError: It is not there or has another length; the message names the offset.
        """
        import numpy as np

        count = rows * columns // BLOCK
        raw = self._bytes(tensor, count * BLOCK_BYTES)
        blocks = np.frombuffer(raw, np.uint8).reshape(count, BLOCK_BYTES)
        scales = blocks[:, :2].copy().view("<f2").astype(np.float32)  # (blocks, 1)
        halves = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
        values: NDArray[np.float32] = (halves.astype(np.float32) - 8) * scales
        return values.reshape(rows, columns)

    def _place(self, tensor: str) -> tuple[int, int]:
        if tensor not in self.directory:
            msg = f"{self.name} holds no tensor {tensor!r}, so it is no encoder as expected."
            raise StarterError(msg)
        return self.directory[tensor]

    def _bytes(self, tensor: str, length: int) -> bytes:
        offset, stored = self._place(tensor)
        if stored != length or offset + length > len(self.data):
            msg = (
                f"{self.name}, offset {offset}: the tensor {tensor!r} should take {length} bytes, "
                f"but takes {stored} of a file of {len(self.data)}."
            )
            raise StarterError(msg)
        return self.data[offset : offset + length]


def read_packed(path: Path) -> Packed:
    """Read header, tokenizer and directory.

    Raises:
        StarterError: The file is not of this format, or ends too early; the message names the
            offset.
    """
    at = Reader(path.name, path.read_bytes())
    if at.raw(4) != MAGIC:
        msg = f"{path.name}, offset 0: expected the mark {MAGIC.decode()}, so this is another file."
        raise StarterError(msg)
    at.one("I")  # version
    width, layers, heads, inner, vocabulary, positions, types = at.take("7i")
    epsilon, block = at.take("fi")
    if block != BLOCK or width <= 0 or width % BLOCK or heads <= 0 or width % heads:
        what = f"width {width}, heads {heads}, blocks of {block} do not fit together."
        at.refuse(what)
    pieces, special = _tokenizer(at)
    return Packed(
        name=path.name,
        data=at.data,
        width=width,
        layers=layers,
        heads=heads,
        inner=inner,
        vocabulary=vocabulary,
        positions=positions,
        types=types,
        epsilon=round(epsilon, 15),
        pieces=pieces,
        special=special,
        normal_forms=_normal_forms(at),
        directory=_directory(at),
    )


def _tokenizer(at: Reader) -> tuple[tuple[tuple[str, float], ...], dict[str, int]]:
    count, begin, end, padding, unknown = at.take("5i")
    size = at.one("Q")
    offsets = at.take(f"{max(count, 0) + 1}I")
    scores = at.take(f"{max(count, 0)}f")
    text = at.raw(size)
    if list(offsets) != sorted(offsets) or offsets[-1] > size:
        at.refuse(f"the pieces do not lie within their text of {size} bytes.")
    special = {"<s>": begin, "<pad>": padding, "</s>": end, "<unk>": unknown}
    if not all(0 <= number < count for number in special.values()):
        at.refuse(f"ids of special pieces {special} lie outside {count} pieces.")
    try:
        pieces = tuple(
            (text[offsets[i] : offsets[i + 1]].decode(), scores[i]) for i in range(count)
        )
    except UnicodeDecodeError as error:
        at.refuse(f"a piece is not UTF-8: {error}.", error)
    return pieces, special


def _normal_forms(at: Reader) -> dict[str, str]:
    entries, size = at.take("iI")
    end = at.at + size
    forms = {}
    for _ in range(entries):
        point, length = at.take("IB")
        forms[chr(point)] = "".join(map(chr, at.take(f"{length}I")))
    if at.at > end:
        at.refuse(f"the normal forms should end at {end}.")
    at.at = end
    return forms


def _directory(at: Reader) -> dict[str, tuple[int, int]]:
    directory = {}
    for _ in range(at.one("i")):
        name = at.raw(at.one("H")).decode("utf-8", "replace")
        _, _, offset, length = at.take("BIQQ")
        directory[name] = (offset, length)
    return directory
