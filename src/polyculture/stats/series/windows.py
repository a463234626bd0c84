"""Histories of series as windows of one length, brought to one scale.

Each window has its own scale: less the mean of its known values, divided by their standard
deviation (Kim et al. 2022, RevIN, ICLR). What a network says is brought back the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FLAT = 1e-9
"""A window that varies by less than this share of its largest value does not vary at all."""
History = Sequence[float | None]
"""Values of a series before a forecast, the last one nearest; None where one is unknown."""


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Some histories, padded on the left to one length."""

    values: NDArray[np.float64]
    """``(rows, length)``, in the unit of the series, gaps filled by straight lines; before the
    first known value stands that value."""
    known: NDArray[np.bool_]
    """Where a value was measured, ``(rows, length)``."""
    mean: NDArray[np.float64]
    """Mean of the known values, ``(rows,)``."""
    spread: NDArray[np.float64]
    """Their standard deviation, ``(rows,)``; 1 where they are all the same."""

    @classmethod
    def of(cls, histories: Sequence[History], length: int) -> "Windows":
        """The last ``length`` values of each history, which has at least one known value.

        Where none of the last is known, the last one that is known begins the window.

        Example:
            >>> windows = Windows.of([[1.0, None, 3.0]], 4)
            >>> windows.values.tolist(), windows.known.tolist()
            ([[1.0, 1.0, 2.0, 3.0]], [[False, True, False, True]])
            >>> windows.scaled.tolist()
            [[-1.0, -1.0, 0.0, 1.0]]
        """
        raw = np.full((len(histories), length), np.nan)
        for row, history in enumerate(histories):
            last = history[-length:]
            raw[row, length - len(last) :] = np.array(last, dtype=np.float64)
            if np.isnan(raw[row]).all():
                raw[row, 0] = next(value for value in reversed(history) if value is not None)
        known = ~np.isnan(raw)
        mean = np.nanmean(raw, axis=1)
        spread, size = np.nanstd(raw, axis=1), np.nanmax(np.abs(raw), axis=1)
        return cls(
            values=np.stack([_filled(row) for row in raw]) if len(raw) else raw,
            known=known,
            mean=mean,
            spread=np.where(spread > FLAT * size, spread, 1.0),
        )

    @property
    def scaled(self) -> NDArray[np.float64]:
        """The values on the scale of their window, ``(rows, length)``."""
        return self.to_scale(self.values)

    def to_scale(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Other values of the same series, ``(rows, ...)``, on the scale of their window."""
        shape = (-1, *(1,) * (values.ndim - 1))
        return (values - self.mean.reshape(shape)) / self.spread.reshape(shape)

    def from_scale(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Numbers on the scale of their window, ``(rows, ...)``, in the unit of the series."""
        shape = (-1, *(1,) * (values.ndim - 1))
        return values * self.spread.reshape(shape) + self.mean.reshape(shape)


def _filled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Straight lines over what is unknown; the nearest known value at both ends."""
    known = ~np.isnan(values)
    places = np.arange(len(values))
    return np.interp(places, places[known], values[known])
