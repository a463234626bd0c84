"""Which scripts the texts are written in, as far as that tells of languages."""

from collections import Counter
from collections.abc import Mapping

from polyculture.core.finding import Bars, Finding, Found, Grid, Point
from polyculture.datacheck.applies import to_texts
from polyculture.datacheck.counters.characters import CharacterCounter
from polyculture.datacheck.subject import Subject
from polyculture.stats.texts.scripts import scripts_of

SHIFT = 0.05
"""Difference of the shares of rows of one main script between train and another split."""
SMALL = 0.0005
DRAWN = 8


def report(_: Subject, characters: CharacterCounter) -> Found:
    """Main scripts of rows, and letters of each script, by split."""
    rows = characters.scripts
    shares = {
        split: {script: n / max(1, sum(by.values())) for script, n in by.items()}
        for split, by in rows.items()
    }
    names = sorted(
        {script for by in shares.values() for script in by},
        key=lambda script: (-sum(by.get(script, 0.0) for by in shares.values()), script),
    )
    letters = {split: scripts_of(codes) for split, codes in characters.codes.items()}
    train = shares.get("train", {})
    moved = [
        (split, script, by.get(script, 0.0), train.get(script, 0.0))
        for split, by in shares.items()
        if split != "train" and train
        for script in names
        if abs(by.get(script, 0.0) - train.get(script, 0.0)) >= SHIFT
    ]
    mixed = [
        script for script in names if max(by.get(script, 0.0) for by in shares.values()) >= SMALL
    ]
    points = [
        Point(
            key="scripts",
            values={"scripts": len(mixed), "main": names[0], "share": _share(rows, names[0])},
        )
    ]
    points += [
        Point(key="scripts.moved", values={"split": s, "script": n, "here": a, "train": b})
        for s, n, a, b in moved
    ]
    of_letters = sorted({script for by in letters.values() for script in by})
    of_letters.sort(key=lambda script: -sum(by[script] for by in letters.values()))
    return Found(
        severity="warning" if moved else "note" if len(mixed) > 1 else "fine",
        count=len(mixed),
        points=tuple(points),
        advice=(Point(key="scripts.fix"),) if moved else (Point(key="scripts.limits"),),
        pictures=(
            Bars(
                key="scripts.bars",
                names=tuple(names[:DRAWN]),
                series={
                    s: tuple(by.get(n, 0.0) for n in names[:DRAWN]) for s, by in shares.items()
                },
                in_percent=True,
                left_out=max(0, len(names) - DRAWN),
            ),
            Grid(
                key="scripts.grid",
                columns=("script", *letters),
                rows=tuple(
                    (script, *(by[script] for by in letters.values())) for script in of_letters[:20]
                ),
            ),
        ),
    )


def _share(rows: Mapping[str, Counter[str]], script: str) -> float:
    return sum(by[script] for by in rows.values()) / sum(by.total() for by in rows.values())


PLUGIN = Finding(report=report, why_not=to_texts, count=CharacterCounter)
