"""Tags as the files write them: the scheme, and tags that may not follow one another."""

from collections.abc import Mapping

from polyculture.core.finding import Finding, Found, Grid, Instance, Point
from polyculture.datacheck.counters.tags import TagCounter, Tags
from polyculture.datacheck.subject import Subject


def why_not(subject: Subject) -> Point | None:
    """There must be tags."""
    has_tags = any(column.kind == "tags" for column in subject.columns.values())
    return None if has_tags else Point(key="skipped.no_tags")


def report(subject: Subject, counter: TagCounter) -> Found:
    """What a reader by the rules of IOB2 would find wrong, and which scheme explains it."""
    splits = {split: tags for split, tags in counter.splits.items() if tags.rows}
    illegal = sum(tags.illegal for tags in splits.values())
    scheme = _scheme(splits)
    points = [Point(key=f"tags.{scheme}")]
    values: dict[str, str | int | float] = {
        "count": illegal,
        "of": sum(tags.tags for tags in splits.values()),
    }
    if illegal:
        points.append(Point(key=f"tags.illegal.{scheme}", values=values))
    points.append(Point(key="tags.adjacent", values={"counts": _listed(splits)}))
    is_wrong = scheme == "mixed"
    examples = [
        Instance(rows=(f"{split}/{item}",), about=pair)
        for split, tags in splits.items()
        for item, pair in tags.examples
    ]
    return Found(
        severity="warning" if is_wrong else "note" if scheme != "IOB2" else "fine",
        count=illegal,
        of=sum(tags.tags for tags in splits.values()),
        points=(
            *points,
            *(
                Point(key="source", values={"note": note})
                for note in subject.notes
                if "IOB" in note or "BIOES" in note
            ),
        ),
        advice=(Point(key="tags.fix"),) if is_wrong else (),
        examples=tuple(examples[:20]) if illegal else (),
        pictures=(
            Grid(
                key="tags.grid",
                columns=("split", "rows", "tags", "spans", "illegal", "adjacent"),
                rows=tuple(
                    (s, tags.rows, tags.tags, tags.spans, tags.illegal, tags.adjacent)
                    for s, tags in splits.items()
                ),
            ),
        ),
    )


def _scheme(splits: Mapping[str, Tags]) -> str:
    """The scheme that explains all tags of all splits.

    Example:
        >>> _scheme({"train": Tags(illegal=3)}), _scheme({"train": Tags(opened=3)})
        ('IOB1', 'IOB2')
        >>> _scheme({"train": Tags(illegal=1, opened=3)})
        'mixed'
    """
    prefixes = {prefix for tags in splits.values() for prefix in tags.prefixes}
    if prefixes & {"E", "S", "L", "U"}:
        return "BIOES"
    if not any(tags.illegal for tags in splits.values()):
        return "IOB2"
    return "mixed" if any(tags.opened for tags in splits.values()) else "IOB1"


def _listed(splits: Mapping[str, Tags]) -> str:
    return ", ".join(f"{split} {tags.adjacent:,}" for split, tags in splits.items())


PLUGIN = Finding(report=report, why_not=why_not, count=TagCounter)
