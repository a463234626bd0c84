"""Kill a training without warning, to check resuming.

It lies in the package, since a fresh process has to find it by its name.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from polyculture import api
from polyculture.core.data import Dataset
from polyculture.core.recipe import Recipe


def train_until(recipe: Recipe, data: Dataset, out: Path, home: str, last_step: int | None) -> None:
    """Train in this process, and kill it after a step as ``kill -9`` would.

    Args:
        recipe: What to train.
        data: Its data.
        out: Folder of runs.
        home: Where this machine's choices are remembered; the server that starts processes may
            have been started with another.
        last_step: The step after which to die; None to live.
    """
    os.environ["POLYCULTURE_HOME"] = home

    def tick(now: Any) -> None:
        if last_step is not None and now.step >= last_step:
            os.kill(os.getpid(), signal.SIGKILL)

    api.train(recipe, out, dataset=data, on_tick=tick)


class Cut(BaseException):
    """Stands for a power cut: no part of a training may catch this."""


def cut_after(step: int) -> Callable[[Any], None]:
    """What to call after every step, so that a training ends as if the power were gone."""

    def tick(now: Any) -> None:
        if now.step >= step:
            raise Cut

    return tick
