"""A training killed at any moment ends with the same bytes as one that was left alone."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from polyculture import api
from polyculture.checks.killed import Cut, cut_after, train_until
from polyculture.core.data import Dataset
from polyculture.core.recipe import Recipe
from polyculture.engine.cost.budget import Budget

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


@pytest.mark.slow
def test_damaged_checkpoints_do_not_stand_in_the_way_of_new_ones(
    make_recipe: Callable[..., Recipe],
    toy: Callable[[str], Dataset],
    tmp_path: Path,
) -> None:
    """They are gone once training starts over, though their steps were later ones."""
    fit = {"epochs": 3, "threads": 1, "precision": "float32", "checkpoint_seconds": 1e-6}
    recipe = make_recipe(fit=fit)
    data = toy("classification")
    told: list[str] = []

    def train(last_step: int) -> None:
        with suppress(Cut):
            api.train(
                recipe, tmp_path, dataset=data, on_tick=cut_after(last_step), tell=told.append
            )

    train(6)
    for path in (tmp_path / ".small.unfinished" / "checkpoint").glob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:100])
    train(4)
    train(5)

    assert told[0] == "small: starting."
    assert told[1] == "small: starting over, since its checkpoints are damaged."
    assert told[2].startswith("small: resuming from step 3 of ")


def test_a_budget_is_not_spent_by_a_cold_first_step() -> None:
    """The first steps say little of how fast the rows will be read at the end."""
    budget = Budget(until=60.0, tokens_after=300_000, weights=0, share=0.0, now=0.0)
    budget.saw(tokens=2_000, seconds=2.0, learning=True)
    assert not budget.is_spent(2.0)
    for _ in range(3):
        budget.saw(tokens=20_000, seconds=2.0, learning=True)
    assert 40 < budget.end < 60
    budget.saw(tokens=10_000, seconds=1.0, learning=False)
    budget.saw(tokens=1, seconds=9.0, learning=True)
    assert budget.end == pytest.approx(60 - 2 - 30)
