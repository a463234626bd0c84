"""Scores of answers that are labels: one a text, or several."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from polyculture.core.run import Score, Scores
from polyculture.stats.answers import aligned_answers, documents_of, one_hot
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.labels.several_labels import THRESHOLD, parted
from polyculture.stats.labels.unseen import unseen_in
from polyculture.stats.scores import (
    BINS,
    Counts,
    Numbers,
    calibration_gaps,
    label_table,
    macro,
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
) -> Scores:
    """Accuracy, macro and weighted F1, and the calibration error of answers with one label.

    Args:
        rows: The rows that were answered.
        gold: Their right labels.
        answers: Columns ``id``, ``answer`` and perhaps ``probabilities``; an answer that is null
            was not given, and is wrong.
        labels: The labels of the model; others in gold or answers are added behind them.
        split: Name of the split.
        notes: What else belongs into the protocol.
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
    gaps = _gaps(answers, answer_codes, right, len(labels))
    if gaps is not None:
        features.append(csr_array(gaps))
    drawn = Resampled(csr_array(hstack(features)), documents=documents_of(rows))
    sizes = 3 * len(classes)
    scores = [
        drawn.score("accuracy", _share(sizes), reason=NOTHING, headline=True, is_share=True),
        *_averages(drawn, sizes, ("macro_f1", "weighted_f1")),
    ]
    if gaps is not None:
        scores.append(drawn.score("ece", lambda s: _ece(s[..., sizes + 1 :]), reason=NOTHING))
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
            **({"calibration_bins": BINS} if gaps is not None else {}),
            **drawn.protocol(),
            **notes,
        },
    )


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


def _ece(sums: Numbers) -> Numbers:
    return np.asarray(np.abs(sums[..., 1:]).sum(axis=-1) / sums[..., 0])


def _gaps(
    answers: pl.DataFrame, codes: NDArray[np.int64], right: NDArray[np.bool_], width: int
) -> Numbers | None:
    """Parts of the calibration error; None if an answer has no probability."""
    column = answers["probabilities"] if "probabilities" in answers.columns else None
    if column is None or column.null_count() or (codes < 0).any() or (codes >= width).any():
        return None
    probabilities = np.array(column.to_list(), dtype=np.float64)
    return calibration_gaps(probabilities[np.arange(len(codes)), codes], right)


def score_several(
    rows: pl.DataFrame,
    right: Sequence[str],
    answers: pl.DataFrame,
    labels: Sequence[str],
    *,
    split: str,
    notes: Notes,
) -> Scores:
    """Micro and macro F1, and the share of items whose labels are all right.

    Args:
        rows: The rows that were answered.
        right: Their right answers, of none or more labels each; see ``several_labels``.
        answers: Columns ``id`` and ``answer``; null was not given: no label is counted, and the
            item is wrong as a whole.
        labels: The labels of the model; others in gold or answers are added behind them.
        split: Name of the split.
        notes: What else belongs into the protocol.
    """
    texts = aligned_answers(rows, answers)["answer"].to_list()
    gold = [parted(answer) for answer in right]
    answered = [parted(answer) if answer is not None else [] for answer in texts]
    classes = [*labels, *sorted({x for names in (*gold, *answered) for x in names} - set(labels))]
    gold_marks, answer_marks = _marks(gold, classes), _marks(answered, classes)
    whole = (gold_marks == answer_marks).all(axis=1) & np.array(
        [answer is not None for answer in texts]
    )
    ones = np.ones((len(rows), 1), dtype=np.bool_)
    features = np.hstack(
        [gold_marks & answer_marks, answer_marks, gold_marks, whole[:, None], ones]
    )
    drawn = Resampled(csr_array(features.astype(np.float64)), documents=documents_of(rows))
    sizes = 3 * len(classes)
    micro, mean = _averages(drawn, sizes, ("micro_f1", "macro_f1"))
    subset = drawn.score("subset_accuracy", _share(sizes), reason=NOTHING, is_share=True)
    return Scores(
        split=split,
        items=len(rows),
        scores=(micro.model_copy(update={"headline": True}), mean, subset),
        tables=(label_table(classes, Counts.of(drawn.sums[:sizes])),),
        protocol={
            "scorer": "polyculture classification 1",
            "averaging": "micro over labels; macro: labels that occur in gold or answers",
            "missing_answers": texts.count(None),
            **unseen_in(gold, labels),
            **drawn.protocol(),
            "threshold": THRESHOLD,
            **notes,
        },
    )


def _marks(names: Sequence[Sequence[str]], classes: Sequence[str]) -> NDArray[np.bool_]:
    code = {label: place for place, label in enumerate(classes)}
    marks = np.zeros((len(names), len(classes)), dtype=np.bool_)
    for row, labels in enumerate(names):
        marks[row, [code[label] for label in labels]] = True
    return marks
