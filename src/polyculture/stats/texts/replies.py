r"""Scores of replies: how likely the right one is, how it ranks among others, and what is written.

\[ \text{bits a byte} = \frac{\sum \text{nats}}{\ln 2 \sum \text{bytes}}, \qquad
   \text{recall@k} = \frac{1}{n} \sum [\text{rank} \le k], \qquad
   \text{MRR} = \frac{1}{n} \sum \frac{1}{\text{rank}} \]

Nats are the loss of the right reply's tokens, the one that ends it among them; bytes are those of
its text (UTF-8). The rank is that of the right reply among replies that were drawn from other rows
(``stats/texts/rivals.py``). Bytes that a model did not read, and those of a row without an answer,
count as if each were a token of its own, guessed among 256; the rank of such a row is infinite.

Source: recall among ten candidates, Lowe et al. 2015, The Ubuntu Dialogue Corpus, arXiv:1506.08909;
chrF, Popović 2015, W15-3049.
"""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from polyculture.core.run import Score, Scores
from polyculture.stats.answers import aligned_answers, documents_of
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.scores import Numbers, ratio
from polyculture.stats.texts.token_losses import BITS, refuse_infinite
from polyculture.stats.texts.written import EMPTY, chrf_of_sums, chrf_sums

AT = (1, 2, 5)
"""Ranks up to which recall is given, as far as there are more candidates."""
FIGURES: dict[str, Any] = {
    "nats": pl.Float64,
    "tokens": pl.Int64,
    "bytes": pl.Int64,
    "rank": pl.Int64,
    "candidates": pl.Int64,
}
"""What is kept of a row beside the text: the loss of its replies, their tokens and bytes as far as
they were read, the rank of the right one and among how many. Null where there is none."""
NO_RIVAL = "no row has another reply to be told from"
NO_LOSS = "this method gives no probabilities"


def table_of_replies(rows: pl.DataFrame, read: Sequence[Any]) -> pl.DataFrame:
    """Ids and replies, with their figures; empty where nothing was asked.

    Args:
        rows: What was read.
        read: Of each row its nats, tokens, bytes, rank, candidates and text, where nats may be
            None; None for a row that was not answered.

    Raises:
        ModelError: A loss is NaN or infinite.

    Example:
        >>> rows = pl.DataFrame({"id": ["a", "b"]})
        >>> table_of_replies(rows, [(1.5, 2, 9, 1, 10, "Hi"), (0.0, 0, 0, 0, 0, "Ho")]).rows()
        [('a', 'Hi', 1.5, 2, 9, 1, 10), ('b', 'Ho', None, None, None, None, None)]
    """
    cells: list[tuple[Any, ...]] = []
    for item, row in zip(rows["id"], read, strict=True):
        nats, tokens, covers, rank, candidates, text = row or (None, 0, 0, 0, 0, None)
        if nats is not None:
            refuse_infinite(item, nats)
        known = (nats, tokens, covers) if tokens else (None, None, None)
        cells.append((item, text, *known, *((rank, candidates) if rank else (None, None))))
    schema = {"id": pl.String, "answer": pl.String, **FIGURES}
    return pl.DataFrame(cells, schema=schema, orient="row")


def reciprocal_ranks(rows: pl.DataFrame, answers: pl.DataFrame) -> list[float]:
    """One over the rank of each row's right reply; 0 where there is no answer or no rank."""
    ranks = aligned_answers(rows, answers)["rank"]
    return [float(value) for value in (1 / ranks).fill_null(0.0)]


