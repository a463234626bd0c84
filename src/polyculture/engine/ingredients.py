"""What a training starts from; torch is not among it."""

import importlib.metadata
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import polars as pl
from numpy.typing import NDArray

from polyculture.core import parts
from polyculture.core.data import Dataset
from polyculture.core.plugins import Adaptation, Base, Task
from polyculture.core.recipe import Recipe


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

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns of the rows that the model reads."""
        columns = self.rows["train"].columns
        if self.task.level == "word":
            return ("text",) if "starts" in columns else ("tokens",)
        return tuple(name for name in ("text", "text_b") if name in columns)

    def targets(self, split: str) -> list[NDArray[Any]]:
        """The right answers of a split as the task's numbers."""
        return self.task.targets(self.rows[split], self.labels, self.recipe.task)


def task_of(recipe: Recipe) -> Task:
    """The part of a recipe's task."""
    settings: Any = recipe.task
    part: Task = parts.load("tasks", settings.kind)
    return part


def versions() -> dict[str, str]:
    """Versions of what a run's numbers depend on, as far as it is installed."""
    names = ("polyculture", "torch", "transformers", "tokenizers", "numpy", "scikit-learn", "peft")
    found = {"python": platform.python_version()}
    for name in names:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found
