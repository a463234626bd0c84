"""Kill a training without warning, or ask it to end, to check resuming.

It lies in the package, since a fresh process has to find it by its name.
"""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from polyculture import api
from polyculture.core.data import Dataset
from polyculture.core.recipe import Recipe
from polyculture.core.several.together import Together
from polyculture.core.signals import Ended, raise_on_signals


def train_until(
    asked: Recipe | Together,
    data: Dataset | Mapping[str, Dataset],
    out: Path,
    home: str,
    last_step: int | None,
    *,
    number: int = signal.SIGKILL,
) -> None:
    """Train in this process, and send it a signal after a step as ``kill`` would.

    A training that a signal asks to end finishes its step, and exits with 128 and the signal's
    number.

    Args:
        asked: What to train.
        data: Its data, by part where several tasks are trained together.
        out: Folder of runs.
        home: Where this machine's choices are remembered; the server that starts processes may
            have been started with another.
        last_step: The step after which the signal is sent; None to live.
        number: The signal.
    """
    os.environ["POLYCULTURE_HOME"] = home
    if number != signal.SIGKILL:
        raise_on_signals()

    def tick(now: Any) -> None:
        if last_step is not None and now.step >= last_step:
            os.kill(os.getpid(), number)

    try:
        if isinstance(asked, Together):
            api.train_together(asked, out, datasets=data, on_tick=tick)
        else:
            api.train(asked, out, dataset=data, on_tick=tick)
    except Ended as ended:
        sys.exit(ended.status)


class Cut(BaseException):
    """Stands for a power cut: no part of a training may catch this."""


def cut_after(step: int) -> Callable[[Any], None]:
    """What to call after every step, so that a training ends as if the power were gone."""

    def tick(now: Any) -> None:
        if now.step >= step:
            raise Cut

    return tick
