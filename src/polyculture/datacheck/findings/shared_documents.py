"""Documents with rows in several splits: what is tested was partly read in training.

Rows of one document say much the same, and intervals take them for one unit. Whoever splits rows
at random tests on documents that the model knows.
"""

from polyculture.core.finding import Finding, Found, Point
from polyculture.datacheck.subject import Subject
from polyculture.stats.answers import documents_of

EXAMPLES = 10


def why_not(subject: Subject) -> Point | None:
    """Two splits whose rows name their documents."""
    named = [split for split in subject.sample if _documents(subject, split)]
    return None if len(named) > 1 else Point(key="skipped.no_documents")


def report(subject: Subject, _: None) -> Found:
    """Rows of each split whose document has rows in an earlier one too."""
    places = {split: found for split in subject.sample if (found := _documents(subject, split))}
    splits = [split for split in ("train", "valid", "test") if split in places]
    points, examples, total = [], [], 0
    for number, split in enumerate(splits):
        for earlier in splits[:number]:
            shared = [name for name in places[split] if name in places[earlier]]
            if not shared:
                continue
            rows = sum(len(places[split][name]) for name in shared)
            total += rows
            points.append(
                Point(
                    key="documents.shared",
                    values={
                        "split": split,
                        "other": earlier,
                        "documents": len(shared),
                        "count": rows,
                        "of": len(subject.sample[split]),
                    },
                )
            )
            examples += [
                subject.instance(
                    [(earlier, places[earlier][name][0]), (split, places[split][name][0])]
                )
                for name in shared[:EXAMPLES]
            ]
    if not points:
        count = len({name for found in places.values() for name in found})
        return Found(
            severity="fine", points=(Point(key="documents.fine", values={"documents": count}),)
        )
    if not all(map(subject.is_whole, splits)):
        points.append(
            Point(key="sampled", values={"count": sum(map(len, subject.sample.values()))})
        )
    return Found(
        severity="warning",
        count=total,
        of=sum(len(subject.sample[split]) for split in splits),
        points=tuple(points),
        advice=(Point(key="documents.fix"),),
        examples=tuple(examples[:EXAMPLES]),
    )


def _documents(subject: Subject, split: str) -> dict[str, list[int]]:
    """The places of each document's rows in the sample of a split."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(documents_of(subject.sample[split]) or ()):
        if name is not None:
            places.setdefault(name, []).append(place)
    return places


PLUGIN = Finding(report=report, why_not=why_not)
