"""Estimate the time of a training from a few short timed steps.

Some of the rows stand for all: they are encoded to learn how long rows are, and two steps on rows
of usual length are timed and scaled by their tokens. One number would claim too much, so the result
is a range: from what the cores would do if nothing else ran, to what is left of them beside other
programs.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.core.task import Encoded
from polyculture.engine.answering.shown_rows import ShownRow, shown_rows
from polyculture.engine.choices.automatic import budget_of
from polyculture.engine.cost.timed_steps import USUAL, StepTimes, time_steps
from polyculture.engine.opened import Opened, compact_tokens, open_base
from polyculture.engine.plan import Plan
from polyculture.engine.prepare import PreparedTraining, assemble, notes_on
from polyculture.engine.training import Training
from polyculture.nets.efficiency.embedding import CompactEmbedding, input_table
from polyculture.nets.network import count, trainable

SPLITS = ("train", "valid")
ROWS_READ = 2_000
"""Rows of each split whose lengths and tokens stand for all."""
STRETCH, STRETCHES = 40, 10
"""Neighbouring rows that are read together at most, and from how many places at least."""
EXAMPLES_TIMED = 64
"""Examples from which the timed steps take theirs."""
ROWS_JUDGED = 8
"""Validation rows on which reading without training is timed."""
BUSY = 1.4
"""Beside one busy core a training on two cores keeps 71 % of its speed (docs/log.md)."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Figures and notes of a training that was not done."""

    figures: dict[str, Any]
    notes: tuple[str, ...]
    shown: tuple[ShownRow, ...]
    """The first training rows as the model reads them."""
    low: float
    """Seconds for all epochs if nothing else runs."""
    high: float
    """Seconds for all epochs beside other programs."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much there is to compute."""

    steps: int
    tokens: float
    """Padded tokens of all steps."""
    looked: int
    """Validation rows of all evaluations."""
    answered: int
    """Rows that the finished model answers, and the base before it where a task asks that."""
    start: float
    """Seconds before the first step."""


def estimate(
    training: Training, say: Callable[[str], None] = lambda _: None, *, show: int = 0
) -> Estimate:
    """Prepare a training on some of its rows, take some steps, and throw everything away.

    Args:
        training: Recipe, data and base.
        say: Told what is being done, in a few words.
        show: Training rows to show as the model reads them.
    """
    began = time.perf_counter()
    say("opening the base")
    opened = open_base(training)
    opening = time.perf_counter() - began
    parameters = count(opened.network.parameters())
    shown = shown_rows(training.rows["train"], training.task, opened.context, first=show)
    some, rows = _some(training, ROWS_READ, ROWS_READ), len(training.rows["train"])
    say(f"reading {len(some.rows['train']):,} of {rows:,} training rows")
    encoded = {split: opened.encode(some, split) for split in SPLITS}
    compact_tokens(opened, encoded.values())
    notes = notes_on(training, opened, encoded)
    on_tokens = _on_tokens(opened, len(some.rows["train"]), rows)
    encoding = time.perf_counter() - began - opening
    budget = budget_of(training, opened, encoded["train"], rows)
    say("choosing precision and attention")
    judged, few = _judged(some, encoded["valid"])
    prepared = assemble(judged, opened, _few(encoded, few), budget)
    say(f"timing {len(USUAL)} short steps")
    start = opening + _cost_of_reading(training, some, encoded, encoding, prepared)
    size = _size(training, some, encoded["train"], budget, start)
    low, middle, high = seconds(size, time_steps(prepared, judged))
    return Estimate(
        figures={
            "parameters": parameters,
            "trained_parameters": count(trainable(prepared.network).values()),
            "steps": size.steps,
            "seconds": middle,
            "chosen": prepared.chosen.facts(),
        },
        notes=(*notes, *on_tokens),
        shown=shown,
        low=low,
        high=high,
    )


def seconds(size: Size, speed: StepTimes) -> tuple[float, float, float]:
    """Seconds for all epochs: if nothing else ran, as the timed steps went, beside other programs.

    Example:
        >>> size = Size(steps=10, tokens=1_000, looked=0, answered=0, start=1.0)
        >>> speed = StepTimes(tokens=(0.009, 0.011), move=0.1, look=0.0, answer=0.0, cores=0.5)
        >>> [round(value, 1) for value in seconds(size, speed)]
        [5.5, 12.0, 18.2]
    """

    def at(token: float) -> float:
        return (
            size.start
            + size.steps * speed.move
            + size.tokens * token
            + size.looked * speed.look
            + size.answered * speed.answer
        )

    fastest, slowest = at(min(speed.tokens)), at(max(speed.tokens))
    return fastest * speed.cores, at(float(np.mean(speed.tokens))), slowest * BUSY


