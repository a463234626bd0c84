"""Replies that the right one is ranked against, drawn from those of other rows."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True, slots=True)
class Rivals:
    """What the right reply of a row is ranked against."""

    rows: tuple[int, ...]
    """Rows whose replies are ranked, the row itself among them, in the order that decides ties."""
    right: int
    """The place of the row itself."""


def draw_rivals(contexts: Sequence[str], replies: Sequence[str], count: int) -> list[Rivals]:
    """Draw replies for each row from the distinct replies of all rows.

    Chance follows what the row holds: neither the order of the rows nor a seed changes it, but
    which replies there are does. The place of the right reply is drawn too, so that a method that
    cannot tell replies apart is right as often as chance is.

    Args:
        contexts: What each reply answers.
        replies: The right reply of each row.
        count: Replies that are ranked for each row, the right one among them; fewer where there
            are not so many that differ.

    Example:
        >>> drawn = draw_rivals(["Hi!", "Bye!", "Hm"], ["hello", "see you", "hello"], 10)
        >>> [len(one.rows) for one in drawn], [one.rows[one.right] for one in drawn]
        ([2, 2, 2], [0, 1, 2])
    """
    firsts: dict[str, int] = {}
    for row, reply in enumerate(replies):
        firsts.setdefault(reply, row)
    distinct = sorted(firsts)
    places = {reply: place for place, reply in enumerate(distinct)}
    others = min(count, len(distinct)) - 1
    found = []
    for row, (context, reply) in enumerate(zip(contexts, replies, strict=True)):
        rng = np.random.default_rng(zlib.crc32(f"{context}\0{reply}".encode()))
        drawn = rng.choice(max(1, len(distinct) - 1), others, replace=False).tolist()
        # the place of the right reply is jumped over
        rows = [firsts[distinct[n + (n >= places[reply])]] for n in drawn]
        right = int(rng.integers(others + 1))
        rows.insert(right, row)
        found.append(Rivals(rows=tuple(rows), right=right))
    return found


def rank_of(scores: Sequence[float], right: int) -> int:
    """The rank of one of several scores, from 1, the highest; ties go to the first.

    Example:
        >>> rank_of([0.5, 2.0, 1.0], 2), rank_of([1.0, 1.0], 1), rank_of([1.0, 1.0], 0)
        (2, 2, 1)
    """
    mine = scores[right]
    return 1 + sum(score > mine or (score == mine and n < right) for n, score in enumerate(scores))
