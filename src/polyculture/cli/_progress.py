"""A progress bar that tells the truth: loss, speed, time left; plain lines without a screen."""

import sys
import time
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

SECONDS_BETWEEN_LINES = 15.0
HOUR = 3600
MINUTE = 60


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    Example:
        >>> [duration(s) for s in (0.4, 59, 61, 3725)]
        ['0 s', '59 s', '1 min 01 s', '1 h 02 min']
    """
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE:02} min"


class Show:
    """Shows the steps of trainings on the error stream, so that answers may be piped."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.console = Console(stderr=True, quiet=quiet, soft_wrap=True)
        self.is_screen = sys.stderr.isatty() and not quiet
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %  {task.fields[facts]}"),
            console=self.console,
            disable=not self.is_screen,
            transient=True,
        )
        self.current: Any = None
        self.title = ""
        self.last_line = 0.0

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def begin(self, title: str) -> None:
        """Another training begins."""
        if self.current is not None:
            self.bar.remove_task(self.current)
        self.title = title
        self.current = self.bar.add_task(title, total=None, facts="")
        self.last_line = time.monotonic()

    def say(self, what: str) -> None:
        """Show what is being done, in a few words."""
        if self.current is not None:
            self.bar.update(self.current, description=f"{self.title}: {what}")

    def tick(self, tick: Any) -> None:
        """Show a step."""
        facts = (
            f"epoch {tick.epoch:.2f}  loss {tick.loss:.4f}  "
            f"{tick.tokens_per_second:,.0f} tokens/s  {duration(tick.seconds_left)} left at most"
        )
        if self.current is not None:
            self.bar.update(
                self.current,
                description=f"{self.title}: training",
                total=tick.steps,
                completed=tick.step,
                facts=facts,
            )
        if tick.score is not None:
            best = "  (best so far)" if tick.is_best else ""
            self.console.print(
                f"  epoch {tick.epoch:.2f}  loss {tick.loss:.4f}  "
                f"validation score {tick.score:.4f}{best}  after {duration(tick.seconds)}",
                highlight=False,
            )
        elif not self.is_screen and time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            self.console.print(f"  {self.title}: step {tick.step} of {tick.steps}  {facts}")
            self.last_line = time.monotonic()
