"""Estimate the cost of an audit from its numbers of models, items and resamples."""

import os
from dataclasses import dataclass

from polyculture.core.errors import PolycultureError

MOST_RESAMPLES = 1_000_000
"""The ends of an 95% interval are then known to a thousandth of its width; more is waste."""
LONGEST = 24 * 3600
"""Seconds beyond which an audit is refused."""
GIGABYTE = 1e9
# Measured on one core of a desktop of 2024, rounded up.
SECONDS_A_PAIR = 1e-3
SECONDS_A_PAIR_AND_ROUND = 2e-6
SECONDS_A_ROUND = 5e-6
SECONDS_A_CELL = 2e-9
"""A cell is one item of one pair in one round."""
BYTES_A_PAIR = 15_000
BYTES_A_PAIR_AND_ROUND = 64
"""Eight numbers: what several measures share is computed once and kept."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """A rough estimate; the true cost may be half or double."""

    models: int
    items: int
    resamples: int

    @property
    def pairs(self) -> int:
        """Pairs of models."""
        return self.models * (self.models - 1) // 2

    @property
    def seconds(self) -> float:
        """Time on one core."""
        rounds = self.resamples + 1
        a_pair = SECONDS_A_PAIR + rounds * (SECONDS_A_PAIR_AND_ROUND + self.items * SECONDS_A_CELL)
        return self.pairs * a_pair + rounds * (SECONDS_A_ROUND + self.items * SECONDS_A_CELL)

    @property
    def bytes(self) -> float:
        """Memory."""
        rounds = self.resamples + 1
        return self.pairs * (BYTES_A_PAIR + rounds * BYTES_A_PAIR_AND_ROUND) + rounds * self.items

    @property
    def sentence(self) -> str:
        """For example: ``4,950 pairs of models under 1,000 resamples of 900 items: about 15 s``."""
        return (
            f"{self.pairs:,} pairs of models under {self.resamples:,} resamples of "
            f"{self.items:,} items: about {_time(self.seconds)}"
        )


def refuse_too_much(cost: Cost, *, memory: float | None = None) -> None:
    """Refuse early an audit that would not finish.

    Args:
        cost: What it takes.
        memory: Bytes that may be used; what this machine has, if left out.

    Raises:
        PolycultureError: It takes more memory than there is, or longer than a day.

    Example:
        >>> refuse_too_much(Cost(models=100_000, items=10, resamples=0), memory=16e9)
        Traceback (most recent call last):
        polyculture.core.errors.PolycultureError: 4,999,950,000 pairs of models under 0 resamples \
of 10 items need about 75,319 GB of memory, and 16 GB are there. Compare fewer models (--models).
    """
    if cost.resamples > MOST_RESAMPLES:
        msg = (
            f"{cost.resamples:,} resamples are more than the {MOST_RESAMPLES:,} that an audit "
            "takes; intervals hardly change beyond 10,000. Lower --resamples."
        )
        raise PolycultureError(msg)
    memory = _memory() if memory is None else memory
    what = f"{cost.pairs:,} pairs of models under {cost.resamples:,} resamples of {cost.items:,}"
    without = Cost(models=cost.models, items=cost.items, resamples=0)
    fewer = "Compare fewer models (--models)"
    if without.bytes <= memory and without.seconds <= LONGEST and cost.resamples:
        fewer += " or set fewer --resamples"
    if cost.bytes > memory:
        msg = (
            f"{what} items need about {cost.bytes / GIGABYTE:,.0f} GB of memory, and "
            f"{memory / GIGABYTE:,.0f} GB are there. {fewer}."
        )
        raise PolycultureError(msg)
    if cost.seconds > LONGEST:
        msg = f"{what} items take about {_time(cost.seconds)}. {fewer}."
        raise PolycultureError(msg)


def _time(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:,.0f} seconds"


def _memory() -> float:
    """Bytes of this machine, or as many as this process may take."""
    try:
        import resource

        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    except (ImportError, OSError, ValueError):  # Windows
        return 64 * GIGABYTE
    return float(whole if limit == resource.RLIM_INFINITY else min(whole, limit))
