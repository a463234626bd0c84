"""Trainings that write, continue, contrast or share a body end with the same bytes when killed."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from polyculture import api
from polyculture.checks.killed import Cut, cut_after, train_until
from polyculture.core import parts
from polyculture.core.data import Dataset
from polyculture.core.errors import StoreError
from polyculture.core.recipe import Recipe
from polyculture.core.several.together import Together

FIT = {
    "epochs": 2,
    "patience": 2,
    "threads": 1,
    "learning_rate": 3e-3,
    "precision": "float32",
    "batch_tokens": 300,
    "checkpoint_seconds": 1e-6,
}
SMALL = {"source": "new", "width": 32, "layers": 1}
DATA = {"source": "jsonl", "train": "train.jsonl", "valid": "valid.jsonl"}
SIZES = {"train": 60, "valid": 12, "test": 12}
KINDS: dict[str, dict[str, Any]] = {
    "translation": {
        "base": {**SMALL, "kind": "encoder_decoder"},
        "task": {"kind": "translation", "longest_answer": 16, "beams": 1},
    },
    "next_token": {"base": {**SMALL, "kind": "decoder"}},
    "dialogue": {
        "base": {**SMALL, "kind": "decoder"},
        "task": {"kind": "dialogue", "longest_answer": 8, "candidates": 2},
    },
    "preferences": {"base": {**SMALL, "kind": "decoder"}},
    "similarity": {"base": {**SMALL, "kind": "transformer"}, "head": {"kind": "pooled"}},
}
"""An encoder with a decoder, decoders, one that is compared with its base, and rows that are one
another's wrong answers."""
TOGETHER = ("classification", "spans")
MOMENTS = (
    (1 / 4, signal.SIGKILL),
    (1 / 2, signal.SIGTERM),
    (None, signal.SIGKILL),
    (None, signal.SIGTERM),
)
"""After which share of the steps, or at a random time, a training is sent which signal."""
ENDED = {signal.SIGKILL: {-9}, signal.SIGTERM: {-15, 143}}


def few(task: str) -> Dataset:
    """Some rows of the task's toy data, all of its corpus."""
    data: Dataset = parts.load("tasks", task).toy()
    rows = {split: part.head(SIZES.get(split, len(part))) for split, part in data.splits.items()}
    return replace(data, splits=rows)


def recipe(task: str, **changes: Any) -> Recipe:
    table = {"name": "small", "task": task, "data": DATA, "fit": FIT, **KINDS[task], **changes}
    return Recipe.model_validate(table)


def asked(kind: str) -> tuple[Recipe | Together, Dataset | Mapping[str, Dataset]]:
    """What is trained, and on what."""
    if kind != "parts":
        return recipe(kind), few(kind)
    table = {"kind": "transformer", **SMALL}
    tasks = {task: {"task": task, "data": DATA} for task in TOGETHER}
    together = Together.model_validate({"name": "small", "base": table, "fit": FIT, "parts": tasks})
    return together, {task: few(task) for task in TOGETHER}


def weights_and_predictions(run: Path) -> dict[str, bytes]:
    """By the names of the files."""
    files = [*run.rglob("*.safetensors"), *run.rglob("predictions/*.parquet")]
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in files}


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*KINDS, "parts"])
def test_kills_and_requests_to_end_change_no_byte(kind: str, tmp_path: Path) -> None:
    """By SIGKILL and SIGTERM, after certain steps and at random times; nothing is left beside."""
    wanted, data = asked(kind)
    home = os.environ["POLYCULTURE_HOME"]
    steps: list[int] = []
    train: Any = api.train_together if isinstance(wanted, Together) else api.train
    given = {"datasets" if isinstance(wanted, Together) else "dataset": data}
    began = time.monotonic()
    train(wanted, tmp_path / "whole", on_tick=lambda tick: steps.append(tick.step), **given)
    usual = time.monotonic() - began
    chance = random.Random(kind)  # noqa: S311  # moments of kills, no secrets
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["polyculture.engine.train", "polyculture.checks.killed"])
    place = tmp_path / "cut"

    ended = 0
    for share, number in MOMENTS:
        last = None if share is None else max(1, round(share * max(steps)))
        how = {"number": number}
        process = context.Process(
            target=train_until, args=(wanted, data, place, home, last), kwargs=how
        )
        process.start()
        if share is None:
            time.sleep(chance.uniform(0.3, 1.0) * usual)
            if process.is_alive():
                os.kill(process.pid or 0, number)
        process.join(timeout=120)
        ended += process.exitcode in ENDED[number]
        if (place / "small").exists():
            break
    with suppress(StoreError):  # it was through; what was left beside it is cleared
        train_until(wanted, data, place, home, None)

    assert ended >= len([share for share, _ in MOMENTS if share])
    assert weights_and_predictions(place / "small") == weights_and_predictions(
        tmp_path / "whole" / "small"
    )
    assert [path.name for path in place.iterdir()] == ["small"]


@pytest.mark.slow
def test_what_another_base_said_is_not_kept(tmp_path: Path) -> None:
    """A changed request asks the base again: what it said lies beside the checkpoints."""
    data = few("preferences")
    other = recipe("preferences", seed=2)
    api.train(other, tmp_path / "whole", dataset=data)
    told: list[str] = []

    with suppress(Cut):
        api.train(recipe("preferences"), tmp_path / "cut", dataset=data, on_tick=cut_after(2))
    api.train(other, tmp_path / "cut", dataset=data, tell=told.append)

    assert "starting over" in told[0]
    assert weights_and_predictions(tmp_path / "cut") == weights_and_predictions(tmp_path / "whole")