def _some(training: Training, train: int, valid: int) -> Training:
    """So many rows from all over each split that is trained with, and one epoch of them."""
    rows = {
        **training.rows,
        "train": _spread(training.rows["train"], train),
        "valid": _spread(training.rows["valid"], valid),
    }
    fit = training.recipe.fit.model_copy(update={"epochs": 1})
    return replace(training, rows=rows, recipe=training.recipe.model_copy(update={"fit": fit}))


def _judged(training: Training, encoded: Encoded) -> tuple[Training, Encoded]:
    """A few validation rows from all over, as they were read among their neighbours."""
    rows = training.rows["valid"]
    places = _spread_places(len(rows), ROWS_JUDGED)
    number = {int(place): n for n, place in enumerate(places)}
    examples = [replace(e, row=number[e.row]) for e in encoded.examples if e.row in number]
    few = replace(encoded, examples=examples, rows=len(places))
    return replace(training, rows={**training.rows, "valid": rows[places]}), few


def _spread(rows: pl.DataFrame, most: int) -> pl.DataFrame:
    """Stretches of neighbours from all over the rows: neighbours may be learnt from together."""
    if len(rows) <= most:
        return rows
    stretch = min(STRETCH, max(1, most // STRETCHES))
    starts = _spread_places(len(rows) // stretch, most // stretch) * stretch
    return rows[(starts[:, None] + np.arange(stretch)).ravel()]


def _spread_places(count_: int, most: int) -> NDArray[np.int64]:
    return np.linspace(0, count_ - 1, min(count_, most)).astype(np.int64)


def _few(encoded: Mapping[str, Encoded], judged: Encoded) -> dict[str, Encoded]:
    train = encoded["train"]
    places = _spread_places(len(train.examples), EXAMPLES_TIMED)
    few = replace(train, examples=[train.examples[place] for place in places])
    return {"train": few, "valid": judged}


def _cost_of_reading(
    training: Training,
    some: Training,
    encoded: Mapping[str, Encoded],
    encoding: float,
    prepared: PreparedTraining,
) -> float:
    """Seconds to encode all rows, and to run a frozen base over them once."""
    share = sum(len(training.rows[name]) for name in SPLITS) / sum(
        len(some.rows[name]) for name in SPLITS
    )
    examples = sum(len(part.examples) for part in encoded.values())
    return share * (encoding + prepared.seconds_an_example * examples)


def _size(training: Training, some: Training, train: Encoded, budget: int, start: float) -> Size:
    """The plan's size, with the lengths of some rows for those of all."""
    fit, rows = training.recipe.fit, training.rows
    examples = round(len(train.examples) * len(rows["train"]) / len(some.rows["train"]))
    sizes = np.resize(train.sizes, examples)
    plan = Plan(sizes, budget=budget, epochs=fit.epochs, seed=training.recipe.seed)
    epoch = plan[: round(plan.steps_per_epoch)]
    tokens = np.mean([len(batch) * sizes[batch].max() for batch in epoch])
    test = len(rows["test"]) if "test" in rows else 0
    before = 0 if training.task.before is None else sum(map(len, rows.values()))
    pool = training.context.pool
    in_pool = len(pool.rows) if pool is not None and training.task.reads_pool else 0
    return Size(
        steps=len(plan),
        tokens=float(tokens) * len(plan),
        looked=fit.epochs * fit.evaluations_per_epoch * len(rows["valid"]),
        answered=before + len(rows["valid"]) + test + in_pool,
        start=start,
    )


def _on_tokens(opened: Opened, read: int, rows: int) -> list[str]:
    table = input_table(opened.network.body)
    if not isinstance(table, CompactEmbedding):
        return []
    held, whole = len(table.weight), len(table.full_weight)
    counted = "" if read == rows else f" ({read:,} of {rows:,} rows were counted)"
    note = (
        f"Of {whole:,} tokens that the base knows, these texts hold {held:,}{counted}. Only their "
        "vectors are trained: the others would get no gradient. All are saved."
    )
    return [note]
