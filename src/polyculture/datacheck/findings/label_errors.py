"""Rows whose label is probably wrong, by confident learning on answers that did not see the row.

After Northcutt, Jiang and Chuang 2021, Confident Learning, arXiv:1911.00068.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from polyculture.core.errors import DataError, ModelError, UndefinedError
from polyculture.core.finding import Finding, Found, Grid, Point
from polyculture.datacheck.applies import out_of_scope, to_labels
from polyculture.datacheck.cells import LABELS, of_kind
from polyculture.datacheck.subject import Subject
from polyculture.sources.rows.repeats import input_keys
from polyculture.stats.labels.confident import Suspects, folds_of, suspects

FOLDS = 5
MOST = 20_000
"""Rows that a model of word counts is fitted on; more are not looked at."""
READ = 4_000
"""The same where the base reads them, which takes a hundred times as long."""
TERMS = 20_000
"""Terms that a model counts."""
EXAMPLES = 20
MANY = 0.05
REVIEWED = 2_000
"""Rows of the table to review."""


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """Rows with what models that did not see them say."""

    rows: Sequence[tuple[str, int]]
    """Split, and place in its sample."""
    names: Sequence[str]
    codes: NDArray[np.int64]
    probabilities: NDArray[np.float64]


def why_not(subject: Subject) -> Point | None:
    """One label a row, and a text that could say which."""
    names = of_kind(subject.columns, LABELS, gold=True)
    if to_labels(subject) or not names:
        return Point(key="skipped.no_labels")
    if subject.columns[names[0]].kind == "labels":
        return Point(key="label_errors.several")
    if not subject.text_columns:
        return Point(key="skipped.no_text")
    return None if "train" in subject.sample else Point(key="skipped.no_train")


def report(subject: Subject, _: None) -> Found:
    """Suspects of all splits, the most suspicious first, as a table to review."""
    (name, *_rest) = of_kind(subject.columns, LABELS, gold=True)
    unlearnt = out_of_scope(subject)
    if unlearnt in subject.sample["train"][name]:
        unlearnt = None
    rows = [
        (split, place)
        for split in ("train", "valid", "test")
        if split in subject.sample and name in subject.sample[split].columns
        for place, label in enumerate(subject.sample[split][name])
        if label != unlearnt
    ]
    most = READ if _uses_base(subject) else MOST
    if len(rows) > most:
        drawn = np.random.default_rng(subject.seed).permutation(len(rows))[:most]
        rows = [rows[place] for place in np.sort(drawn)]
    labels = [subject.sample[split][name][place] for split, place in rows]
    names = sorted(set(labels))
    codes = np.array([names.index(label) for label in labels], dtype=np.int64)
    texts = [subject.texts(split)[place] for split, place in rows]
    keys = _keys(subject, rows)
    model = "features of the base" if _uses_base(subject) else "word counts"
    protocol: dict[str, str | int | float] = {
        "model": model,
        "folds": FOLDS,
        "rows": len(rows),
        "seed": subject.seed,
    }
    try:
        probabilities = _out_of_fold(subject, texts, codes, len(names), keys)
        found = suspects(probabilities, codes)
    except (UndefinedError, DataError, ModelError) as error:
        reason = str(error).rstrip(".")
        point = Point(key="skipped.reason", values={"reason": reason})
        return Found(severity="skipped", points=(point,), protocol=protocol)
    learnt = Learnt(rows=rows, names=names, codes=codes, probabilities=probabilities)
    accuracy = float((probabilities.argmax(1) == codes).mean())
    protocol["out_of_fold_accuracy"] = round(accuracy, 4)
    if not len(found.rows):
        return Found(severity="fine", points=(Point(key="label_errors.fine"),), protocol=protocol)
    table = tuple(
        _row(subject, learnt, found, place) for place in range(min(len(found.rows), REVIEWED))
    )
    return Found(
        severity="warning" if len(found.rows) / len(rows) >= MANY else "note",
        count=len(found.rows),
        of=len(rows),
        points=(
            Point(key="label_errors", values={"count": len(found.rows), "of": len(rows)}),
            Point(key="label_errors.model", values={"model": model, "accuracy": accuracy}),
        ),
        advice=(Point(key="label_errors.fix"),),
        examples=tuple(
            subject.instance(
                [rows[row]],
                f"{names[codes[row]]} → {names[found.suggested[place]]}, "
                f"{found.margins[place]:+.2f}",
            )
            for place, row in enumerate(found.rows[:EXAMPLES])
        ),
        pictures=_pictures(found, names),
        protocol=protocol,
        table=table,
    )


def _uses_base(subject: Subject) -> bool:
    return subject.reads_with_base and subject.base_folder is not None


def _keys(subject: Subject, rows: Sequence[tuple[str, int]]) -> list[str]:
    keys = {split: input_keys(part, subject.columns) for split, part in subject.sample.items()}
    return [keys[split][place].casefold() for split, place in rows]  # word counts fold it too


def _out_of_fold(
    subject: Subject, texts: list[str], codes: NDArray[np.int64], labels: int, keys: list[str]
) -> NDArray[np.float64]:
    """Probabilities of models that saw neither a row nor a copy of it."""
    folds = folds_of(codes, keys, FOLDS, seed=subject.seed)
    features = None
    if _uses_base(subject) and subject.base_folder is not None:
        from polyculture.datacheck.base_texts import frozen_features

        features = frozen_features(texts, subject.base_folder)
    probabilities = np.zeros((len(texts), labels))
    for fold in range(FOLDS):
        held, rest = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if not len(held) or not len(rest):
            continue
        logits = (
            _by_counts(texts, codes, labels, rest, held)
            if features is None
            else _by_features(features, codes, labels, rest, held)
        )
        probabilities[held] = softmax(logits, axis=1)
    return probabilities


def _by_counts(
    texts: list[str], codes: NDArray[np.int64], labels: int, rest: Any, held: Any
) -> NDArray[np.float64]:
    from polyculture.nets.lexical.tfidf import Tfidf

    learnt = [texts[row] for row in rest]
    model = Tfidf.fit(learnt, codes[rest], labels=labels, features=TERMS)
    return model.logits([texts[row] for row in held]).astype(np.float64)


def _by_features(
    features: NDArray[Any], codes: NDArray[np.int64], labels: int, rest: Any, held: Any
) -> NDArray[np.float64]:
    from sklearn.preprocessing import StandardScaler

    from polyculture.nets.lexical.tfidf import linear

    scaler = StandardScaler().fit(features[rest])
    weight, bias = linear(scaler.transform(features[rest]), codes[rest], labels, 0.1)
    return np.asarray(scaler.transform(features[held]) @ weight.T + bias)


def _row(
    subject: Subject, learnt: Learnt, found: Suspects, place: int
) -> dict[str, str | int | float | None]:
    row = int(found.rows[place])
    split, number = learnt.rows[row]
    given, suggested = int(learnt.codes[row]), int(found.suggested[place])
    text = {"text": subject.texts(split)[number]} if subject.shows_text else {}
    return {
        "split": split,
        "id": subject.id_of(split, number),
        "given": learnt.names[given],
        "suggested": learnt.names[suggested],
        "p_given": round(float(learnt.probabilities[row, given]), 4),
        "p_suggested": round(float(learnt.probabilities[row, suggested]), 4),
        "verdict": None,
        **text,
    }


def _pictures(found: Suspects, names: Sequence[str]) -> tuple[Grid, ...]:
    joint = found.joint.copy()
    np.fill_diagonal(joint, 0)
    order = np.argsort(-joint, axis=None, kind="stable")[:15]
    pairs = [divmod(int(place), len(names)) for place in order]
    return (
        Grid(
            key="label_errors.grid",
            columns=("given", "confident", "rows"),
            rows=tuple((names[i], names[j], int(joint[i, j])) for i, j in pairs if joint[i, j]),
        ),
    )


PLUGIN = Finding(report=report, why_not=why_not)
