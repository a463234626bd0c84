r"""Texts that fit no label: a score by a stated rule, a threshold, and how well both do.

Whatever the rule, a low score speaks for a text out of scope. With probabilities p and logits z of
the labels in scope:

\[ \text{max probability: } \max_k p_k, \qquad \text{margin: } p_{(1)} - p_{(2)}, \qquad
   \text{energy: } \log \sum_k e^{z_k} \]

Where training has rows out of scope, their label is one of the network's: probabilities are those
among all labels, the margin is that to any other label, and a text whose most probable label it is
is out of scope whatever the threshold.

Source: Hendrycks and Gimpel 2017, arXiv:1610.02136 (max probability); Liu et al. 2020,
arXiv:2010.03759 (energy); Larson et al. 2019, arXiv:1909.02027 (in-scope accuracy and recall).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import logsumexp, softmax

from polyculture.core.run import Score, Scores
from polyculture.core.values import Undefined
from polyculture.stats.answers import aligned_answers, documents_of
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.labels.probabilities import mean_auroc
from polyculture.stats.scores import Numbers, ratio

Rule = Literal["max_probability", "margin", "energy"]
Goal = Literal["balance", "accuracy"]
THRESHOLD = "scope_threshold"
SCORE, CLOSEST = "scope_score", "closest"
"""Columns of answers: the score, and the most probable label in scope."""


def scope_scores(
    logits: Numbers, labels: Sequence[str], out_of_scope: str, rule: Rule, temperature: float = 1.0
) -> Numbers:
    """How well each row fits some label in scope, ``(rows,)``.

    Args:
        logits: ``(rows, labels)``.
        labels: What the columns are called; the label out of scope may be one of them.
        out_of_scope: That label.
        rule: What the score is.
        temperature: By what logits are divided before they become probabilities.

    Example:
        >>> logits = np.log([[0.7, 0.2, 0.1]])
        >>> labels = ["a", "b", "oos"]
        >>> [float(scope_scores(logits, labels, "oos", rule).round(4)[0]) for rule in
        ...  ("max_probability", "margin", "energy")]
        [0.7, 0.5, -0.1054]
    """
    inside = np.array([label != out_of_scope for label in labels])
    if rule == "energy":
        return np.asarray(logsumexp(logits[:, inside], axis=1))
    probabilities = softmax(logits / temperature, axis=1)
    best = probabilities[:, inside].max(axis=1)
    if rule == "max_probability":
        return np.asarray(best)
    rest = probabilities.copy()
    rest[np.arange(len(rest)), closest_codes(logits, inside)] = 0.0
    return np.asarray(best - rest.max(axis=1))


def closest_codes(logits: Numbers, inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The place of the most probable label in scope, ``(rows,)``."""
    return np.asarray(np.where(inside, logits, -np.inf).argmax(axis=1))


def chosen_threshold(
    scores: Numbers, right: NDArray[np.bool_], outside: NDArray[np.bool_], goal: Goal
) -> float | None:
    """The score below which a row is answered as out of scope, chosen on validation rows.

    Args:
        scores: ``(rows,)``; that of rows which are out of scope whatever the threshold is -inf.
        right: Whether the closest label in scope is right, ``(rows,)``.
        outside: Whether a row is out of scope, ``(rows,)``.
        goal: What is highest: ``balance``, the mean of in-scope accuracy and out-of-scope recall;
            ``accuracy``, that of all rows. Of equal thresholds the lowest is taken.

    Returns:
        None where rows in scope or out of it are missing: there is nothing to weigh.

    Example:
        >>> scores = np.array([0.9, 0.8, 0.4, 0.3])
        >>> right = np.array([True, True, False, False])
        >>> chosen_threshold(scores, right, ~right, "balance")
        0.6000000000000001
    """
    if outside.all() or not outside.any():
        return None
    finite = np.unique(scores[np.isfinite(scores)])
    if not len(finite):
        return None
    candidates = np.concatenate(
        [[finite[0] - 1.0], (finite[1:] + finite[:-1]) / 2, [finite[-1] + 1.0]]
    )
    kept = _at_least(scores[right & ~outside], candidates)  # right answers that stay
    rejected = outside.sum() - _at_least(scores[outside], candidates)
    if goal == "accuracy":
        value = kept + rejected
    else:
        value = kept / (~outside).sum() + rejected / outside.sum()
    return float(candidates[value.argmax()])


