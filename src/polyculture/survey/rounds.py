"""How many rounds of drawing a zoo can afford."""

WORK = 40_000_000
"""Cards that all rounds of one figure may draw together; about four seconds."""
FEWEST = 39
"""Rounds that are made in any case: the lowest p value is then 1 in 40."""


def affordable(asked: int, size: int) -> int:
    """Rounds that are made: those asked for, unless cards times rounds come to over 40 million.

    Chance levels of large sets hardly vary, so little is lost; the lowest possible p value is
    1 / (rounds + 1).

    Args:
        asked: Rounds that the caller wants.
        size: Cards that each round draws.

    Example:
        >>> affordable(1000, 500), affordable(1000, 100_000), affordable(1000, 2_000_000)
        (1000, 400, 39)
    """
    return min(asked, max(FEWEST, WORK // max(size, 1)))


def batches(rounds: int, cells: int, *, most: int = 4_000_000) -> list[int]:
    """Rounds that are made at once, so that arrays of rounds x cells stay small.

    Example:
        >>> batches(10, 1_000_000)
        [4, 4, 2]
    """
    at_once = max(1, most // max(cells, 1))
    return [min(at_once, rounds - start) for start in range(0, rounds, at_once)]
