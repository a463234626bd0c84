r"""Answers that are labels with an order: expected ranks, and scores by how far off they are.

\[ \kappa = 1 - \frac{\sum_{g a} (g - a)^2 \, o_{g a}}{\sum_{g a} (g - a)^2 \, r_g c_a / n} \]

with o the counts of gold g and answer a, r and c their totals, n the rows. A missing answer counts
like one drawn from the gold's own shares, which is worth 0, and as the rank that is farthest off.

Source: Cohen 1968, doi:10.1037/h0026256.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack
from scipy.special import softmax

from polyculture.core.errors import RecipeError, RowError
from polyculture.core.parts import suggestion
from polyculture.core.run import Score, Scores
from polyculture.stats.answers import aligned_answers, documents_of, one_hot
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.labels.label_answers import label_numbers, one_label
from polyculture.stats.labels.labelled import score_one
from polyculture.stats.labels.learning_checks import MOST_NAMED
from polyculture.stats.scores import Numbers, ratio

Answer = Literal["median_rank", "expected_rank", "most_probable"]
DIGITS = 12
"""Digits that count; beyond them is rounding."""
NO_SPREAD = "all gold and all answers are one label"


def check_order(rows: pl.DataFrame, where: str, column: str, order: Sequence[str]) -> None:
    """Every label has a place in the order.

    Args:
        rows: Prepared.
        where: Name of the split or file, for messages.
        column: With the labels.
        order: All labels, from the lowest to the highest.

    Raises:
        RecipeError: There is no order; the message names the labels that rows have.
        RowError: One has none; the message names the nearest that has.

    Example:
        >>> check_order(pl.DataFrame({"id": ["1"], "label": ["god"]}), "train", "label", ["bad", "good"])
        Traceback (most recent call last):
        polyculture.core.errors.RowError: train, item '1': the label 'god' has no place in task.order. Did you mean 'good'?
    """  # noqa: E501  # the example's output is one line
    if not order:
        some = ", ".join(repr(label) for label in rows[column].unique().sort()[:MOST_NAMED])
        msg = (
            "task.order is empty. List all labels from the lowest to the highest, such as "
            f"order = ['bad', 'fair', 'good']; {where} has {some}."
        )
        raise RecipeError(msg)
    for item, label in rows.select("id", column).iter_rows():
        if label not in order:
            reason = f"the label {label!r} has no place in task.order. "
            raise RowError(reason + suggestion(label, list(order)), where=where, item=item)


def note_on_order(train: Sequence[str], order: Sequence[str]) -> tuple[str, ...]:
    """What of the order training has no rows of.

    Example:
        >>> note_on_order(["bad", "good"], ["bad", "fair", "good"])
        ("No training row has 'fair', so it is hardly ever answered.",)
    """
    missing = [repr(label) for label in order if label not in set(train)]
    if not missing:
        return ()
    them = "it is" if len(missing) == 1 else "they are"
    return (f"No training row has {', '.join(missing)}, so {them} hardly ever answered.",)


def ranked_answers(
    rows: pl.DataFrame,
    logits: Sequence[NDArray[Any]],
    order: tuple[str, ...],
    answer: Answer,
    temperature: float = 1.0,
) -> pl.DataFrame:
    """The label of each row, with the probability of each.

    Args:
        rows: To answer.
        logits: Of each row, ``(labels,)``.
        order: The labels, from the lowest to the highest.
        answer: The median rank, which is the fewest ranks off if the probabilities are right; the
            label nearest to the mean rank; or the most probable one. Of two labels that are equally
            good the lower one.
        temperature: By what logits are divided.

    Example:
        >>> rows, order = pl.DataFrame({"id": ["1"]}), ("bad", "fair", "good")
        >>> logits = [np.log([0.55, 0.05, 0.4])]
        >>> [ranked_answers(rows, logits, order, how)["answer"][0] for how in
        ...  ("median_rank", "expected_rank", "most_probable")]
        ['bad', 'fair', 'bad']
    """
    probabilities = softmax(label_numbers(rows, logits, order) / temperature, axis=1)
    answers = one_label(rows, probabilities, order)
    if answer == "most_probable":
        return answers
    if answer == "median_rank":
        below = np.round(probabilities.cumsum(axis=1), DIGITS)
        codes = (below < 0.5).sum(axis=1)  # noqa: PLR2004  # half of the probability
    else:
        ranks = probabilities @ np.arange(len(order))
        codes = np.ceil(np.round(ranks, DIGITS) - 0.5).astype(np.int64)
    return answers.with_columns(answer=pl.Series([order[code] for code in codes], dtype=pl.String))


def score_ordered(
    rows: pl.DataFrame,
    gold: Sequence[str],
    answers: pl.DataFrame,
    order: Sequence[str],
    *,
    split: str,
    notes: Mapping[str, str | int | float],
    temperature: float | None = None,
) -> Scores:
    """Quadratic weighted kappa (the headline), the mean distance of ranks, and those of labels.

    Args:
        rows: The rows that were answered.
        gold: Their right labels, all in the order.
        answers: Columns ``id``, ``answer`` and perhaps ``probabilities``; null where there is none.
        order: The labels, from the lowest to the highest.
        split: Name of the split.
        notes: What else belongs into the protocol.
        temperature: By what logits were divided, where that was chosen on validation rows.
    """
    answers = aligned_answers(rows, answers)
    place: dict[str | None, int] = {label: rank for rank, label in enumerate(order)}
    right = np.array([place[label] for label in gold])
    given = np.array([place.get(label, -1) for label in answers["answer"]])
    size = len(order)
    off = np.where(given < 0, np.maximum(right, size - 1 - right), np.abs(given - right))
    features = [
        one_hot(np.where(given < 0, -1, right * size + given), size * size),
        one_hot(np.where(given < 0, right, -1), size),
        csr_array(np.column_stack([off, np.ones(len(off))]).astype(np.float64)),
    ]
    drawn = Resampled(csr_array(hstack(features)), documents=documents_of(rows))
    distance = drawn.score(
        "rank_mae",
        lambda sums: ratio(sums[..., -2], sums[..., -1]),
        reason="there are no rows",
        higher_is_better=False,
        in_percent=False,
    )
    scores = score_one(
        rows, gold, answers, order, split=split, notes=notes, temperature=temperature
    )
    labels = [score.model_copy(update={"headline": False}) for score in scores.scores]
    protocol = {**scores.protocol, "scorer": "polyculture ordinal 1", "order": " < ".join(order)}
    return scores.model_copy(
        update={"scores": (_kappa(drawn, size), distance, *labels), "protocol": protocol}
    )


def _kappa(drawn: Resampled, size: int) -> Score:
    ranks = np.arange(size)
    squares = (ranks[:, None] - ranks) ** 2

    def kappa(sums: Numbers) -> Numbers:
        counts = sums[..., : size * size].reshape(*sums.shape[:-1], size, size)
        missing = sums[..., size * size : size * size + size]
        gold = counts.sum(axis=-1) + missing
        items = gold.sum(axis=-1)[..., None]
        counts = counts + missing[..., None] * (gold / items)[..., None, :]
        expected = gold[..., None] * counts.sum(axis=-2)[..., None, :] / items[..., None]
        wrong, chance = ((squares * table).sum(axis=(-2, -1)) for table in (counts, expected))
        return np.round(1 - ratio(wrong, chance), DIGITS)

    return drawn.score("quadratic_kappa", kappa, reason=NO_SPREAD, headline=True, in_percent=False)
