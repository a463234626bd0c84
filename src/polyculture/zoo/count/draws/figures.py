"""A figure that can be counted on any set of cards, so that its course can be followed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyculture.zoo.count.shares.classes import Positions

FEWEST = 5
"""Cards of a year below which it has no point."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number for any set of cards."""

    name: Any
    trait: str = ""
    value: Callable[[Positions], float]
    quick: Callable[[Positions], float]
    """The same, perhaps with more noise, for the halves."""
    has: NDArray[np.bool_]
    """Cards that it can be counted on."""
    fewest: int = FEWEST
    """Cards of a year below which it has no point."""
    smallest_half: int = 2
    """Cards that a half needs."""
    only_all: bool = False
    """It is counted on all cards together, and not for each community."""
