"""How many rounds of drawing a zoo can afford."""

WORK = 20_000_000
"""Cards that all rounds of one figure may draw together; about a second."""
FEWEST_DRAWS = 39
"""Draws of chance that are made in any case: the lowest p value is then 1 in 40."""
FEWEST_RESAMPLES = 20
"""Rounds of resampling that are made in any case: their spread is then known to a sixth."""


def affordable(asked: int, size: int, *, fewest: int = FEWEST_DRAWS) -> int:
    """Rounds that are made: those asked for, unless cards times rounds come to over 20 million.

    Figures of large random sets hardly vary, so little is lost; the lowest possible p value is
    1 / (rounds + 1).

    Args:
        asked: Rounds that the caller wants.
        size: Cards that each round draws.
        fewest: Rounds that are made in any case, if so many are asked for.

    Example:
        >>> affordable(1000, 500), affordable(1000, 100_000), affordable(1000, 2_000_000)
        (1000, 200, 39)
    """
    return min(asked, max(fewest, WORK // max(size, 1)))


def made(size: int, *, draws: int, resamples: int) -> dict[str, int]:
    """How many rounds each figure of a zoo has at least: for the settings of a survey.

    Figures over a few large classes (licences, values of a trait) have all that were asked for,
    since only the numbers of each class are drawn.

    Example:
        >>> made(2_000_000, draws=1000, resamples=1000)
        {'draws_at_least': 39, 'resamples_at_least': 20}
    """
    return {
        "draws_at_least": affordable(draws, size),
        "resamples_at_least": affordable(resamples, size, fewest=FEWEST_RESAMPLES),
    }


def batches(rounds: int, cells: int, *, most: int = 4_000_000) -> list[int]:
    """Rounds that are made at once, so that arrays of rounds x cells stay small.

    Example:
        >>> batches(10, 1_000_000)
        [4, 4, 2]
    """
    at_once = max(1, most // max(cells, 1))
    return [min(at_once, rounds - start) for start in range(0, rounds, at_once)]
