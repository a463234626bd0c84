"""What an audit sees of a trained model."""

from pathlib import Path

import pytest

from polyculture.checks.tasks import Case
from polyculture.core import parts
from polyculture.engine.answering.model import open_run
from polyculture.engine.observe.predictions import observe
from polyculture.engine.train import train


@pytest.mark.slow
def test_answers_that_are_partly_right_are_told(tmp_path: Path) -> None:
    """An audit of equal answers would else read as if the task itself saw them so."""
    case = Case(task=parts.load("tasks", "similarity"), fit={"epochs": 1})
    train(case.training(tmp_path), tmp_path)
    rows = case.splits["test"]
    gold = case.task.gold(rows, case.chosen)

    answered, notes = observe(open_run(tmp_path / "run"), rows, gold, None)

    right = int((~answered.wrong).sum())
    (note,) = [note for note in notes if "grades them" in note]
    assert note.startswith(
        f"Only answers that equal the gold count as right here, {right:,} of {len(rows):,}."
    )
