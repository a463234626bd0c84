"""How long the texts are in tokens of the base, and what does not fit into its window."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.core.finding import Finding, Found, Grid, Histogram, Point
from polyculture.core.task import Context, Encoded
from polyculture.datacheck.applies import to_tokens
from polyculture.datacheck.base_texts import token_counts
from polyculture.datacheck.cells import of_kind, texts_of
from polyculture.datacheck.subject import Subject
from polyculture.stats.spans.entities import conlleval_spans

MOST = 20_000
"""Rows of a split that are tokenized, the first ones."""
EXAMPLES = 10
BINS = 30
MANY = 0.05
"""Share of the tokens that would be cut, from which it weighs."""
SHORT = 0.25
"""Share of the window that the 99th percentile fills, below which a shorter window costs less."""


def report(subject: Subject, _: None) -> Found:
    """Lengths by split, rows and tokens beyond the window, and gold that is torn or cut."""
    context = subject.context()
    is_pair = len(subject.text_columns) > 1
    special = int(context.reader.num_special_tokens_to_add(pair=is_pair))
    window = context.longest - special
    counts = {split: _counts(subject, split, context) for split in subject.sample}
    every = np.concatenate(list(counts.values()))
    over = {split: lengths > window for split, lengths in counts.items()}
    points: list[Point] = []
    examples = []
    for split, lengths in counts.items():
        long = over[split]
        if not long.any():
            continue
        beyond = int((lengths[long] - window).sum())
        points.append(
            Point(
                key="length.over",
                values={
                    "split": split,
                    "count": int(long.sum()),
                    "of": len(lengths),
                    "window": window,
                    "beyond": beyond,
                    "share": beyond / int(lengths.sum()),
                },
            )
        )
        order = np.argsort(-lengths, kind="stable")[: min(EXAMPLES, int(long.sum()))]
        examples += [
            subject.instance([(split, int(place))], f"{lengths[place]:,}", text=False)
            for place in order
        ]
    encoded = _encoded(subject, context, over)
    points += encoded
    points += _answers(subject, context)
    cut = sum(int((counts[s][over[s]] - window).sum()) for s in counts)
    q99 = float(np.quantile(every, 0.99))
    advice = [Point(key="length.fix")] if any(long.any() for long in over.values()) else []
    if q99 < SHORT * window and _is_alone(subject):
        shorter = int(np.ceil((every.max() + special) / 8) * 8)
        advice.append(Point(key="length.shorter", values={"length": max(8, shorter)}))
    if not points:
        points = [Point(key="length.fine", values={"most": int(every.max()), "window": window})]
    rows_over = sum(int(long.sum()) for long in over.values())
    is_heavy = cut / max(1, int(every.sum())) >= MANY
    return Found(
        severity="warning" if is_heavy else "note" if rows_over or len(points) > 1 else "fine",
        count=rows_over,
        of=len(every),
        points=tuple(points),
        advice=tuple(advice),
        examples=tuple(examples[:EXAMPLES]),
        pictures=(_quantiles(counts), _histogram(counts, window)),
        protocol={
            "tokenizer": subject.base_name,
            "window": context.longest,
            "special_tokens": special,
            "rows": len(every),
        },
    )


def _is_alone(subject: Subject) -> bool:
    """Whether an input shares its window with no other text, and with no answer that follows."""
    around: int = getattr(subject.settings, "around", 0)
    is_shared = bool(subject.task.pool(subject.settings)) or around > 0
    return not is_shared and subject.task.output != "tokens"


def _counts(subject: Subject, split: str, context: Context) -> NDArray[np.int64]:
    return token_counts(subject.texts(split)[:MOST], context.reader)


def _encoded(subject: Subject, context: Context, over: dict[str, NDArray[np.bool_]]) -> list[Point]:
    """What the task itself does with the long rows: cut them, or read them in windows."""
    prepared, inventory, reason = subject.prepared()
    if reason or inventory is None:
        return []
    points = []
    for split, long in over.items():
        places = np.flatnonzero(long)[:2_000]
        if split not in prepared or not len(places):
            continue
        rows = prepared[split][places]
        encoded = subject.task.encode(rows, context)
        points += [
            Point(key="said", values={"split": split, "note": note}) for note in encoded.notes
        ]
        torn = _torn(rows, encoded)
        if torn:
            points.append(Point(key="length.torn", values={"split": split, "count": torn}))
    return points


def _torn(rows: pl.DataFrame, encoded: Encoded) -> int:
    """Spans of words whose words are answered by different windows."""
    if "tags" not in rows.columns:
        return 0
    owner: dict[int, dict[int, int]] = {}
    for number, example in enumerate(encoded.examples):
        words = example.places.get("words")
        if words is not None:
            owner.setdefault(example.row, {}).update(dict.fromkeys(words.tolist(), number))
    return sum(
        len({owner.get(row, {}).get(word) for word in range(start, end)}) > 1
        for row, tags in enumerate(rows["tags"].to_list())
        for _, start, end in conlleval_spans(tags)
    )


def _answers(subject: Subject, context: Context) -> list[Point]:
    """Right answers that are texts, which a model has to write."""
    most = context.longest_answer
    names = of_kind(subject.columns, frozenset({"text"}), gold=True)
    if not most or not names:
        return []
    points = []
    for split, rows in subject.sample.items():
        lengths = token_counts(texts_of(rows.head(MOST), names), context.reader)
        long = lengths > most
        if long.any():
            values: dict[str, Any] = {
                "split": split,
                "count": int(long.sum()),
                "of": len(lengths),
                "window": most,
                "beyond": int((lengths[long] - most).sum()),
            }
            points.append(Point(key="length.answers", values=values))
    return points


def _quantiles(counts: dict[str, NDArray[np.int64]]) -> Grid:
    return Grid(
        key="length.grid",
        columns=("split", "mean", "q50", "q95", "q99", "most"),
        rows=tuple(
            (
                split,
                round(float(lengths.mean()), 1),
                *(int(np.quantile(lengths, q)) for q in (0.5, 0.95, 0.99)),
                int(lengths.max()),
            )
            for split, lengths in counts.items()
        ),
    )


def _histogram(counts: dict[str, NDArray[np.int64]], window: int) -> Histogram:
    every = np.concatenate(list(counts.values()))
    end = float(max(np.quantile(every, 0.999), 8))
    end = max(end, window * 1.05) if (every > window).any() else end
    edges = np.linspace(0, np.ceil(end), min(BINS, int(np.ceil(end))) + 1)
    return Histogram(
        key="length.histogram",
        edges=tuple(edges.tolist()),
        series={
            split: tuple(np.histogram(np.minimum(lengths, edges[-1]), bins=edges)[0].tolist())
            for split, lengths in counts.items()
        },
        line=float(window) if window <= edges[-1] else None,
    )


PLUGIN = Finding(report=report, why_not=to_tokens)
