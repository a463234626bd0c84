"""Quality of a model beyond accuracy: F1 over classes or entities, answers never given.

Macro F1 is the plain mean over the right answers that occur: one that a model never gives has
F1 0, which accuracy hides where that answer is rare.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from polyculture.audit.intervals import value_of
from polyculture.core.errors import DataError
from polyculture.core.values import Known, Undefined, Value
from polyculture.core.views import Evidence, Predictions
from polyculture.stats.answers import one_hot
from polyculture.stats.groups.panel import BLOCK, Panel
from polyculture.stats.scores import Counts, Numbers, macro
from polyculture.stats.spans.entities import Span, of_text, span_features

MOST = 1_000_000_000
"""Items times rounds times models beyond which no interval is computed: some seconds."""
NARROW = 192
"""Columns up to which the sums are a dense product."""
EXACT = 2**24
TOO_MANY = "an interval would take long for so many items and models"
NO_CLASSES = "most right answers occur once only, so they are not classes"
SEVERAL = "an item may have several labels; the scores of each run have it label by label"
NOTHING = "there is neither gold nor an answer"


class Quality(NamedTuple):
    """One model's F1 on the probe, and the right answers that it never gives."""

    kind: Literal["macro_f1", "entity_f1"]
    f1: Value
    never: tuple[str, ...]


def quality(model: Evidence, panel: Panel, *, confidence: float) -> Quality:
    """F1 with its interval, and what is never answered, of a model whose gold is known.

    Args:
        model: The model, in the panel's order of items.
        panel: Bootstrap weights of the items.
        confidence: Share of the bootstrap inside an interval.
    """
    gold = model.predictions.gold
    assert gold is not None  # noqa: S101  # callers ask only where right answers are known
    spans = _spans_of(model.predictions.classes)
    if spans is not None:
        features, kinds = _of_spans(model.predictions, spans)
        rounds = _rounds(features, panel, lambda counts: counts.summed().f1[..., 0])
        return Quality(
            "entity_f1", _value_of_rounds(rounds, panel, confidence), _never(features, kinds)
        )
    if model.recipe is not None and model.recipe.settings.get("task.multi_label") is True:
        return Quality("macro_f1", Undefined(reason=SEVERAL), ())
    wanted = np.unique(gold)
    if 2 * len(wanted) > len(gold):
        return Quality("macro_f1", Undefined(reason=NO_CLASSES), ())
    features = _of_classes(model.predictions.labels, gold, wanted)
    rounds = _rounds(features, panel, lambda counts: macro(counts.f1, counts))
    classes = model.predictions.classes
    names = [classes[code] if classes else str(code) for code in wanted]
    return Quality("macro_f1", _value_of_rounds(rounds, panel, confidence), _never(features, names))


def _of_classes(
    labels: NDArray[np.int64], gold: NDArray[np.int64], wanted: NDArray[np.int64]
) -> csr_array:
    """Right answers, answers and gold of each class that is gold, ``(items, 3 * classes)``."""
    place = np.full(int(max(labels.max(initial=0), gold.max(initial=0))) + 2, -1, dtype=np.int64)
    place[wanted] = np.arange(len(wanted))
    answered, right = place[labels], place[gold]  # MISSING is -1, the last place, which holds -1
    correct = np.where(answered == right, right, -1)
    return csr_array(hstack([one_hot(codes, len(wanted)) for codes in (correct, answered, right)]))


def _spans_of(classes: Sequence[str]) -> list[list[Span]] | None:
    """Each answer as spans, if all of them are spans and one is not empty; else none."""
    if not classes or not all(name.startswith("[") for name in classes):
        return None
    try:
        spans = [of_text(name, where="an answer") for name in classes]
    except DataError:
        return None
    return spans if any(spans) else None


def _of_spans(
    predictions: Predictions, spans: Sequence[Sequence[Span]]
) -> tuple[csr_array, list[str]]:
    gold = predictions.gold
    assert gold is not None  # noqa: S101  # as above
    wanted = [spans[code] for code in gold]
    answered = [spans[code] if code >= 0 else [] for code in predictions.labels]
    kinds = sorted({kind for answer in spans for kind, _, _ in answer})
    return csr_array(span_features(wanted, answered, kinds)), kinds


def _rounds(features: csr_array, panel: Panel, statistic: Callable[[Counts], Numbers]) -> Numbers:
    """A figure of sums over items in every round, ``(rounds,)``; the first alone if costly."""
    rounds, items = panel.counts.shape
    if rounds * items * len(panel.models) > MOST:
        rounds = 1
    step = max(1, BLOCK // max(features.shape))
    # Sums of whole numbers below 2^24 are exact in single precision, and a dense product of few
    # columns is far faster than a sparse one.
    is_narrow = features.shape[1] <= NARROW and items < EXACT
    table = features.toarray().astype(np.float32) if is_narrow else features
    values = []
    for start in range(0, rounds, step):
        weights = panel.counts[start : min(start + step, rounds)].astype(table.dtype)
        sums = np.asarray(table.T @ weights.T, dtype=np.float64).T  # (some rounds, 3 * classes)
        values.append(np.atleast_1d(statistic(Counts.of(sums))))
    return np.concatenate(values)


def _value_of_rounds(rounds: Numbers, panel: Panel, confidence: float) -> Value:
    if len(rounds) < len(panel.counts) and not np.isnan(rounds[0]):
        return Known(number=float(rounds[0]), no_interval=TOO_MANY)
    return value_of(rounds, confidence=confidence, why=NOTHING)


def _never(features: csr_array, names: Sequence[str]) -> tuple[str, ...]:
    counts = Counts.of(np.asarray(features.sum(axis=0), dtype=np.float64))
    never = (counts.gold > 0) & (counts.answered == 0)
    return tuple(name for name, is_so in zip(names, never, strict=True) if is_so)
