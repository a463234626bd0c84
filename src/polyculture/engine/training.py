"""What a training starts from: recipe, data, inventory and base. Works without torch."""

import importlib.metadata
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import polars as pl

from polyculture.core import parts
from polyculture.core.data import Dataset
from polyculture.core.plugins import Adaptation, Base
from polyculture.core.recipe import Recipe
from polyculture.core.task import Context, Inventory, Task, pool_of, task_of


@dataclass(frozen=True, kw_only=True)
class Training:
    """All that a training starts from."""

    recipe: Recipe
    name: str
    fingerprint: str
    dataset: Dataset
    rows: Mapping[str, pl.DataFrame]
    """Splits as the task prepared them."""
    inventory: Inventory
    base: Base
    before: tuple[str, ...] = ()
    """Columns of the rows that hold what the base said before the first step."""

    @property
    def task(self) -> Task:
        """The task's part."""
        return task_of(self.recipe.task)

    @property
    def context(self) -> Context:
        """What the task's functions may look at where there is no network."""
        settings = self.recipe.task
        pool = pool_of(settings, self.rows)
        return Context(settings=settings, inventory=self.inventory, pool=pool)

    @property
    def adaptation(self) -> Adaptation:
        """The adaptation's part."""
        settings: Any = self.recipe.adaptation
        part: Adaptation = parts.load("adaptations", settings.kind)
        return part

    @property
    def draws(self) -> bool:
        """Whether the task changes examples at random each time that they are trained on."""
        return self.task.draw is not None and self.task.draws(self.recipe.task) != "never"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns of the data that the model reads."""
        there = self.dataset.splits["train"].columns
        return tuple(
            name
            for name, column in self.task.columns.items()
            if name in there and not column.is_gold and column.unless not in there
        )


def versions() -> dict[str, str]:
    """Versions of what a run's numbers depend on, as far as it is installed."""
    names = ("polyculture", "torch", "transformers", "tokenizers", "numpy", "scikit-learn", "peft")
    installed = {"python": platform.python_version()}
    for name in names:
        with suppress(importlib.metadata.PackageNotFoundError):
            installed[name] = importlib.metadata.version(name)
    return installed
