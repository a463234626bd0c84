r"""Scores of answers that are rankings, as the TREC evaluations compute them.

\[ \mathrm{nDCG@10} = \frac{\sum_{r \le 10} [r \text{ is right}] / \log_2(r + 1)}
                           {\sum_{r \le \min(10, n)} 1 / \log_2(r + 1)} \]

with n right names of an item. Of equal scores the name that comes last in code-point order stands
first, as ``trec_eval`` has it. Ranked is always everything that there is, never a sample.

Source: Järvelin and Kekäläinen 2002, Cumulated gain-based evaluation of IR techniques.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from polyculture.core.run import Scores, ScoreTable
from polyculture.stats.answers import aligned_answers, documents_of
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.scores import Numbers

SHORT, LONG = 10, 100
"""Ranks that count for nDCG and the reciprocal rank, and for recall."""
Ranking = Sequence[str] | None


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """The names that fit best, and how well the first one does."""

    names: list[list[str]]
    best: list[float]


def _mean_feature(sums: Numbers, *, place: int) -> Numbers:
    """The mean of one feature, from the sums of all; the first counts the items."""
    return sums[..., place] / sums[..., 0]


def ranked(scores: NDArray[Any], names: Sequence[str], most: int = LONG) -> Ranked:
    """The best names of each item, in the order of TREC.

    Args:
        scores: Of every name for every item, ``(items, names)``.
        names: What is ranked.
        most: Names that are kept.

    Example:
        >>> ranked(np.array([[0.1, 0.9, 0.9]]), ["a", "b", "c"], most=2).names
        [['c', 'b']]
    """
    last_first = sorted(range(len(names)), key=names.__getitem__, reverse=True)
    turned = np.asarray(scores)[:, last_first]
    order = np.argsort(-turned, axis=1, kind="stable")[:, :most]
    return Ranked(
        names=[[names[last_first[place]] for place in row] for row in order.tolist()],
        best=np.take_along_axis(turned, order[:, :1], axis=1)[:, 0].astype(float).tolist(),
    )


def gain(ranking: Ranking, right: Sequence[str]) -> float:
    """nDCG@10 of one ranking; 0 where none was given.

    Example:
        >>> gain(["x", "a"], ["a"]), gain(None, ["a"])
        (0.6309297535714575, 0.0)
    """
    wanted = set(right)
    worth = 1 / np.log2(np.arange(2, SHORT + 2))
    hits = np.array([name in wanted for name in (ranking or ())[:SHORT]], dtype=float)
    return float(hits @ worth[: len(hits)] / worth[: min(SHORT, len(wanted))].sum())


def reciprocal(ranking: Ranking, right: Sequence[str]) -> float:
    """One over the rank of the first right name among ten; 0 where there is none.

    Example:
        >>> reciprocal(["x", "a"], ["a"])
        0.5
    """
    places = [place for place, name in enumerate((ranking or ())[:SHORT], 1) if name in right]
    return 1 / places[0] if places else 0.0


def recall(ranking: Ranking, right: Sequence[str]) -> float:
    """Share of the right names among the first hundred.

    Example:
        >>> recall(["x", "a"], ["a", "b"])
        0.5
    """
    return len({*(ranking or ())[:LONG]} & {*right}) / len({*right})


def best_order(
    rows: pl.DataFrame, right: Sequence[Sequence[str]], answers: pl.DataFrame
) -> ScoreTable:
    """What the names that were ranked would reach in their best order: an oracle, not a method.

    Args:
        rows: The rows that were answered.
        right: The right names of each, one at least.
        answers: Columns ``id`` and ``ranking``.
    """
    pairs = list(zip(aligned_answers(rows, answers)["ranking"].to_list(), right, strict=True))
    best = [sorted(ranking or (), key=lambda name: name not in names) for ranking, names in pairs]
    figures: dict[str, str | int | float | None] = {"label": "best order"}
    for name, figure in (("ndcg_at_10", gain), ("mrr_at_10", reciprocal)):
        values = [figure(ranking, names) for ranking, names in zip(best, right, strict=True)]
        figures[name] = float(np.mean(values))
    return ScoreTable(
        name="oracle",
        title="what the same candidates reach in their best order, chosen with the gold in sight",
        rows=(figures,),
    )


def score_rankings(
    rows: pl.DataFrame,
    right: Sequence[Sequence[str]],
    answers: pl.DataFrame,
    *,
    split: str,
    notes: Mapping[str, str | int | float],
) -> Scores:
    """nDCG@10, MRR@10, recall@100 and how often the first is right, with intervals.

    Args:
        rows: The rows that were answered.
        right: The right names of each, one at least.
        answers: Columns ``id``, ``answer`` and ``ranking``; a null was not given, and is wrong.
        split: Name of the split.
        notes: What else belongs into the protocol.
    """
    answers = aligned_answers(rows, answers)
    rankings = answers["ranking"].to_list()
    features = np.array(
        [
            [1.0, gain(r, w), reciprocal(r, w), recall(r, w), float(bool(r) and r[0] in w)]
            for r, w in zip(rankings, right, strict=True)
        ]
    )
    drawn = Resampled(csr_array(features), documents=documents_of(rows))
    names = ("ndcg_at_10", "mrr_at_10", "recall_at_100", "first_is_right")
    return Scores(
        split=split,
        items=len(rows),
        scores=tuple(
            drawn.score(
                name,
                partial(_mean_feature, place=place),
                reason="there are no items",
                headline=name == names[0],
                is_share=name == names[-1],
            )
            for place, name in enumerate(names, 1)
        ),
        protocol={
            "scorer": "polyculture.stats.vectors.rankings, binary relevance as in trec_eval",
            "averaging": "mean over items",
            "ties": "the name that is last in code-point order first",
            "missing_answers": rankings.count(None),
            **drawn.protocol(),
            **notes,
        },
    )