def _at_least(scores: Numbers, candidates: Numbers) -> NDArray[np.int64]:
    """How many scores are not below each candidate."""
    return np.asarray(len(scores) - np.searchsorted(np.sort(scores), candidates, side="left"))


def with_scope(
    answers: pl.DataFrame,
    scores: Numbers,
    closest: Sequence[str],
    out_of_scope: str,
    threshold: float | None,
) -> pl.DataFrame:
    """Answers with the label out of scope where it is due.

    Args:
        answers: The most probable labels, in the column ``answer``.
        scores: See ``scope_scores``.
        closest: The most probable label in scope of each row.
        out_of_scope: The label.
        threshold: Scores below it are out of scope; None for no threshold.
    """
    rejected = np.zeros(len(answers), dtype=bool) if threshold is None else scores < threshold
    return answers.with_columns(
        pl.when(pl.Series(rejected))
        .then(pl.lit(out_of_scope))
        .otherwise(pl.col("answer"))
        .alias("answer"),
        pl.Series(CLOSEST, closest, dtype=pl.String),
        pl.Series(SCORE, scores, dtype=pl.Float64),
    )


def add_scope_scores(
    scores: Scores, rows: pl.DataFrame, gold: Sequence[str], answers: pl.DataFrame, label: str
) -> Scores:
    """Add in-scope accuracy, before and after rejection, and how rows out of scope are found.

    Args:
        scores: Of all rows.
        rows: The rows.
        gold: Their right labels.
        answers: As ``with_scope`` gives them.
        label: The label out of scope.
    """
    answers = aligned_answers(rows, answers)
    right = np.array(gold)
    outside = right == label
    answered = answers["answer"].fill_null("").to_numpy()
    closest = answers[CLOSEST].fill_null("").to_numpy()
    features = np.column_stack(
        [
            ~outside,
            ~outside & (answered == right),
            ~outside & (closest == right),
            outside,
            outside & (answered == label),
            answered == label,
        ]
    )
    drawn = Resampled(csr_array(features.astype(np.float64)), documents=documents_of(rows))
    inside, outs, given = (
        "no row is in scope",
        "no row is out of scope",
        f"{label!r} was never answered",
    )
    shares = (
        ("in_scope_accuracy", 1, 0, inside),
        ("in_scope_accuracy_before_rejection", 2, 0, inside),
        ("out_of_scope_recall", 4, 3, outs),
        ("out_of_scope_precision", 4, 5, given),
    )
    added = [_share(drawn, *share) for share in shares]
    known = answers[SCORE].null_count() == 0
    area = (
        mean_auroc(-answers[SCORE].to_numpy()[:, None], outside[:, None], [label])
        if known
        else Undefined(reason="some rows have no answer")
    )
    added.append(Score(name="out_of_scope_auroc", value=area))
    return scores.model_copy(update={"scores": (*scores.scores, *added)})


def _share(drawn: Resampled, name: str, part: int, whole: int, reason: str) -> Score:
    return drawn.score(name, lambda sums: ratio(sums[..., part], sums[..., whole]), reason=reason)


def note_on_scope(gold_of_splits: Mapping[str, Iterable[str]], label: str) -> tuple[str, ...]:
    """What of the rows out of scope is missing, so that there is no threshold or no score.

    Example:
        >>> note_on_scope({"train": ["a"], "valid": ["a"], "test": ["oos"]}, "oos")
        ("No validation row is out of scope ('oos'), so no threshold can be chosen: give some.",)
    """
    found = {split: label in set(gold) for split, gold in gold_of_splits.items()}
    if found.get("valid"):
        return ()
    if not any(found.values()):
        return (f"No row is out of scope: task.out_of_scope names {label!r}, which no split has.",)
    note = (
        f"No validation row is out of scope ({label!r}), so no threshold can be chosen: give some."
    )
    return (note,)
