"""What classification learns, chooses, answers and scores, as its settings say.

Of what is chosen the temperature comes first, since thresholds are of calibrated probabilities.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from polyculture.core.run import Scores
from polyculture.core.task import Context, Inventory
from polyculture.stats.labels import out_of_scope as scope
from polyculture.stats.labels.class_weights import label_weights
from polyculture.stats.labels.label_answers import (
    LABELS,
    LabelOfRow,
    found_labels,
    label_numbers,
    learn_labels,
    most_frequent_label,
    most_probable,
)
from polyculture.stats.labels.labelled import score_one, score_several
from polyculture.stats.labels.settled import (
    TEMPERATURE,
    fitted_temperature,
    label_thresholds,
    note_on_settled,
    note_on_thresholds,
    thresholds_of,
)
from polyculture.stats.labels.several_labels import most_frequent_set, of_logits
from polyculture.stats.labels.unseen import note_on_unseen
from polyculture.stats.scores import Numbers


def learn(
    splits: Mapping[str, pl.DataFrame], gold: Callable[[pl.DataFrame], list[str]], settings: Any
) -> Inventory:
    """All labels of the training rows, in code-point order, and their weights in the loss.

    Args:
        splits: Prepared rows.
        gold: The right answers of some rows.
        settings: The task's.
    """
    found = _in_scope(found_labels(splits, settings.column), settings)
    answers = gold(splits["train"])
    inventory = learn_labels(found, answers, LABELS, unseen=settings.unseen)
    several = settings.multi_label
    names = splits["train"][settings.column] if several else ([answer] for answer in answers)
    weights = label_weights(settings.class_weights, inventory.labels, names, several=several)
    return inventory.model_copy(update={"numbers": weights})


def remarks(
    splits: Mapping[str, pl.DataFrame], inventory: Inventory, settings: Any
) -> tuple[str, ...]:
    """What is worth knowing about labels that some split lacks, and about the numbers chosen.

    Args:
        splits: Prepared rows.
        inventory: What was learnt, and chosen.
        settings: The task's.
    """
    found = found_labels(splits, settings.column)
    names = {split: {label for _, label in pairs} for split, pairs in found.items()}
    unchosen = settings.thresholds == "best_f1" and sorted(
        {*inventory.labels} - names.get("valid", set())
    )
    return (
        *note_on_unseen(_in_scope(found, settings), inventory.labels, LABELS),
        *(note_on_thresholds(unchosen) if unchosen else ()),
        *(scope.note_on_scope(names, settings.out_of_scope) if settings.out_of_scope else ()),
        *note_on_settled(inventory.settled),
    )


def _in_scope(found: dict[str, list[LabelOfRow]], settings: Any) -> dict[str, list[LabelOfRow]]:
    """Ids and labels by split; out of scope only where train has such rows, and learns them."""
    label = settings.out_of_scope
    if not label or any(name == label for _, name in found["train"]):
        return found
    return {split: [pair for pair in pairs if pair[1] != label] for split, pairs in found.items()}


def settle(
    rows: pl.DataFrame, logits: Sequence[NDArray[Any]], codes: Sequence[NDArray[Any]], context: Any
) -> Mapping[str, float]:
    """The numbers that the settings ask for, chosen on validation rows.

    Args:
        rows: The validation rows.
        logits: Of each row, ``(labels,)``.
        codes: The right label of each row, or 0 and 1 for each label.
        context: With the task's settings.
    """
    settings, labels = context.settings, context.labels
    numbers, targets = label_numbers(rows, logits, labels), np.stack(codes)
    settled: dict[str, float] = {}
    if settings.calibration == "temperature":
        settled[TEMPERATURE] = fitted_temperature(numbers, targets)
    heat = settled.get(TEMPERATURE, 1.0)
    if settings.thresholds == "best_f1":
        settled |= label_thresholds(expit(numbers / heat), targets, labels)
    if settings.out_of_scope:
        gold = rows[settings.column].to_numpy()
        threshold = _scope_threshold(numbers, gold, context, heat)
        settled |= {} if threshold is None else {scope.THRESHOLD: threshold}
    return settled


def _scope_threshold(
    numbers: Numbers, gold: NDArray[Any], context: Context, heat: float
) -> float | None:
    settings, labels = context.settings, np.array(context.labels)
    scores = _scores(numbers, context, heat)
    right = labels[_closest(numbers, context)] == gold
    is_out = labels[numbers.argmax(axis=1)] == settings.out_of_scope
    fixed = np.where(is_out, -np.inf, scores)
    outside = gold == settings.out_of_scope
    return scope.chosen_threshold(fixed, right, outside, settings.out_of_scope_goal)


def _scores(numbers: Numbers, context: Context, heat: float) -> Numbers:
    settings = context.settings
    return scope.scope_scores(
        numbers, context.labels, settings.out_of_scope, settings.out_of_scope_rule, heat
    )


def _closest(numbers: Numbers, context: Context) -> NDArray[np.int64]:
    inside = np.array([label != context.settings.out_of_scope for label in context.labels])
    return scope.closest_codes(numbers, inside)


def decode(rows: pl.DataFrame, logits: Sequence[NDArray[Any]], context: Context) -> pl.DataFrame:
    """Answers with probabilities, by the numbers that were chosen as far as there are any.

    Args:
        rows: To answer.
        logits: Of each row, ``(labels,)``.
        context: With the task's settings.
    """
    settings, labels, settled = context.settings, context.labels, context.inventory.settled
    heat = settled.get(TEMPERATURE, 1.0)
    if settings.multi_label:
        thresholds = thresholds_of(settled, labels)
        return of_logits(rows, logits, labels, thresholds=thresholds, temperature=heat)
    answers = most_probable(rows, logits, labels, temperature=heat)
    if not settings.out_of_scope:
        return answers
    numbers = label_numbers(rows, logits, labels)
    closest = [labels[code] for code in _closest(numbers, context)]
    scores = _scores(numbers, context, heat)
    threshold = settled.get(scope.THRESHOLD)
    return scope.with_scope(answers, scores, closest, settings.out_of_scope, threshold)


def score(
    rows: pl.DataFrame,
    right: Sequence[str],
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float],
) -> Scores:
    """All scores of answers with one label or several.

    Args:
        rows: The rows that were answered.
        right: Their right answers.
        answers: As ``decode`` gives them; null where there is none.
        context: With the task's settings, and what was chosen.
        split: Name of the split.
        notes: What else belongs into the protocol.
    """
    settings, labels, settled = context.settings, context.labels, context.inventory.settled
    if settings.multi_label:
        return score_several(
            rows, right, answers, labels, split=split, notes=notes, settled=settled
        )
    label = settings.out_of_scope
    answerable = labels if not label or label in labels else (*labels, label)
    scores = score_one(
        rows,
        right,
        answers,
        answerable,
        split=split,
        notes={**notes, **_rule(context)},
        temperature=settled.get(TEMPERATURE),
    )
    return scope.add_scope_scores(scores, rows, right, answers, label) if label else scores


def _rule(context: Context) -> dict[str, str | float]:
    """What the protocol says of texts out of scope."""
    settings, settled = context.settings, context.inventory.settled
    if not settings.out_of_scope:
        return {}
    chosen = (
        {"scope_goal": settings.out_of_scope_goal, scope.THRESHOLD: settled[scope.THRESHOLD]}
        if scope.THRESHOLD in settled
        else {}
    )
    return {"scope_rule": settings.out_of_scope_rule, **chosen}


def most_frequent(
    known: Sequence[NDArray[Any]], rows: pl.DataFrame, context: Context
) -> pl.DataFrame:
    """The most frequent answer of the training rows, for every row, in the form of ``decode``.

    Args:
        known: Codes of the training rows, or 0 and 1 for each label.
        rows: To answer.
        context: With the task's settings.
    """
    usual = most_frequent_set if context.settings.multi_label else most_frequent_label
    answers = usual(known, rows, context.labels)
    if not context.settings.out_of_scope:
        return answers
    shares = np.array(answers["probabilities"].to_list())
    logits = np.log(np.maximum(shares, np.finfo(np.float64).eps))  # a logit is finite
    return decode(rows, list(logits), context)
