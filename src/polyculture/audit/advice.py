"""Recommendations computed from the audit, in short sentences."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyculture.audit.clusters import by_measure, numbers_of
from polyculture.audit.view_correlation import BEHAVIOUR
from polyculture.core.audit import Advice, Comparison, GroupResult, JointOutcome, ModelResult
from polyculture.core.values import Known, Value
from polyculture.stats.groups.panel import Panel
from polyculture.stats.groups.votes import halves_of, is_right, plurality
from polyculture.stats.inference.resample import percentile_interval

MOST_LEFT_OUT = 30
"""Leaving out each model in turn takes a vote each; beyond so many models it is not tried."""
FEWEST_TO_LEAVE_OUT = 4
"""Of three models two would remain, and two cannot vote."""


def advice(
    results: Sequence[ModelResult],
    panel: Panel,
    comparisons: Sequence[Comparison],
    group: Sequence[GroupResult],
    outcomes: tuple[JointOutcome, JointOutcome | None],
    *,
    confidence: float,
) -> tuple[Advice, ...]:
    """All recommendations that this audit supports.

    Args:
        results: What each model did, in the panel's order.
        panel: Their answers under bootstrap weights.
        comparisons: All pairs of all measures.
        group: Measures of the group.
        outcomes: Joint failure against independence, and within gold labels where known.
        confidence: Share of the bootstrap inside an interval.
    """
    has_gold = panel.models[0].gold is not None
    models = [result.name for result in results]
    candidates = [_alike(comparisons)]
    if has_gold:
        candidates.insert(0, _joint_failure(models, panel, *outcomes))
        candidates.append(_vote(results, panel, group))
    if has_gold and len(models) > 2 and panel.units() > 1:  # noqa: PLR2004
        candidates.append(_least_together(models, panel))
    if has_gold and FEWEST_TO_LEAVE_OUT <= len(models) <= MOST_LEFT_OUT and panel.units() > 1:
        candidates.append(_leave_out(models, panel, confidence))
    return tuple(candidate for candidate in candidates if candidate)


def percent(share: float) -> str:
    """A share in words.

    Example:
        >>> percent(0.0706), percent(0.00004), percent(0.0)
        ('7.1%', '0.004%', '0%')
    """
    number = 100 * share
    if number == 0:
        return "0%"
    return f"{number:.1f}%" if abs(number) >= 0.1 else f"{number:.1g}%"  # noqa: PLR2004


def _points(difference: float) -> str:
    return f"{100 * abs(difference):.1f} points"


def _joint_failure(
    models: Sequence[str], panel: Panel, plain: JointOutcome, within: JointOutcome | None
) -> Advice:
    failed, items = int(np.all(panel.wrong, axis=0).sum()), panel.counts.shape[1]
    if not failed:
        which = "both" if len(models) == 2 else f"all {len(models)}"  # noqa: PLR2004
        sentence = f"None of {items:,} items is failed by {which} models."
        return Advice(topic="joint_failure", models=tuple(models), sentence=sentence)
    expected = plain.expected.number if isinstance(plain.expected, Known) else 0.0
    sentence = (
        f"{_all(models)} fail on {failed:,} of {items:,} items "
        f"({percent(failed / items)}); independent models of these accuracies would on "
        f"{percent(expected)}{_within(within)}.{_then(plain.ratio)}"
    )
    return Advice(topic="joint_failure", models=tuple(models), sentence=sentence)


def _within(outcome: JointOutcome | None) -> str:
    if outcome is None or not isinstance(outcome.expected, Known):
        return ""
    share = percent(outcome.expected.number)
    return f", or on {share} if some right answers are harder for all"


def _all(models: Sequence[str]) -> str:
    return "Both models" if len(models) == 2 else f"All {len(models)} models"  # noqa: PLR2004


def _then(ratio: Value) -> str:
    if not isinstance(ratio, Known) or ratio.low is None:
        return ""
    if ratio.low > 1:
        return " No vote or fallback among these models saves such items: send them elsewhere."
    return " That is no more than chance may give."


def _alike(comparisons: Sequence[Comparison]) -> Advice | None:
    measures = by_measure(comparisons)
    for name in BEHAVIOUR:
        pairs = measures.get(("predictions", name), [])
        numbers = numbers_of(pairs)
        if not np.isfinite(numbers).any():
            continue
        most = pairs[int(np.nanargmax(numbers))]
        claim = (
            f"{most.a} and {most.b} are the most alike ({name.replace('_', ' ')} "
            f"{_with_ends(most.value)}{_chosen(len(pairs))})"
        )
        then = "with one of them, the other adds least."
        if isinstance(most.value, Known) and not _above_chance(most.value):
            then = "no more than chance may give."
        return Advice(topic="most_alike", models=(most.a, most.b), sentence=f"{claim}: {then}")
    return None


def _above_chance(value: Known) -> bool:
    lowest = value.number if value.low is None else value.low
    return value.chance is None or lowest > value.chance


def _chosen(pairs: int) -> str:
    return f"; chosen in-sample among {pairs:,} pairs" if pairs > 1 else ""


def _with_ends(value: Value) -> str:
    if not isinstance(value, Known):
        return ""
    ends = "" if value.low is None else f", {value.low:.2f} to {value.high:.2f}"
    return f"{value.number:.2f}{ends}"


def _vote(
    results: Sequence[ModelResult], panel: Panel, group: Sequence[GroupResult]
) -> Advice | None:
    models = [result.name for result in results]
    gain = next((result.value for result in group if result.measure == "vote_gain"), None)
    if not isinstance(gain, Known) or gain.low is None or gain.high is None:
        return None
    if len(models) == 2:  # noqa: PLR2004
        sentence = "Two models settle nothing by a vote: every disagreement is a tie. Add a third."
        return Advice(topic="vote", models=tuple(models), sentence=sentence)
    winner = results[int(panel.wrong.sum(axis=1).argmin())]
    best = f"{winner.name}, the best one here{winner.never(', although it')}"
    ends = f"{100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
    if gain.low > 0:
        sentence = (
            f"The vote beats the best single model on held-out items by {_points(gain.number)} "
            f"({ends}): vote."
        )
    elif gain.high < 0:
        sentence = (
            f"The vote loses to the best single model on held-out items by {_points(gain.number)} "
            f"({ends}): use {best}, alone."
        )
    else:
        sentence = (
            "The vote and the best single model cannot be told apart on held-out items "
            f"({ends} points): {best}, costs less than all {len(models)}."
        )
    return Advice(topic="vote", models=tuple(models), sentence=sentence)


def _halved(panel: Panel) -> tuple[Panel, Panel]:
    """The items, or their documents, halved at random: for choosing and for scoring, both ways."""
    splits = halves_of(panel.counts.shape[1], panel.clusters)
    choosing = np.concatenate([splits, ~splits]).astype(np.uint8)
    return (
        Panel(models=panel.models, counts=choosing),
        Panel(models=panel.models, counts=1 - choosing),
    )


def _least_together(models: Sequence[str], panel: Panel) -> Advice:
    choosing, scoring = _halved(panel)
    chosen = choosing.both_wrong.argmin(axis=0)  # (halves,)
    scored = scoring.both_wrong[chosen, np.arange(len(chosen))]
    held_out = float(np.average(scored, weights=scoring.totals))
    pair = int(np.bincount(chosen).argmax())
    left, right = (int(side[pair]) for side in panel.pairs)
    # On each item, the share of all pairs that fail it together.
    failing, k = panel.wrong.sum(axis=0), len(models)
    of_all = failing * (failing - 1) / (k * (k - 1))  # (items,)
    difference = (panel.wrong[left] & panel.wrong[right]) - of_all
    error = panel.standard_error(difference)
    shares = f"on {percent(held_out)} of the other half, all pairs on {percent(of_all.mean())}"
    if held_out >= of_all.mean() - 2 * error:
        sentence = (
            "No pair clearly fails together less often than the others: one chosen on one half of "
            f"the items shares failures {shares} on average."
        )
        return Advice(topic="least_alike", models=tuple(models), sentence=sentence)
    sentence = (
        f"{models[left]} and {models[right]} fail together least: a pair chosen so on one half of "
        f"the items shares failures {shares} on average. If two models are to stand in for one "
        "another, take these."
    )
    return Advice(topic="least_alike", models=(models[left], models[right]), sentence=sentence)


def _vote_without(number: int, panel: Panel) -> NDArray[np.bool_]:
    labels = np.delete(panel.labels, number, axis=0)
    return is_right(plurality(labels)[0], labels, np.delete(panel.wrong, number, axis=0))


def _leave_out(models: Sequence[str], panel: Panel, confidence: float) -> Advice:
    without = np.stack([_vote_without(number, panel) for number in range(len(models))])
    whole = panel.vote_is_right
    choosing, scoring = _halved(panel)
    best = choosing.means(len(models), lambda block: without[:, block]).argmax(axis=0)
    scored = scoring.means(len(models), lambda block: without[:, block])
    held_out = float((scored[best, np.arange(len(best))] - scoring.mean_of(whole)).mean())
    number = int(np.bincount(best).argmax())
    rounds = panel.mean_of(without[number]) - panel.mean_of(whole)
    ends = percentile_interval(rounds[1:], confidence)
    if held_out > 0 and ends is not None and ends[0] > 0:
        sentence = (
            f"Leaving {models[number]} out makes the vote better, by {_points(held_out)} on "
            "held-out items: vote without it."
        )
        return Advice(topic="leave_out", models=(models[number],), sentence=sentence)
    sentence = "Leaving out any one model does not clearly make the vote better."
    return Advice(topic="leave_out", models=tuple(models), sentence=sentence)
