"""What a task draws at random, and when; and bases that read something else."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from polyculture.core.errors import ModelError
from polyculture.core.recipe import Recipe
from polyculture.core.task import Context, Encoded, Example, Inventory, Task
from polyculture.engine.answering.model import network_of
from polyculture.engine.batches import collated
from polyculture.nets.batch import Batch
from polyculture.nets.bodies.resnet import SmallResNet
from polyculture.tasks.classification import PLUGIN as CLASSIFICATION
from polyculture.tasks.classification import Classification

When = Literal["always", "training", "never"]
ENCODED = Encoded(examples=[Example(row=row, inputs={}, size=1) for row in range(8)], rows=8)
CONTEXT = Context(settings=Classification(), inventory=Inventory())


def drawing(when: When) -> tuple[Task, list[float]]:
    """A task that notes what it draws."""
    drawn: list[float] = []

    def draw(example: Example, _: Context, chance: np.random.Generator) -> Example:
        drawn.append(chance.random())
        return example

    def collate(examples: Sequence[Example], _: Context) -> Batch:
        return Batch(inputs={}, size=len(examples))

    task = replace(CLASSIFICATION, draw=draw, draws=lambda _: when, collate=collate)
    return task, drawn


def seen(when: When, *chance: int) -> list[float]:
    task, drawn = drawing(when)
    collated(ENCODED, np.arange(8), task, CONTEXT, chance=chance)
    return drawn


@pytest.mark.parametrize(
    ("when", "learns", "reads"), [("always", 8, 8), ("training", 8, 0), ("never", 0, 0)]
)
def test_a_task_says_when_it_draws(when: When, learns: int, reads: int) -> None:
    """Crops are for what is learnt from; masks are needed for what is read, too."""
    assert len(seen(when, 1, 0)) == learns
    assert len(seen(when)) == reads


def test_draws_follow_seed_step_and_example() -> None:
    """The same ones again after a resumed training; others at the next step."""
    assert seen("training", 1, 5) == seen("training", 1, 5)
    assert not set(seen("training", 1, 5)) & set(seen("training", 1, 6))


def test_a_base_that_reads_something_else_is_refused(tmp_path: Path) -> None:
    """With what the task needs, and names of bases that would do."""
    SmallResNet(channels=1, width=32, layers=1).save_sizes(tmp_path)
    parts: dict[str, Any] = {
        "task": "classification",
        "base": {"source": "folder", "path": str(tmp_path)},
        "data": {"source": "table", "train": "a.csv"},
        "head": {"kind": "mlp"},
    }

    with pytest.raises(
        ModelError, match=r"reads pictures, but the task 'classification' needs .* reads text"
    ):
        network_of(tmp_path, Recipe.model_validate(parts), Inventory(labels=("a", "b")))
