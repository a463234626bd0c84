"""Can a classifier tell the splits apart? Then validation measures something else than test.

After Lopez-Paz and Oquab 2017, Revisiting Classifier Two-Sample Tests, arXiv:1610.06545.
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from polyculture.core.errors import DataError, UndefinedError
from polyculture.core.finding import Finding, Found, Grid, Point
from polyculture.core.values import Known
from polyculture.datacheck.subject import Subject
from polyculture.stats.inference.classifier_test import tell_apart

MOST = 4_000
"""Rows of a split that a classifier sees."""
TERMS = 20_000
SURE = 0.01
LARGE = 0.65
"""Area under the curve from which splits differ enough to move scores."""
SPLITS = ("train", "valid", "test")


def why_not(subject: Subject) -> Point | None:
    """It takes texts and two splits of rows to be answered."""
    if not subject.text_columns:
        return Point(key="skipped.no_text")
    there = [split for split in SPLITS if split in subject.sample]
    return None if len(there) > 1 else Point(key="shift.one_split")


def report(subject: Subject, _: None) -> Found:
    """Each pair of splits, with documents as the units where rows belong to some."""
    there = [split for split in SPLITS if split in subject.sample]
    rows: list[tuple[str | int | float | None, ...]] = []
    points = []
    worst = 0.0
    for a, b in combinations(there, 2):
        try:
            area, p = _tested(subject, a, b)
        except (UndefinedError, DataError) as error:
            reason = str(error).rstrip(".")
            points.append(Point(key="shift.undefined", values={"a": a, "b": b, "reason": reason}))
            continue
        low, high = area.low or 0.0, area.high or 0.0
        rows.append((f"{a} – {b}", round(area.number, 3), round(low, 3), round(high, 3), p))
        if p < SURE:
            worst = max(worst, area.number)
            values = {"a": a, "b": b, "area": area.number, "p": max(p, 1e-4)}
            points.append(Point(key="shift", values=values))
    if not points:
        points = [Point(key="shift.fine")]
    units = "documents" if _has_documents(subject) else "rows"
    return Found(
        severity="skipped"
        if not rows
        else "warning"
        if worst >= LARGE
        else "note"
        if worst
        else "fine",
        count=sum(1 for row in rows if isinstance(row[4], float) and row[4] < SURE),
        of=len(rows),
        points=tuple(points),
        advice=(Point(key="shift.fix"),) if worst else (),
        pictures=(
            Grid(
                key="shift.grid", columns=("splits", "area", "low", "high", "p"), rows=tuple(rows)
            ),
        )
        if rows
        else (),
        protocol={
            "classifier": "logistic regression on weighted counts of words",
            "units": units,
            "rows_a_split": MOST,
            "level": SURE,
            "seed": subject.seed,
        },
    )


def _has_documents(subject: Subject) -> bool:
    return all("document" in rows.columns for rows in subject.sample.values())


def _tested(subject: Subject, a: str, b: str) -> tuple[Known, float]:
    from polyculture.nets.lexical.tfidf import Tfidf

    texts: list[str] = []
    units: list[str] = []
    is_b: list[bool] = []
    for split in (a, b):
        rows = subject.sample[split]
        rng = np.random.default_rng(subject.seed)
        places = np.sort(rng.permutation(len(rows))[:MOST])
        every = subject.texts(split)
        texts += [every[place] for place in places]
        names = rows["document"] if _has_documents(subject) else rows["id"]
        units += [f"{split} {names[int(place)]}" for place in places]
        is_b += [split == b] * len(places)

    def scored(
        learnt: NDArray[np.int64], codes: NDArray[np.int64], held: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        model = Tfidf.fit(
            [texts[row] for row in learnt], codes, labels=2, features=TERMS, strength=1.0
        )
        logits = model.logits([texts[row] for row in held]).astype(np.float64)
        return np.asarray(logits[:, 1] - logits[:, 0])

    return tell_apart(np.array(is_b), units, scored, seed=subject.seed)


PLUGIN = Finding(report=report, why_not=why_not)
