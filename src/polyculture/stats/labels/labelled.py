"""Scores of answers that are labels: one a text, or several."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from polyculture.core.run import Score, Scores
from polyculture.stats.answers import aligned_answers, documents_of, one_hot
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.labels.probabilities import Probabilities, mean_auroc
from polyculture.stats.labels.settled import TEMPERATURE, thresholds_of
from polyculture.stats.labels.several_labels import parted
from polyculture.stats.labels.unseen import unseen_in
from polyculture.stats.scores import (
    BINS,
    Counts,
    Numbers,
    label_table,
    macro,
    matthews,
    weighted,
)

NOTHING = "there is neither gold nor an answer"
Notes = Mapping[str, str | int | float]


def score_one(
    rows: pl.DataFrame,
    gold: Sequence[str],
    answers: pl.DataFrame,
    labels: Sequence[str],
    *,
    split: str,
    notes: Notes,
    temperature: float | None = None,
) -> Scores:
    """Accuracy, macro and weighted F1, MCC, and scores of probabilities, of one label a row.

    Args:
        rows: The rows that were answered.
        gold: Their right labels.
        answers: Columns ``id``, ``answer`` and perhaps ``probabilities``; an answer that is null
            was not given, and is wrong.
        labels: The labels that can be answered, first those that have probabilities; others in
            gold or answers are added behind them.
        split: Name of the split.
        notes: What else belongs into the protocol.
        temperature: By what logits were divided, where that was chosen on validation rows.
    """
    answers = aligned_answers(rows, answers)
    answered = answers["answer"].to_list()
    classes = [*labels, *sorted(({*gold, *answered} - {None}) - set(labels))]
    code: dict[str | None, int] = {label: place for place, label in enumerate(classes)}
    gold_codes = np.array([code[label] for label in gold])
    answer_codes = np.array([code.get(label, -1) for label in answered])
    right = gold_codes == answer_codes
    features = [
        one_hot(np.where(right, answer_codes, -1), len(classes)),
        one_hot(answer_codes, len(classes)),
        one_hot(gold_codes, len(classes)),
        csr_array(right[:, None].astype(np.float64)),
        csr_array(np.ones((len(gold), 1))),
    ]
    probabilities = _probabilities(answers, gold_codes, temperature)
    if probabilities is not None:
        features.append(csr_array(probabilities.features()))
    drawn = Resampled(csr_array(hstack(features)), documents=documents_of(rows))
    sizes = 3 * len(classes)
    scores = [
        drawn.score("accuracy", _share(sizes), reason=NOTHING, headline=True, is_share=True),
        *_averages(drawn, sizes, ("macro_f1", "weighted_f1")),
        _matthews(drawn, sizes),
    ]
    if probabilities is not None:
        width = probabilities.of_labels.shape[1]
        scores += probabilities.scores(drawn, sizes + 2, classes[:width])
    return Scores(
        split=split,
        items=len(rows),
        scores=tuple(scores),
        tables=(label_table(classes, Counts.of(drawn.sums[:sizes])),),
        protocol={
            "scorer": "polyculture classification 1",
            "averaging": "macro: labels that occur in gold or answers",
            "missing_answers": answered.count(None),
            **unseen_in([[label] for label in gold], labels),
            **({} if probabilities is None else calibration_protocol(temperature)),
            **drawn.protocol(),
            **notes,
        },
    )


def _matthews(drawn: Resampled, sizes: int) -> Score:
    def of(sums: Numbers) -> Numbers:
        return matthews(Counts.of(sums[..., :sizes]), sums[..., sizes + 1])

    return drawn.score(
        "mcc", of, reason="all answers, or all gold, are one label", in_percent=False
    )


def calibration_protocol(temperature: float | None) -> dict[str, str | int | float]:
    """How scores of probabilities were made."""
    bins: dict[str, str | int | float] = {
        "calibration_bins": BINS,
        "binning": "equal width, of the most probable label",
        "auroc": "each label against the rest, mean over labels",
    }
    return bins if temperature is None else {**bins, "temperature": temperature}


def _share(place: int) -> Callable[[Numbers], Numbers]:
    return lambda sums: np.asarray(sums[..., place] / sums[..., place + 1])


def _averages(drawn: Resampled, sizes: int, names: Sequence[str]) -> list[Score]:
    def mean(name: str) -> Callable[[Numbers], Numbers]:
        def of(sums: Numbers) -> Numbers:
            counts = Counts.of(sums[..., :sizes])
            if name == "micro_f1":
                return counts.summed().f1[..., 0]
            return (macro if name == "macro_f1" else weighted)(counts.f1, counts)

        return of

    return [drawn.score(name, mean(name), reason=NOTHING) for name in names]


def _probabilities(
    answers: pl.DataFrame, gold: NDArray[np.int64], temperature: float | None
) -> Probabilities | None:
    """The probability of each label; None if a row has none, or no answer."""
    column = answers["probabilities"] if "probabilities" in answers.columns else None
    if column is None or column.null_count() or answers["answer"].null_count():
        return None
    of_labels = np.array(column.to_list(), dtype=np.float64)
    codes = np.where(gold < of_labels.shape[1], gold, -1)
    return Probabilities(of_labels=of_labels, gold=codes, temperature=temperature)


def score_several(
    rows: pl.DataFrame,
    right: Sequence[str],
    answers: pl.DataFrame,
    labels: Sequence[str],
    *,
    split: str,
    notes: Notes,
    settled: Mapping[str, float] | None = None,
) -> Scores:
    """Micro and macro F1, the share of items whose labels are all right, AUROC and Brier score.

    Args:
        rows: The rows that were answered.
        right: Their right answers, of none or more labels each; see ``several_labels``.
        answers: Columns ``id`` and ``answer``; null was not given: no label is counted, and the
            item is wrong as a whole.
        labels: The labels of the model; others in gold or answers are added behind them.
        split: Name of the split.
        notes: What else belongs into the protocol.
        settled: What was chosen on validation rows.
    """
    settled = settled or {}
    answers = aligned_answers(rows, answers)
    texts = answers["answer"].to_list()
    gold = [parted(answer) for answer in right]
    answered = [parted(answer) if answer is not None else [] for answer in texts]
    classes = [*labels, *sorted({x for names in (*gold, *answered) for x in names} - set(labels))]
    gold_marks, answer_marks = _marks(gold, classes), _marks(answered, classes)
    whole = (gold_marks == answer_marks).all(axis=1) & np.array(
        [answer is not None for answer in texts]
    )
    ones = np.ones((len(rows), 1), dtype=np.bool_)
    parts = [gold_marks & answer_marks, answer_marks, gold_marks, whole[:, None], ones]
    of_labels = _label_probabilities(answers)
    if of_labels is not None:
        squares = (of_labels - gold_marks[:, : len(labels)]) ** 2
        parts.append(squares.mean(axis=1, keepdims=True))
    features = np.hstack(parts)
    drawn = Resampled(csr_array(features.astype(np.float64)), documents=documents_of(rows))
    sizes = 3 * len(classes)
    micro, mean = _averages(drawn, sizes, ("micro_f1", "macro_f1"))
    subset = drawn.score("subset_accuracy", _share(sizes), reason=NOTHING, is_share=True)
    scores = [micro.model_copy(update={"headline": True}), mean, subset]
    if of_labels is not None:
        area = mean_auroc(of_labels, gold_marks[:, : len(labels)], labels)
        scores += [Score(name="auroc", value=area), _brier(drawn, sizes)]
    thresholds = thresholds_of(settled, labels)
    return Scores(
        split=split,
        items=len(rows),
        scores=tuple(scores),
        tables=(label_table(classes, Counts.of(drawn.sums[:sizes])),),
        protocol={
            "scorer": "polyculture classification 1",
            "averaging": "micro over labels; macro: labels that occur in gold or answers",
            "missing_answers": texts.count(None),
            **unseen_in(gold, labels),
            **drawn.protocol(),
            "threshold": _told(thresholds),
            **{name: settled[name] for name in (TEMPERATURE,) if name in settled},
            **notes,
        },
    )


def _told(thresholds: Numbers) -> str | float:
    """The one threshold, or in words that each label has its own."""
    if len(set(thresholds)) == 1:
        return float(thresholds[0])
    return f"of each label, from {thresholds.min():.3g} to {thresholds.max():.3g}"


def _brier(drawn: Resampled, sizes: int) -> Score:
    def mean(sums: Numbers) -> Numbers:
        return np.asarray(sums[..., sizes + 2] / sums[..., sizes + 1])

    return drawn.score("brier", mean, reason=NOTHING, higher_is_better=False, in_percent=False)


def _label_probabilities(answers: pl.DataFrame) -> Numbers | None:
    """The probability of each label; None if a row has none."""
    name = "label_probabilities"
    if name not in answers.columns or answers[name].null_count():
        return None
    return np.array(answers[name].to_list(), dtype=np.float64)


def _marks(names: Sequence[Sequence[str]], classes: Sequence[str]) -> NDArray[np.bool_]:
    code = {label: place for place, label in enumerate(classes)}
    marks = np.zeros((len(names), len(classes)), dtype=np.bool_)
    for row, labels in enumerate(names):
        marks[row, [code[label] for label in labels]] = True
    return marks
