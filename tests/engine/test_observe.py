"""What an audit sees of a trained model."""

from pathlib import Path

import pytest

from polyculture.checks.tasks import Case
from polyculture.core import parts
from polyculture.engine.answering.model import open_run
from polyculture.engine.observe.predictions import observe
from polyculture.engine.train import train


@pytest.mark.slow
def test_an_audit_sees_answers_as_right_as_their_task_grades_them(tmp_path: Path) -> None:
    """A ranking is right from the pass mark on, and the mark is told."""
    case = Case(task=parts.load("tasks", "similarity"), fit={"epochs": 1})
    train(case.training(tmp_path), tmp_path)
    rows = case.splits["test"]
    gold = case.task.gold(rows, case.chosen)

    answered, notes = observe(open_run(tmp_path / "run"), rows, gold, None, 0.9)

    assert answered.grades is not None
    right = int((answered.grades >= 0.9).sum())
    assert int((~answered.wrong).sum()) == right
    (note,) = [note for note in notes if "graded" in note]
    assert f"From 0.9 on an answer counts as right: {right:,} of {len(rows):,} do" in note
