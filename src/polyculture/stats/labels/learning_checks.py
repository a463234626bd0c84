"""Whether a model has learned anything, and which answers it never gives.

Plain sentences from scores that were computed before; nothing heavy is imported.
"""

from collections.abc import Sequence

from polyculture.core.run import Baseline, Score, Scores
from polyculture.core.shown import some
from polyculture.core.values import Known, Value

SIMPLEST = ("majority", "median")
"""The baselines that look at no text."""
MORE_ROWS = " Give more training rows, or check that texts and labels belong together."
"""What to try where nothing is trained in steps."""
MOST_NAMED = 12
"""Labels that one sentence names; the table of labels has all."""


def nothing_learned(
    scores: Scores, baselines: Sequence[Baseline], *, what_to_try: str = ""
) -> tuple[str, ...]:
    """A note if a model is no better than the baseline that looks at no text.

    Args:
        scores: The model's, on the same rows as the baselines'.
        baselines: Simple methods; the one named ``majority`` or ``median`` counts.
        what_to_try: Ends the sentence.
    """
    simplest = next((baseline for baseline in baselines if baseline.name in SIMPLEST), None)
    if simplest is None:
        return ()
    score, simple = scores.headline(), simplest.scores.headline()
    if _is_better(score, simple):
        return ()
    note = (
        f"It has learned nothing beyond the baseline '{simplest.name}' ({scores.split}: "
        f"{score.name} {_told(score.value)} against {_told(simple.value)}{_everywhere(scores)})."
        f"{what_to_try}"
    )
    return (note,)


def trial(epochs: int, rate: float) -> str:
    """What to try if training learned nothing.

    Example:
        >>> trial(4, 2e-5)
        ' Try more steps (fit.epochs, 4 here), another rate (fit.learning_rate, 2e-05 here; three times as much or a third), or check that texts and labels belong together.'
    """  # noqa: E501  # the example's output is one line
    return (
        f" Try more steps (fit.epochs, {epochs} here), another rate (fit.learning_rate, {rate:g} "
        "here; three times as much or a third), or check that texts and labels belong together."
    )


def never_answered(scores: Scores, known: Sequence[str]) -> tuple[str, ...]:
    """A note on labels that are gold and in training, but never answered.

    Args:
        scores: With a table of these labels; without one, nothing is said.
        known: Labels (types, for spans) that training has.
    """
    names = set(known)
    never = [
        (str(row["label"]), int(row["support"] or 0))
        for row in scores.rows_of(names)
        if row.get("support") and row.get("answered") == 0 and row["label"] in names
    ]
    if not never:
        return ()
    named = [f"{label!r} ({support:,} in gold)" for label, support in never]
    return (f"{scores.split}: it never answers {some(named, MOST_NAMED)}.",)


def remark(score: float, *, is_best: bool, higher_is_better: bool) -> str:
    """What to say behind a validation score while training.

    Example:
        >>> [remark(score, is_best=True, higher_is_better=True) for score in (0.5, 0.0)]
        ['best so far', 'nothing learned yet']
        >>> [remark(score, is_best=score == 0, higher_is_better=False) for score in (0.0, 0.4)]
        ['best so far', '']
    """
    if score == 0 and higher_is_better:
        return "nothing learned yet"
    return "best so far" if is_best else ""


def _everywhere(scores: Scores) -> str:
    """The one answer that is given to every row or word, if there is one."""
    for table in scores.tables:
        answered = [row["label"] for row in table.rows if row.get("answered")]
        if table.unit in {"row", "word"} and len(answered) == 1:
            return f"; it answers {answered[0]!r} to every {table.unit}"
    return ""


def _is_better(score: Score, other: Score) -> bool:
    """Whether a score is better than another one; an undefined one never is."""
    if not isinstance(score.value, Known) or not isinstance(other.value, Known):
        return isinstance(score.value, Known)
    ahead = score.value.number - other.value.number
    return ahead > 0 if score.higher_is_better else ahead < 0


def _told(value: Value) -> str:
    return f"{value.number:.4f}" if isinstance(value, Known) else f"undefined, {value.reason}"
