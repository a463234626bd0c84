"""Scores of numeric answers by their order: Spearman's and Pearson's correlation."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from scipy.sparse import csr_array
from scipy.stats import rankdata

from polyculture.core.run import Scores
from polyculture.stats.answers import aligned_answers, documents_of
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.scores import Numbers

ROUNDING = 1e-12
"""A spread that is a smaller share of the numbers is rounding alone."""


def score_order(
    rows: pl.DataFrame,
    right: Sequence[float],
    answers: pl.DataFrame,
    *,
    split: str,
    notes: Mapping[str, str | int | float],
) -> Scores:
    """Spearman's and Pearson's correlation of answers with what is right, with intervals.

    Ranks are those among all items; a bootstrap round draws items with their ranks.

    Args:
        rows: The rows that were answered.
        right: The right numbers.
        answers: Columns ``id`` and ``answer``, a number as text; a null counts as the lowest.
        split: Name of the split.
        notes: What else belongs into the protocol.
    """
    answers = aligned_answers(rows, answers)
    numbers = answers["answer"].cast(pl.Float64)
    lowest = numbers.min()
    filled = numbers.fill_null(0.0 if lowest is None else lowest).to_numpy()
    wanted = np.asarray(right, dtype=np.float64)
    pairs = ((rankdata(filled), rankdata(wanted)), (filled, wanted))
    features = np.concatenate([_features(*pair) for pair in pairs], axis=1)
    drawn = Resampled(csr_array(features), documents=documents_of(rows))
    reason = "all answers, or all right numbers, are the same"
    return Scores(
        split=split,
        items=len(rows),
        scores=(
            drawn.score(
                "spearman",
                lambda s: _pearson(s[..., :6]),
                reason=reason,
                headline=True,
                in_percent=False,
            ),
            drawn.score("pearson", lambda s: _pearson(s[..., 6:]), reason=reason, in_percent=False),
        ),
        protocol={
            "scorer": "polyculture.stats.vectors.correlations",
            "averaging": "over all items, ranks held while resampling",
            "missing_answers": numbers.null_count(),
            **drawn.protocol(),
            **notes,
        },
    )


def _features(x: Numbers, y: Numbers) -> Numbers:
    """What each item adds to the sums of a correlation, ``(items, 6)``."""
    x, y = _scaled(x), _scaled(y)
    return np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=1)


def _scaled(x: Numbers) -> Numbers:
    """The deviations from the mean, the largest of them 1; all 0 where they are rounding alone."""
    off = x - x.mean()
    most = np.abs(off).max()
    return np.asarray(off / most if most > ROUNDING * np.abs(x).max() else 0 * off)


def _pearson(sums: Numbers) -> Numbers:
    count, x, y, xy, xx, yy = np.moveaxis(sums, -1, 0)
    spread = np.maximum(xx - x * x / count, 0) * np.maximum(yy - y * y / count, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > ROUNDING, (xy - x * y / count) / np.sqrt(spread), np.nan)
