r"""Scores of preferences: which of two replies a model prefers, and what learning that cost.

A model prefers the reply whose tokens have the higher mean log-probability; a tie is no preference,
and counts as wrong. Training raises the reward margin

\[ m = \beta \left( \ln \frac{\pi(y_c)}{\pi_0(y_c)} - \ln \frac{\pi(y_r)}{\pi_0(y_r)} \right) \]

of the chosen reply \(y_c\) over the rejected one \(y_r\), where \(\pi_0\) is the base before the
first step. The two need not agree. The likelihood of the chosen replies, before and after, says
what the preference cost elsewhere.

Source: Rafailov et al. 2023, arXiv:2305.18290. That rewards and likelihoods disagree: Chen et al.
2024, Preference Learning Algorithms Do Not Learn Preference Rankings, arXiv:2405.19534.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from polyculture.core.run import Score, Scores
from polyculture.stats.answers import aligned_answers, documents_of
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.scores import Numbers, ratio
from polyculture.stats.texts.token_losses import BITS, refuse_infinite

CHOSEN, REJECTED = "chosen", "rejected"
LOGS = ("log_chosen", "log_rejected")
"""Columns of answers: the log-probability of all tokens of each reply."""
TOKENS = ("tokens_chosen", "tokens_rejected")
"""Columns of answers: how many tokens these are, as far as they were read."""
REFERENCE = ("reference_chosen", "reference_rejected")
"""Columns of rows: log-probabilities before training, where the base was asked."""
SCHEMA: dict[str, Any] = {
    "id": pl.String,
    "answer": pl.String,
    **dict.fromkeys(LOGS, pl.Float64),
    **dict.fromkeys(TOKENS, pl.Int64),
    "bytes_chosen": pl.Int64,
}
NO_LOSS = "this method gives no probabilities"
NO_REFERENCE = "what the base said before training is not known"


def table_of_pairs(rows: pl.DataFrame, read: Sequence[Any]) -> pl.DataFrame:
    """Answers from the figures of both replies.

    Args:
        rows: What was read.
        read: Of each row a pair of nats, of tokens and of bytes; None where nothing was read.

    Raises:
        ModelError: A loss is NaN or infinite.

    Example:
        >>> table_of_pairs(pl.DataFrame({"id": ["a"]}), [((4.5, 4.0), (3, 2), (9, 7))]).row(0)
        ('a', 'chosen', -4.5, -4.0, 3, 2, 9)
    """
    cells: list[tuple[Any, ...]] = []
    for item, row in zip(rows["id"], read, strict=True):
        if row is None:
            cells.append((item, *[None] * 6))
            continue
        nats, tokens, covers = row
        refuse_infinite(item, *nats)
        is_chosen = nats[0] / tokens[0] < nats[1] / tokens[1]
        answer = CHOSEN if is_chosen else REJECTED
        cells.append((item, answer, -nats[0], -nats[1], *tokens, covers[0]))
    return pl.DataFrame(cells, schema=SCHEMA, orient="row")


def table_of_names(rows: pl.DataFrame, is_chosen: Sequence[bool]) -> pl.DataFrame:
    """The same of a method that only says which reply it prefers."""
    answers = [CHOSEN if chosen else REJECTED for chosen in is_chosen]
    found = {"id": rows["id"].to_list(), "answer": answers}
    empty = {name: [None] * len(rows) for name in SCHEMA if name not in found}
    return pl.DataFrame({**found, **empty}, schema=SCHEMA)


def score_preferences(
    rows: pl.DataFrame,
    covers: Sequence[int],
    answers: pl.DataFrame,
    *,
    beta: float,
    split: str,
    notes: Mapping[str, str | int | float],
) -> Scores:
    """Accuracy, which leads, the same before training, rewards, and the cost in likelihood.

    Args:
        rows: The rows that were answered, with the columns of ``REFERENCE`` if the base was asked.
        covers: Bytes of the chosen reply of each.
        answers: Columns of ``SCHEMA``; an answer that is null was not given.
        beta: The scale of rewards.
        split: Name of the split.
        notes: What else belongs into the protocol.
    """
    answers = aligned_answers(rows, answers)
    missing = answers["answer"].is_null().to_numpy()
    right = (answers["answer"] == CHOSEN).fill_null(value=False).to_numpy()
    logs, tokens = _columns(answers, LOGS), _columns(answers, TOKENS)
    known = set(REFERENCE) <= set(rows.columns)
    reference = _columns(rows, REFERENCE) if known else np.full_like(logs, np.nan)
    gains = logs - reference
    margin = beta * (gains[:, 0] - gains[:, 1])
    has_margin = ~np.isnan(margin) | (missing & known)  # an answer that was not given is no gain
    means = reference / tokens
    sums = [
        right,
        np.ones(len(rows)),
        means[:, 0] > means[:, 1],
        ~np.isnan(means[:, 0]),
        margin > 0,
        np.nan_to_num(margin),
        has_margin,
        *_chosen(logs[:, 0], answers, covers, asked=~np.isnan(logs[:, 0]) | missing),
        *_chosen(reference[:, 0], answers, covers, asked=~np.isnan(means[:, 0])),
    ]
    drawn = Resampled(
        csr_array(np.stack(sums, axis=1).astype(np.float64)), documents=documents_of(rows)
    )
    return Scores(
        split=split,
        items=len(rows),
        scores=(
            _share(drawn, "preference_accuracy", 0, 1, "there are no rows", headline=True),
            _share(drawn, "preference_accuracy_before", 2, 3, NO_REFERENCE),
            _share(drawn, "reward_accuracy", 4, 6, NO_REFERENCE),
            drawn.score(
                "mean_margin",
                lambda s: ratio(s[..., 5], s[..., 6]),
                reason=NO_REFERENCE,
                in_percent=False,
            ),
            *_of_chosen(drawn, "", 7, NO_LOSS),
            *_of_chosen(drawn, "_before", 10, NO_REFERENCE),
        ),
        protocol={
            "preferred_by": "mean log-probability of a token",
            "rows_with_reference": int(has_margin.sum()),
            "missing_answers": int(missing.sum()),
            "beta": beta,
            **drawn.protocol(),
            **notes,
        },
    )


def _columns(table: pl.DataFrame, names: tuple[str, str]) -> Numbers:
    """Two columns with NaN where there is nothing, ``(rows, 2)``."""
    found: Numbers = table.select(pl.col(*names).cast(pl.Float64).fill_null(np.nan)).to_numpy()
    return found


def _chosen(logs: Numbers, answers: pl.DataFrame, covers: Sequence[int], *, asked: Any) -> Any:
    """Nats, tokens and bytes of the chosen replies; what was not read is guessed blindly.

    Args:
        logs: Log-probability of each, NaN where it is not known.
        answers: With the tokens and bytes that were read.
        covers: Bytes of each as a whole.
        asked: Which rows count.
    """
    whole = np.array(covers, dtype=np.float64)
    known = ~np.isnan(logs)
    tokens, read = _columns(answers, (TOKENS[0], "bytes_chosen")).T
    unread = np.where(known, np.maximum(whole - np.nan_to_num(read), 0), whole)
    nats = np.where(known, -np.nan_to_num(logs), 0) + BITS * math.log(2) * unread
    return asked * nats, asked * (np.where(known, np.nan_to_num(tokens), 0) + unread), asked * whole


def _share(
    drawn: Resampled, name: str, part: int, whole: int, reason: str, *, headline: bool = False
) -> Score:
    return drawn.score(
        name,
        lambda s: ratio(s[..., part], s[..., whole]),
        reason=reason,
        headline=headline,
        is_share=True,
        among=whole,
    )


def _of_chosen(drawn: Resampled, when: str, first: int, reason: str) -> list[Score]:
    """Bits a byte and perplexity from nats, tokens and bytes that begin at a place."""
    facts: dict[str, Any] = {"reason": reason, "higher_is_better": False, "in_percent": False}
    return [
        drawn.score(
            f"chosen_bits_per_byte{when}",
            lambda s: ratio(s[..., first], s[..., first + 2]) / math.log(2),
            **facts,
        ),
        drawn.score(
            f"chosen_token_perplexity{when}",
            lambda s: np.exp(ratio(s[..., first], s[..., first + 1])),
            **facts,
        ),
    ]
