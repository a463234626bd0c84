"""A fixed sample of rows of any number, in memory that does not grow with them.

Rows with the smallest digests of seed and id are kept. So the sample depends on the rows alone, not
on their order or on how many are read at a time, and rows that join a file shuffle no others.
"""

import numpy as np
import polars as pl

from polyculture.datacheck.counters.keys import digest

RANK, PLACE = "_rank", "_place"
MOST_BYTES = 200_000_000
"""Bytes of rows that a sample may take, whatever its number of rows."""


class Sample:
    """At most ``most`` rows of one split.

    Example:
        >>> sample = Sample(most=2, seed=1)
        >>> sample.add(pl.DataFrame({"id": ["a", "b"]}))
        >>> sample.add(pl.DataFrame({"id": ["c"]}))
        >>> len(sample.rows()), sample.seen, sample.is_whole
        (2, 3, False)
    """

    def __init__(self, *, most: int, seed: int) -> None:
        self.most = most
        self.seed = seed
        self.seen = 0
        self._held: list[pl.DataFrame] = []
        self._count = self._bytes = 0
        self._limit = np.uint64(2**64 - 1)

    @property
    def is_whole(self) -> bool:
        """Whether every row is in it."""
        return self.seen == len(self.rows())

    def add(self, rows: pl.DataFrame) -> None:
        """Look at some more rows."""
        names = rows["id"].to_list()
        ranks = np.array([digest(f"{self.seed} {name}") for name in names], dtype=np.uint64)
        places = np.arange(self.seen, self.seen + len(rows))
        self.seen += len(rows)
        kept = np.flatnonzero(ranks <= self._limit)
        some = _alone(rows[kept]).with_columns(
            pl.Series(RANK, ranks[kept], pl.UInt64), pl.Series(PLACE, places[kept], pl.Int64)
        )
        self._held.append(some)
        self._count += len(some)
        self._bytes += int(some.estimated_size())
        if self._count > 2 * self.most or self._bytes > 2 * MOST_BYTES:
            self._shrink()

    def rows(self) -> pl.DataFrame:
        """The sample, in the order of the rows."""
        if not self._held:
            return pl.DataFrame()
        self._shrink()
        return self._held[0].drop(RANK, PLACE)

    def _shrink(self) -> None:
        every = pl.concat(self._held, how="diagonal_relaxed")
        most = self.most
        if self._bytes > MOST_BYTES:
            most = min(most, max(1, len(every) * MOST_BYTES // self._bytes))
        if len(every) > most:
            every = every.sort(RANK, PLACE).head(most)
            self._limit = np.uint64(every[RANK].to_numpy().max())
        self._held = [_alone(every.sort(PLACE))]
        self._count, self._bytes = len(every), int(every.estimated_size())


def _alone(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows without the rest of their file: a part of a frame keeps all its texts in memory."""
    return pl.DataFrame(rows.to_dict(as_series=False), schema=rows.schema)
