"""Every task keeps the promises of its shelf."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from polyculture.checks import label_tasks
from polyculture.checks.tasks import CHECKS, QUICK, Case
from polyculture.core import parts

CASES: dict[str, dict[str, Any]] = {
    "answers": {"fit": {"learning_rate": 2e-3, "epochs": 10, "patience": 10}},
    "classification": {},
    "dialogue": {
        "base": {"source": "new", "kind": "decoder", "width": 64, "layers": 2, "vocabulary": 400},
        "fit": {"learning_rate": 3e-3, "epochs": 6},
        "settings": {"longest_answer": 16},
    },
    "masked_text": {},
    "next_token": {
        "base": {"source": "new", "kind": "decoder", "width": 64, "layers": 1, "vocabulary": 400},
        "fit": {"learning_rate": 4e-3, "epochs": 6},
    },
    "sentence_order": {"fit": {"learning_rate": 2e-3, "epochs": 8}},
    "preferences": {
        "base": {"source": "new", "kind": "decoder", "width": 64, "layers": 2, "vocabulary": 400},
        "fit": {"learning_rate": 2e-3, "epochs": 2},
    },
    "ordinal": {"settings": {"order": ["bad", "fair", "good"]}},
    "regression": {"fit": {"learning_rate": 2e-3, "epochs": 12, "patience": 12}},
    "spans": {},
    "similarity": {
        "head": {"kind": "pooled"},
        "fit": {"learning_rate": 3e-3, "epochs": 16, "patience": 16},
    },
    "relevance": {
        "fit": {"learning_rate": 2e-3, "epochs": 3},
        "settings": {"candidates": 6, "negatives": 2},
    },
    "images": {
        "base": {"source": "new", "kind": "resnet", "width": 32},
        "head": {"kind": "linear", "pooling": "mean"},
        "fit": {"learning_rate": 2e-3, "epochs": 3},
    },
    "summarization": {
        "base": {
            "source": "new",
            "kind": "encoder_decoder",
            "width": 64,
            "layers": 1,
            "vocabulary": 400,
        },
        "fit": {"learning_rate": 4e-3, "epochs": 8},
        "settings": {"beams": 1, "longest_answer": 24},
    },
    "series": {
        "base": {"source": "new", "kind": "patch_transformer", "width": 32, "layers": 1},
        "head": {"kind": "linear", "pooling": "mean"},
        "fit": {"learning_rate": 3e-3, "epochs": 6},
    },
    "sounds": {
        "base": {"source": "new", "kind": "tdnn", "width": 32, "layers": 3},
        "head": {"kind": "linear", "pooling": "mean"},
        "fit": {"learning_rate": 3e-3, "epochs": 6},
        "settings": {"shift": 0.1},
    },
    "speech": {
        "base": {"source": "new", "kind": "tdnn", "width": 64, "layers": 3},
        "fit": {"learning_rate": 4e-3, "epochs": 20, "batch_tokens": 500},
    },
    "translation": {
        "base": {
            "source": "new",
            "kind": "encoder_decoder",
            "width": 64,
            "layers": 1,
            "vocabulary": 400,
        },
        "fit": {"learning_rate": 4e-3, "epochs": 6},
        "settings": {"beams": 1, "longest_answer": 24},
    },
}
"""How a small model learns the toy data of each task."""
READ_AS_LABELS = {"labels", "word_labels"}
TEXTS = {"text", "words"}


def cells() -> Iterator[Any]:
    """Each task with each promise that concerns it."""
    for name in parts.names("tasks"):
        task = parts.load("tasks", name)
        checks: list[Callable[[Case], None]] = [*CHECKS]
        if task.output in READ_AS_LABELS:
            checks += label_tasks.CHECKS
            if TEXTS & {column.kind for column in task.columns.values()}:
                checks += label_tasks.TEXT_CHECKS
        for check in checks:
            is_slow = check in CHECKS and check not in QUICK
            marks = [pytest.mark.slow] if is_slow else []
            yield pytest.param(name, check, id=f"{name}-{check.__name__}", marks=marks)


def test_every_task_says_how_its_toy_data_are_learnt() -> None:
    """A new task is added to the table above."""
    assert {*CASES} == {*parts.names("tasks")}


@pytest.mark.parametrize(("name", "check"), [*cells()])
def test_a_task_keeps_its_promises(name: str, check: Callable[[Case], None]) -> None:
    """Each cell of task and promise."""
    check(Case(task=parts.load("tasks", name), **CASES[name]))
