"""What a model will see of a row: its text, its tokens, its target, and what is cut."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.core.record import Record
from polyculture.core.task import Context, Example, Task, task_of
from polyculture.stats.rows import in_one_line

NEIGHBOURS = 50
"""Rows of the same document, on each side, that are read with a row: a task may show what stands
around it."""
UNKNOWN = "(none that train has)"
"""Stands for a target that does not count."""


class ShownRow(Record):
    """One row, or one window of a long row, as the model reads it."""

    id: str
    text: str
    """What the data hold, in one line."""
    tokens: tuple[str, ...]
    """What the base's reader makes of it: tokens, or a shape; or the terms that are counted."""
    targets: tuple[str, ...]
    """The right answers; where tokens answer, ``token → answer``, and ``start → token`` where an
    answer is a piece of what is read."""
    notes: tuple[str, ...] = ()
    """What is cut, or read in windows."""


def shown_rows(
    rows: pl.DataFrame, task: Task, context: Context, *, first: int | None = None
) -> tuple[ShownRow, ...]:
    """Prepared rows as the model will read them.

    Args:
        rows: Training rows.
        task: Their task.
        context: With the base's reader; without one, words are counted.
        first: How many are shown; all where left out.
    """
    shown: list[ShownRow] = []
    for number in range(len(rows) if first is None else min(first, len(rows))):
        row = rows[number]
        if context.reader is None:
            shown.append(_counted(row, task, context))
            continue
        from polyculture.engine.batches import drawn  # loads torch

        document, place = _document(rows, number)
        encoded = task.encode(document, context)
        # notes count rows, and are to count this one alone
        notes = (encoded if len(document) == 1 else task.encode(row, context)).notes
        text = in_one_line(row, task.columns)[0]
        examples = [drawn(e, task, context) for e in encoded.examples if e.row == place]
        shown += [_seen(row, text, example, context, notes) for example in examples]
    return tuple(shown)


def _document(rows: pl.DataFrame, number: int) -> tuple[pl.DataFrame, int]:
    """A row among neighbours of its document, and its place there; alone where it names none.

    Example:
        >>> rows = pl.DataFrame({"document": ["a", "b", "a", None]})
        >>> [(len(found), place) for found, place in (_document(rows, n) for n in range(4))]
        [(2, 0), (1, 0), (2, 1), (1, 0)]
    """
    name = rows["document"][number] if "document" in rows.columns else None
    if name is None:
        return rows[number], 0
    places = (rows["document"] == name).arg_true().to_list()
    place = places.index(number)
    start = max(0, place - NEIGHBOURS)
    return rows[places[start : place + NEIGHBOURS + 1]], place - start


def _seen(
    row: pl.DataFrame, text: str, example: Example, context: Context, notes: tuple[str, ...]
) -> ShownRow:
    tokens = _tokens(example, context)
    return ShownRow(
        id=row["id"][0],
        text=text,
        tokens=tuple(tokens),
        targets=_targets(example, tokens, context),
        notes=notes,
    )


def _tokens(example: Example, context: Context) -> list[str]:
    """The tokens that go in; of other inputs what they are and their shape."""
    if "input_ids" in example.inputs:
        tokens: list[str] = context.reader.convert_ids_to_tokens(
            example.inputs["input_ids"].tolist()
        )
        return tokens
    return [
        f"{name} {'×'.join(str(length) for length in values.shape)}"
        for name, values in example.inputs.items()
    ]


def _counted(row: pl.DataFrame, task: Task, context: Context) -> ShownRow:
    from polyculture.nets.lexical.tfidf import LONGEST, joined_texts, terms

    text = joined_texts(row)[0]
    codes = task.codes(row, context) if task.codes else []
    cut = (f"Of {len(text):,} characters the first {LONGEST:,} are counted.",)
    return ShownRow(
        id=row["id"][0],
        text=in_one_line(row, task.columns)[0],
        tokens=tuple(terms(text[:LONGEST])),
        targets=tuple(name for code in codes for name in _names(code, context.labels)),
        notes=cut if len(text) > LONGEST else (),
    )


def _targets(example: Example, tokens: list[str], context: Context) -> tuple[str, ...]:
    targets: list[str] = []
    output = task_of(context.settings).output
    if output == "positions":
        return tuple(f"{name} → {tokens[place]}" for name, place in example.targets.items())
    is_told = output in {"tokens", "numbers"} or context.labels
    # a reader of clips has a tokenizer, or its network spells with letters, which are labels
    tokenizer = getattr(context.reader, "tokenizer", context.reader)
    for codes in example.targets.values() if is_told else ():
        if output == "tokens" and tokenizer is not None:
            names = [*tokenizer.convert_ids_to_tokens(codes.tolist())]
        elif output == "numbers":
            names = _numbers(codes, context.labels)
        else:
            names = _names(codes, context.labels)
        places = _positions(example.places)
        if places is None:
            targets += names
        else:
            targets += [f"{tokens[p]} → {name}" for p, name in zip(places, names, strict=True)]
    return tuple(targets)


def _positions(places: Mapping[str, NDArray[Any]]) -> list[int] | None:
    return [int(p) for p in places["positions"]] if "positions" in places else None


def _names(codes: NDArray[Any], labels: tuple[str, ...]) -> list[str]:
    """Labels of codes; of the labels that are on, where there is a number for each."""
    if codes.dtype.kind == "f":
        return [label for label, is_on in zip(labels, codes, strict=True) if is_on]
    return [labels[code] if code >= 0 else UNKNOWN for code in np.atleast_1d(codes).tolist()]


def _numbers(values: NDArray[Any], labels: tuple[str, ...]) -> list[str]:
    """Numbers, behind their names where they have any."""
    flat = [f"{value:g}" for value in np.atleast_1d(values).tolist()]
    return [f"{n} {x}" for n, x in zip(labels, flat, strict=True)] if labels else flat