def score_replies(
    rows: pl.DataFrame,
    gold: Sequence[str],
    covers: Sequence[int],
    answers: pl.DataFrame,
    *,
    candidates: int,
    split: str,
    notes: Mapping[str, str | int | float],
) -> Scores:
    """Recall, which leads, reciprocal rank, bits a byte, perplexity and chrF2.

    Args:
        rows: The rows that were answered.
        gold: Their right replies.
        covers: Bytes of all replies of a row that the loss is taken of.
        answers: Columns of ``table_of_replies``; an answer that is null was not given.
        candidates: Replies that each row was to be ranked among.
        split: Name of the split.
        notes: What else belongs into the protocol.
    """
    answers = aligned_answers(rows, answers)
    missing = answers["answer"].is_null().to_numpy()
    ranks = answers["rank"].cast(pl.Float64).fill_null(math.inf).to_numpy()
    ranked = missing | (answers["candidates"].fill_null(0) > 1).to_numpy()
    losses = _losses(answers, covers)
    letters, signature = chrf_sums([text or "" for text in answers["answer"].to_list()], gold)
    hits = [ranked & (ranks <= most) for most in AT]
    columns = [losses, *(hit[:, None] for hit in hits), (ranked / ranks)[:, None]]
    features = np.hstack([*columns, ranked[:, None], letters]).astype(np.float64)
    drawn = Resampled(csr_array(features), documents=documents_of(rows))
    has_losses = bool(missing.all() or answers["nats"].count())
    return Scores(
        split=split,
        items=len(rows),
        scores=(*_of_ranks(drawn, candidates), *_of_losses(drawn, has_losses), _chrf(drawn)),
        protocol={
            "candidates": candidates,
            "fewest_candidates": int(answers["candidates"].min() or 0),  # type: ignore[arg-type]
            "ranked_by": "mean log-probability of a token",
            "tokens": int(answers["tokens"].sum() or 0),
            "bytes": int(sum(covers)),
            "unread_bytes": int(sum(covers)) - int(answers["bytes"].sum() or 0),
            "chrf2": signature,
            "missing_answers": int(missing.sum()),
            **drawn.protocol(),
            **notes,
        },
    )


def _losses(answers: pl.DataFrame, covers: Sequence[int]) -> Numbers:
    """Nats, tokens and bytes of each row, what was not read guessed blindly, ``(rows, 3)``."""
    figures = answers.select(
        pl.col("nats", "tokens", "bytes").cast(pl.Float64).fill_null(0.0)
    ).to_numpy()
    whole = np.array(covers, dtype=np.float64)
    unread = np.maximum(whole - figures[:, 2], 0)
    blind = [figures[:, 0] + BITS * math.log(2) * unread, figures[:, 1] + unread, whole]
    return np.stack(blind, axis=1)


def _of_ranks(drawn: Resampled, candidates: int) -> list[Score]:
    found = [
        drawn.score(
            f"recall_at_{most}",
            partial(_share_of_ranked, place=3 + place),
            reason=NO_RIVAL,
            headline=most == 1,
            is_share=True,
            among=7,
        )
        for place, most in enumerate(AT)
        if most < candidates
    ]
    mean = drawn.score("mean_reciprocal_rank", partial(_share_of_ranked, place=6), reason=NO_RIVAL)
    return [*found, mean]


def _share_of_ranked(sums: Numbers, place: int) -> Numbers:
    return ratio(sums[..., place], sums[..., 7])


def _of_losses(drawn: Resampled, is_known: bool) -> list[Score]:  # noqa: FBT001  # a helper
    facts: dict[str, Any] = {"higher_is_better": False, "in_percent": False, "reason": NO_LOSS}

    def only(value: Numbers) -> Numbers:
        return value if is_known else np.full(np.shape(value), np.nan)

    return [
        drawn.score(
            "bits_per_byte", lambda s: only(ratio(s[..., 0], s[..., 2]) / math.log(2)), **facts
        ),
        drawn.score(
            "token_perplexity", lambda s: only(np.exp(ratio(s[..., 0], s[..., 1]))), **facts
        ),
    ]


def _chrf(drawn: Resampled) -> Score:
    return drawn.score("chrf2", lambda s: chrf_of_sums(s[..., 8:]), reason=EMPTY, in_percent=False)
