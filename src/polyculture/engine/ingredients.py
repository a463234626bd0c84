"""What a training starts from, and what was chosen automatically on the way."""

import importlib.metadata
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from numpy.typing import NDArray

from polyculture.core import parts
from polyculture.core.data import Dataset
from polyculture.core.plugins import Adaptation, Base, Task
from polyculture.core.recipe import Recipe
from polyculture.core.record import Record
from polyculture.engine.precision import Kernels


@dataclass(frozen=True, kw_only=True)
class Ingredients:
    """All that a training starts from."""

    recipe: Recipe
    name: str
    fingerprint: str
    dataset: Dataset
    rows: Mapping[str, pl.DataFrame]
    """Splits as the task prepared them."""
    labels: tuple[str, ...]
    base: Base

    @property
    def task(self) -> Task:
        """The task's part."""
        return task_of(self.recipe)

    @property
    def adaptation(self) -> Adaptation:
        """The adaptation's part."""
        settings: Any = self.recipe.adaptation
        part: Adaptation = parts.load("adaptations", settings.kind)
        return part

    def targets(self, split: str) -> list[NDArray[Any]]:
        """The right answers of a split as the task's numbers."""
        return self.task.targets(self.rows[split], self.labels, self.recipe.task)


class Chosen(Record):
    """What was chosen automatically; kept beside the checkpoint and in the run."""

    kernels: Kernels
    threads: int
    batch_tokens: int
    learning_rate: float
    max_length: int
    head_learning_rate: float | None = None
    """None where the head's rate is that of all others."""

    def facts(self) -> dict[str, str | int | float | bool | None]:
        """The same as plain values, as a run records them and a check shows them."""
        return {
            "precision": self.kernels.precision,
            "attention": self.kernels.attention or None,
            "threads": self.threads,
            "batch_tokens": self.batch_tokens,
            "learning_rate": self.learning_rate,
            "max_length": self.max_length,
            "head_learning_rate": self.head_learning_rate or self.learning_rate,
        }


def task_of(recipe: Recipe) -> Task:
    """The part of a recipe's task."""
    settings: Any = recipe.task
    part: Task = parts.load("tasks", settings.kind)
    return part


def versions() -> dict[str, str]:
    """Versions of what a run's numbers depend on."""
    names = ("polyculture", "torch", "transformers", "tokenizers", "numpy", "scikit-learn", "peft")
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in names
    }
