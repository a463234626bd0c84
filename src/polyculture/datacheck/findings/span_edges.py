"""Spans whose ends look wrong: spaces at an edge, an end inside a word, one span over another.

After spaCy's debug data.
"""

import re
from collections import Counter
from typing import Any

from polyculture.core.finding import Finding, Found, Instance, Point
from polyculture.datacheck.subject import SHOWN, Subject
from polyculture.nets.text.words import cut

EXAMPLES = 20
SENTENCE = re.compile(r"[.!?]['\")\]]*\s+(?=[A-Z])|[。！？]")
"""Where a sentence ends within a text; an abbreviation before a name looks the same."""
SEVERE = ("overlap",)
KINDS = ("overlap", "edge", "inside", "sentence", "punctuation")
PUNCTUATION = ".,;:!?，。；：！？、"


def why_not(subject: Subject) -> Point | None:
    """There must be spans in characters; tags have no edges but those of words."""
    has_spans = any(column.kind == "spans" for column in subject.columns.values())
    return None if has_spans else Point(key="skipped.no_spans")


def report(subject: Subject, _: None) -> Found:
    """Spans of the sample by what is odd about them."""
    spans = next(name for name, column in subject.columns.items() if column.kind == "spans")
    text_name = next(name for name, column in subject.columns.items() if column.kind == "text")
    counts: Counter[str] = Counter()
    examples: dict[str, list[Instance]] = {kind: [] for kind in KINDS}
    total = 0
    for split, rows in subject.sample.items():
        if spans not in rows.columns:
            continue
        for item, text, cells in rows.select("id", text_name, spans).iter_rows():
            total += len(cells or ())
            for kind, span in _odd(text, cells or ()):
                counts[kind] += 1
                if len(examples[kind]) < EXAMPLES:
                    piece = text[span["start"] : span["end"]] if subject.shows_text else ""
                    place = f"{span['label']} {span['start']}-{span['end']}"
                    examples[kind].append(
                        Instance(rows=(f"{split}/{item}",), text=piece[:SHOWN], about=place)
                    )
    if not counts:
        return Found(
            severity="fine", of=total, points=(Point(key="edges.fine", values={"of": total}),)
        )
    points = tuple(
        Point(key=f"edges.{kind}", values={"count": counts[kind], "of": total})
        for kind in KINDS
        if counts[kind]
    )
    shown = [one for kind in KINDS for one in examples[kind][: max(4, EXAMPLES // len(counts))]]
    is_severe = any(counts[kind] for kind in SEVERE)
    is_odd = counts["edge"] or counts["inside"]
    return Found(
        severity="severe" if is_severe else "warning" if is_odd else "note",
        count=sum(counts.values()),
        of=total,
        points=points,
        advice=(Point(key="edges.fix"),),
        examples=tuple(shown[:EXAMPLES]),
    )


def _odd(text: str, spans: Any) -> list[tuple[str, dict[str, Any]]]:
    """What is odd about the spans of one text.

    Example:
        >>> span = {"start": 0, "end": 5, "label": "LOC"}
        >>> [kind for kind, _ in _odd("Rome is", [span])]
        ['edge']
        >>> [kind for kind, _ in _odd("Romeis", [span])]
        ['inside']
    """
    words = cut(text)
    starts, ends = {start for start, _ in words}, {end for _, end in words}
    ordered = sorted(spans, key=lambda span: (span["start"], span["end"]))
    found: list[tuple[str, dict[str, Any]]] = []
    reached = 0
    for span in ordered:
        start, end = span["start"], span["end"]
        piece = text[start:end]
        if start < reached:
            found.append(("overlap", span))
        reached = max(reached, end)
        if piece != piece.strip():
            found.append(("edge", span))
        elif start not in starts or end not in ends:
            found.append(("inside", span))
        elif len(piece) > 1 and (piece[0] in PUNCTUATION or piece[-1] in PUNCTUATION[1:]):
            found.append(("punctuation", span))
        if SENTENCE.search(piece.strip()[:-1]):
            found.append(("sentence", span))
    return found


PLUGIN = Finding(report=report, why_not=why_not)
