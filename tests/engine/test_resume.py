"""A training killed at any moment ends with the same bytes as one that was left alone."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from polyculture import api
from polyculture.checks.killed import train_until
from polyculture.core.data import Dataset
from polyculture.core.recipe import Recipe

KILLS = 20


@pytest.mark.slow
@pytest.mark.parametrize("task", ["classification", "spans"])
def test_twenty_kills_change_no_byte(
    task: str,
    make_recipe: Callable[..., Recipe],
    toy: Callable[[str], Dataset],
    pretrained: dict[str, str],
    tmp_path: Path,
) -> None:
    """Ten kills a task. Half come after a certain step, half at a random time.

    So they also come while a batch is computed, a checkpoint is written, the model is saved.
    """
    recipe = make_recipe(
        task,
        base=pretrained,
        adaptation="low_rank" if task == "classification" else "full",
        head="crf" if task == "spans" else "linear",
        fit={
            "epochs": 20,
            "patience": 20,
            "threads": 1,
            "learning_rate": 3e-3,
            "precision": "float32",
            "checkpoint_seconds": 1e-6,
            "evaluations_per_epoch": 1,
        },
    )
    data = toy(task)
    steps: list[int] = []
    _, whole = api.train(
        recipe, tmp_path / "whole", dataset=data, on_tick=lambda tick: steps.append(tick.step)
    )
    chance = random.Random(task)  # noqa: S311  # moments of kills, no secrets
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["polyculture.engine.train", "polyculture.checks.killed"])

    given = (recipe, data, tmp_path / "cut", os.environ["POLYCULTURE_HOME"])
    killed = 0
    for kill in range(KILLS // 2):  # ten for each task make twenty
        by_step = kill % 2 == 0
        last = 1 + (kill + 1) * len(steps) // (KILLS // 2 + 2) if by_step else None
        process = context.Process(target=train_until, args=(*given, last))
        process.start()
        if not by_step:
            time.sleep(0.2 + chance.random() / 2)
            process.kill()
        process.join(timeout=120)
        killed += process.exitcode == -signal.SIGKILL
        if (tmp_path / "cut" / "small").exists():
            break
    if not (tmp_path / "cut" / "small").exists():
        train_until(*given, None)

    assert killed >= KILLS // 4
    for name in ("model/model.safetensors", "predictions/valid.parquet"):
        ours = (tmp_path / "cut" / "small" / name).read_bytes()
        assert ours == (whole / name).read_bytes(), name
