"""Records of fixed size that may be more than memory holds: sorted into files by their key.

All records of one key end up in one part, and a part fits into memory. So what needs all records of
a key, such as finding repeated rows, is done part by part.
"""

from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

MOST = 4_000_000
"""Records that are held in memory; with 24 bytes each, some 100 MB."""
PARTS = 64
"""Files that records are dealt into. Twice as many records as ``MOST * PARTS`` would double the
memory of a part."""


class Spill:
    """Records with an unsigned 64-bit field ``key``; what lies on disk goes with this object.

    Example:
        >>> spill = Spill(np.dtype([("key", "u8"), ("row", "u4")]), most=2)
        >>> for row, key in enumerate([7, 1 << 63, 7]):
        ...     spill.add(np.array([(key, row)], dtype=spill.kind))
        >>> sorted(part["row"].tolist() for part in spill.parts())
        [[0, 2], [1]]
    """

    def __init__(self, kind: "np.dtype[Any]", *, most: int = MOST) -> None:
        """Make an empty spill.

        Args:
            kind: A structured type with the field ``key``, whose bits are evenly distributed.
            most: Records held in memory before they go to disk.
        """
        self.kind = kind
        self.most = most
        self._held: list[NDArray[Any]] = []
        self._count = 0
        self._place: Path | None = None

    @property
    def is_on_disk(self) -> bool:
        """Whether some records had to be written."""
        return self._place is not None

    def add(self, records: NDArray[Any]) -> None:
        """Keep some records.

        Raises:
            OSError: The disk of temporary files is full.
        """
        self._held.append(records)
        self._count += len(records)
        if self._count > self.most:
            self._write()

    def parts(self) -> Iterator[NDArray[Any]]:
        """All records; those of one key are in one part, in the order in which they were added."""
        if self._place is None:
            yield np.concatenate(self._held) if self._held else np.zeros(0, dtype=self.kind)
            return
        self._write()
        for part in range(PARTS):
            file = self._file(part)
            if file.exists():
                yield np.fromfile(file, dtype=self.kind)

    def _file(self, part: int) -> Path:
        if self._place is None:
            self._place = Path(mkdtemp(prefix="polyculture-"))
            finalize(self, rmtree, self._place, ignore_errors=True)
        return self._place / f"{part}.bin"

    def _write(self) -> None:
        if not self._held:
            return
        records = np.concatenate(self._held)
        number = (records["key"] >> np.uint64(58)).astype(np.uint8)  # the first six bits: 64 parts
        order = np.argsort(number, kind="stable")
        bounds = np.searchsorted(number[order], np.arange(PARTS + 1))
        for part in range(PARTS):
            some = records[order[bounds[part] : bounds[part + 1]]]
            if len(some):
                with self._file(part).open("ab") as file:
                    file.write(some.tobytes())
        self._held, self._count = [], 0
