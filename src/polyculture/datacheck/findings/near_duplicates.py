"""Rows that are nearly the same as another: a changed number, a comma, a word at the end.

After Broder 1997, On the resemblance and containment of documents.
"""

from collections import defaultdict

import polars as pl

from polyculture.core.finding import Finding, Found, Histogram, Point
from polyculture.datacheck.applies import to_texts
from polyculture.datacheck.subject import Subject
from polyculture.stats.texts.minhash import BANDS, SIZE, WIDTH, near_pairs, recall, shingles

THRESHOLD = 0.8
"""Jaccard similarity of the sets of shingles from which two texts are near."""
MOST = 50_000
"""Different texts of all splits together that are compared."""
EXAMPLES = 20
LEAK = 0.02
EDGES = tuple(round(0.8 + 0.02 * step, 2) for step in range(11))


def report(subject: Subject, _: None) -> Found:
    """Rows that are near a row of their own split or of an earlier one, but not equal to it."""
    firsts = _different(subject)
    texts = [subject.texts(split)[place] for split, place in firsts]
    pairs, similarity, candidates = near_pairs(
        [shingles(text) for text in texts], threshold=THRESHOLD, seed=subject.seed
    )
    rows: dict[tuple[str, str], set[int]] = defaultdict(set)
    for a, b in pairs:
        (split_a, _), (split_b, _) = firsts[a], firsts[b]
        rows[split_b, split_a].add(int(b))
        if split_a == split_b:
            rows[split_a, split_a].add(int(a))
    protocol = {
        "shingles": f"{SIZE} characters, without case",
        "threshold": THRESHOLD,
        "signature": f"{BANDS} bands of {WIDTH} values",
        "recall_at_threshold": round(recall(THRESHOLD), 4),
        "candidates": candidates,
        "texts": len(texts),
        "seed": subject.seed,
    }
    if not len(pairs):
        point = Point(key="near.fine", values={"texts": len(texts), "threshold": THRESHOLD})
        return Found(severity="fine", points=(point,), protocol=protocol)
    points = [Point(key="near", values={"pairs": len(pairs), "threshold": THRESHOLD})]
    points += [
        Point(
            key="near.within" if split == other else "near.across",
            values={
                "split": split,
                "other": other,
                "count": len(places),
                "of": sum(one == split for one, _ in firsts),
            },
        )
        for (split, other), places in sorted(rows.items(), key=lambda pair: pair[0][0] != "train")
    ]
    if not all(map(subject.is_whole, subject.sample)) or len(firsts) == MOST:
        points.append(Point(key="sampled", values={"count": len(texts)}))
    leaks = [
        len(places) / max(1, sum(one == split for one, _ in firsts))
        for (split, other), places in rows.items()
        if split != other
    ]
    order = sorted(
        range(len(pairs)),
        key=lambda place: (
            firsts[pairs[place][0]][0] == firsts[pairs[place][1]][0],
            -len(texts[pairs[place][0]]),
        ),
    )
    return Found(
        severity="warning" if leaks and max(leaks) >= LEAK else "note",
        count=len(set(pairs.ravel().tolist())),
        of=len(texts),
        points=tuple(points),
        advice=(Point(key="near.fix"),),
        examples=tuple(
            subject.instance([firsts[a] for a in pairs[place]], f"{similarity[place]:.2f}")
            for place in order[:EXAMPLES]
        ),
        pictures=(
            Histogram(
                key="near.histogram",
                edges=EDGES,
                series={"": tuple(_counts(similarity.tolist()))},
            ),
        ),
        protocol=protocol,
    )


def _counts(similarity: list[float]) -> list[int]:
    counts = [0] * (len(EDGES) - 1)
    for one in similarity:
        counts[min(int((one - EDGES[0]) / 0.02 + 1e-9), len(counts) - 1)] += 1
    return counts


def _different(subject: Subject) -> list[tuple[str, int]]:
    """Split and place of the first row of each text, in the order of the splits.

    Texts that differ by capitals are different ones: models may read them alike, and no finding
    about equal texts sees them.
    """
    seen: set[str] = set()
    firsts = []
    for split in subject.sample:
        for place, text in enumerate(subject.texts(split)):
            key = " ".join(text.split())
            if key and key not in seen:
                seen.add(key)
                firsts.append((split, place))
    if len(firsts) <= MOST:
        return firsts
    kept = pl.Series(range(len(firsts))).sample(MOST, seed=subject.seed).sort().to_list()
    return [firsts[place] for place in kept]


PLUGIN = Finding(report=report, why_not=to_texts)
