"""Numbers that are chosen on the validation rows, once a model is trained.

A temperature, a threshold from which a label is answered, one below which nothing is. The task says
which; the run keeps them, and its answers follow them from then on.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import polars as pl

from polyculture.core.errors import ModelError
from polyculture.core.task import Context, Encoded
from polyculture.engine.training import Training

VALID = "valid"
"""The split on which they are chosen."""


class Answerer(Protocol):
    """A saved model, opened again: a network's ``Predictor``, or ``Counts``."""

    @property
    def context(self) -> Context:
        """What its answers are made with."""

    def read(self, rows: pl.DataFrame, where: str) -> tuple[list[Any], Encoded]:
        """What the task's ``read`` gives of each row, and what was cut on the way."""

    def decode(self, rows: pl.DataFrame, values: Sequence[Any]) -> pl.DataFrame:
        """Answers, from what ``read`` gave of each row."""

    def answer(self, rows: pl.DataFrame, where: str = ...) -> tuple[pl.DataFrame, Encoded]:
        """Answers to rows, and what was cut on the way."""


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A finished model with the numbers that were chosen for it."""

    saved: Answerer
    answered: Mapping[str, tuple[pl.DataFrame, Encoded]] = field(default_factory=dict)
    """Answers that were made on the way, by split, so that no split is read twice."""

    def answer(self, rows: pl.DataFrame, split: str) -> tuple[pl.DataFrame, Encoded]:
        """Answers to the rows of a split, and what was cut on the way."""
        return self.answered[split] if split in self.answered else self.saved.answer(rows, split)


def settle(training: Training, saved: Any, say: Callable[[str], None] = lambda _: None) -> Settled:
    """Let the task choose its numbers on the validation rows, as the saved model reads them.

    Args:
        training: Recipe and data.
        saved: An ``Answerer`` that is a dataclass with the field ``context``.
        say: Told what is being done.

    Raises:
        ModelError: The task chose something that is not a finite number.
    """
    task = training.task
    if task.settle is None:
        return Settled(saved=saved)
    say(f"answering {VALID}")
    rows = training.rows[VALID]
    values, encoded = saved.read(rows, VALID)
    context: Context = saved.context
    numbers = dict(task.settle(rows, values, context))
    for name, number in numbers.items():
        if not math.isfinite(number):
            msg = (
                f"the 'settle' of the task {context.settings.kind!r} gave {number} for {name!r}. "
                "Leave out what has no finite value."
            )
            raise ModelError(msg)
    inventory = context.inventory.model_copy(update={"settled": numbers})
    settled = replace(saved, context=replace(context, inventory=inventory))
    return Settled(saved=settled, answered={VALID: (settled.decode(rows, values), encoded)})


def named_in_protocol(settled: Mapping[str, float], split: str) -> dict[str, str]:
    """What the protocol of a score says of them: on validation rows the score is in-sample.

    Example:
        >>> named_in_protocol({"threshold:art": 0.4, "threshold:sport": 0.6}, "test")
        {'chosen_on_valid': 'threshold'}
        >>> named_in_protocol({"temperature": 1.5}, "valid")
        {'chosen_on_valid': 'temperature', 'in_sample': 'temperature'}
    """
    if not settled:
        return {}
    names = ", ".join(dict.fromkeys(name.partition(":")[0] for name in settled))
    return {"chosen_on_valid": names, **({"in_sample": names} if split == VALID else {})}
