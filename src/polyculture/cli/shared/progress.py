"""A progress bar with loss, speed and time left; plain lines without a terminal."""

import shutil
import sys
import time
from contextlib import suppress
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

SECONDS_BETWEEN_LINES = 15.0
HOUR = 3600
MINUTE = 60
NARROW = 90
"""Columns below which the bar is left out, so that the time left is not cut off."""


def duration(seconds: float) -> str:
    """Seconds in words.

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


class Lasting(Console):
    """A console whose reader may go: it falls silent, and nothing ends."""

    def on_broken_pipe(self) -> None:
        """Say nothing any more."""
        self.quiet = True


class Show:
    """Shows the steps of trainings on the error stream, so that answers may be piped."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.console = Lasting(stderr=True, quiet=quiet, soft_wrap=True)
        self.is_screen = sys.stderr.isatty() and not quiet
        self.is_narrow = shutil.get_terminal_size().columns < NARROW
        bar = () if self.is_narrow else (BarColumn(bar_width=24),)
        self.bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            *bar,
            TextColumn("{task.percentage:>3.0f}%  {task.fields[facts]}"),
            console=self.console,
            disable=not self.is_screen,
            transient=True,
        )
        self.current: Any = None
        self.title = ""
        self.phase = ""
        self.last_line = 0.0

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Leave the screen to what is printed next."""
        with suppress(OSError):
            self.bar.stop()

    def begin(self, title: str) -> None:
        """Another training begins."""
        if self.current is not None:
            self.bar.remove_task(self.current)
        self.title = title
        self.phase = ""
        self.current = self.bar.add_task(escape(title), total=None, facts="")
        self.last_line = time.monotonic()

    def say(self, what: str) -> None:
        """Show what is being done, in a few words."""
        if self.current is None or what == self.phase:
            return
        self.phase = what
        self.bar.update(
            self.current, description=escape(f"{self.title}: {what}"), total=None, facts=""
        )
        if not self.is_screen:
            self._print(f"  {self.title}: {what}")

    def tell(self, what: str) -> None:
        """Print a sentence that stays."""
        self._print(what)

    def tick(self, tick: Any) -> None:
        """Show a step."""
        left = f"{duration(tick.seconds_left)} left at most"
        facts = f"loss {tick.loss:.4f}  {left}"
        if not self.is_narrow:
            facts = (
                f"epoch {tick.epoch:.2f}  loss {tick.loss:.4f}  "
                f"{tick.tokens_per_second:,.0f} tokens/s  {left}"
            )
        if self.current is not None:
            self.phase = "training"
            with suppress(OSError):
                self.bar.update(
                    self.current,
                    description=escape(f"{self.title}: training"),
                    total=tick.steps,
                    completed=tick.step,
                    facts=facts,
                )
        if tick.no_score is not None:
            self._print(f"  epoch {tick.epoch:.2f}  loss {tick.loss:.4f}  {tick.no_score}")
        elif tick.score is not None:
            from polyculture.stats.labels.learning_checks import remark

            words = remark(
                tick.score, is_best=tick.is_best, higher_is_better=bool(tick.higher_is_better)
            )
            comment = f"  ({words})" if words else ""
            self._print(
                f"  epoch {tick.epoch:.2f}  loss {tick.loss:.4f}  "
                f"validation {tick.score_name} {tick.score:.4f}{comment}  "
                f"after {duration(tick.seconds)}"
            )
        elif not self.is_screen and time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            self._print(f"  {self.title}: step {tick.step} of {tick.steps}  {facts}")
            self.last_line = time.monotonic()

    def _print(self, line: str) -> None:
        with suppress(OSError):  # a terminal that has gone must not end a training
            self.console.print(line, highlight=False, markup=False)
