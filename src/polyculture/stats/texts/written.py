"""Scores of generated texts against one right text each: sacreBLEU's BLEU and chrF.

sacreBLEU counts each sentence; the scores are functions of sums of these counts, so that the rounds
of a bootstrap are exact. BLEU and chrF run from 0 to 100 here, as everywhere else.

Source: Post 2018, "A call for clarity in reporting BLEU scores", arXiv:1804.08771; Popović 2015,
chrF, W15-3049.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from polyculture.core.errors import need
from polyculture.core.run import Scores
from polyculture.stats.answers import aligned_answers, documents_of
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.scores import Numbers

EMPTY = "there is no text to compare with"
MOST = 100.0
Counts = list[list[float]]


def score_written(
    rows: pl.DataFrame,
    gold: Sequence[str],
    answers: pl.DataFrame,
    *,
    tokenize: str,
    split: str,
    notes: Mapping[str, str | int | float],
) -> Scores:
    """BLEU, which leads, and chrF2 of all answers together.

    Args:
        rows: The rows that were answered.
        gold: Their right texts.
        answers: Columns ``id`` and ``answer``; one that is null was not given, and is empty.
        tokenize: How sacreBLEU cuts texts into words for BLEU.
        split: Name of the split.
        notes: What else belongs into the protocol.
    """
    answered = aligned_answers(rows, answers)["answer"].to_list()
    texts = [answer or "" for answer in answered]
    bleu, chrf = _metrics(tokenize)
    words, letters = _counts(bleu, texts, gold), _counts(chrf, texts, gold)
    width = len(words[0])
    drawn = Resampled(
        csr_array(np.hstack([np.array(words, float), np.array(letters, float)])),
        documents=documents_of(rows),
    )
    scores = (
        drawn.score(
            "bleu", _of(bleu, slice(0, width)), reason=EMPTY, headline=True, in_percent=False
        ),
        drawn.score("chrf2", _of(chrf, slice(width, None)), reason=EMPTY, in_percent=False),
    )
    return Scores(
        split=split,
        items=len(rows),
        scores=scores,
        protocol={
            "scorer": "sacrebleu",
            "bleu": str(bleu.get_signature()),
            "chrf2": str(chrf.get_signature()),
            "missing_answers": answered.count(None),
            **drawn.protocol(),
            **notes,
        },
    )


def chrf_grades(gold: Sequence[str], answers: Sequence[str | None]) -> list[float]:
    """chrF2 of each text alone, from 0 to 1; 0 for one that was not given.

    Example:
        >>> [round(grade, 2) for grade in chrf_grades(["ein Haus"] * 3, ["ein Haus", "eins", None])]
        [1.0, 0.31, 0.0]
    """
    chrf = _metrics("none")[1]
    texts = [answer or "" for answer in answers]
    return [_score(chrf, counts) / MOST for counts in _counts(chrf, texts, gold)]


def chrf_sums(texts: Sequence[str], gold: Sequence[str]) -> tuple[Numbers, str]:
    """What each text adds to the sums of chrF2, ``(texts, sums)``, and sacreBLEU's signature.

    Example:
        >>> sums, signature = chrf_sums(["ein Haus"], ["ein Haus"])
        >>> float(chrf_of_sums(sums.sum(axis=0))), signature[:18]
        (100.0, 'nrefs:1|case:mixed')
    """
    chrf = _metrics("none")[1]
    counts = np.array(_counts(chrf, texts, gold), dtype=np.float64)
    return counts, str(chrf.get_signature())


def chrf_of_sums(sums: Numbers) -> Numbers:
    """The chrF2 of sums ``(..., sums)``, from 0 to 100."""
    return _of(_metrics("none")[1], slice(None))(sums)


def _metrics(tokenize: str) -> tuple[Any, Any]:
    metrics = need("sacrebleu", extra="train", purpose="Scoring written texts").metrics
    return metrics.BLEU(tokenize=tokenize, force=True), metrics.CHRF()


def _counts(metric: Any, texts: Sequence[str], gold: Sequence[str]) -> Counts:
    """What each text adds to the sums; this part of the pinned library has no public name."""
    counts: Counts = metric._extract_corpus_statistics(texts, [gold])  # noqa: SLF001
    return counts


def _score(metric: Any, counts: list[float]) -> float:
    """The score of some sums, from 0 to 100; sums of floats may come out a little above."""
    return min(MOST, float(metric._compute_score_from_stats(counts).score))  # noqa: SLF001


def _of(metric: Any, part: slice) -> Callable[[Numbers], Numbers]:
    def score(sums: Numbers) -> float:
        return _score(metric, sums.tolist())

    return lambda sums: np.apply_along_axis(score, -1, sums[..., part])
