"""Signals that ask this process to end: at once, or after the current step.

``SIGINT`` is Ctrl-C; schedulers send ``SIGTERM`` before they kill; a closed terminal sends
``SIGHUP``. All three raise an exception, so that whatever is half-written is cleared on the way
out. A training asks for more: it remembers the first signal, finishes its step and writes a
checkpoint; a second signal ends it at once. ``timeout`` and others signal a process and its group,
so that one request arrives twice: what comes within half a second counts as the first.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import Any

ASKING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
SAME = 0.5
"""Seconds in which signals are one request; nobody presses Ctrl-C again so soon and means it."""


class Ended(KeyboardInterrupt):
    """A signal ended the work; the message says how far it got.

    Example:
        >>> Ended(15, "Stopped at step 3 of 9.").status
        143
    """

    def __init__(self, number: int, message: str = "") -> None:
        super().__init__(message)
        self.number = int(number)
        self.message = message

    @property
    def status(self) -> int:
        """The exit status that shells expect: 128 and the signal's number."""
        return 128 + self.number


class FirstSignal:
    """The first signal that asked to end, if any did."""

    def __init__(self) -> None:
        self.number: int | None = None


def raise_on_signals() -> None:
    """Make these signals raise ``Ended``; one that is ignored (``nohup``) stays ignored.

    Python drops what is raised inside a finalizer or a callback of a weak reference, as those
    of an import. A signal that arrives there would be lost, so it is sent again.
    """
    if _install(_raise):
        sys.unraisablehook = partial(_send_again, sys.unraisablehook)


@contextmanager
def finish_step_first() -> Iterator[FirstSignal]:
    """Remember the first signal while the block runs; a second one raises at once.

    Outside the main thread Python delivers no signals, and nothing is changed.
    """
    first = FirstSignal()
    before: dict[int, Any] = {}
    since = 0.0

    def remember(number: int, _: FrameType | None) -> None:
        nonlocal since
        if first.number is None:
            first.number, since = number, time.monotonic()
            with suppress(OSError, ValueError):  # the terminal may be what has gone
                os.write(
                    sys.__stderr__.fileno() if sys.__stderr__ else 2,
                    b"\nStopping after this step; once more ends at once.\n",
                )
        elif time.monotonic() - since > SAME:
            _restore(before)
            signal.raise_signal(number)

    if threading.current_thread() is threading.main_thread():
        before.update(_install(remember))
    try:
        yield first
    finally:
        _restore(before)


def _install(handler: Any) -> dict[int, Any]:
    before = {}
    for number in ASKING:
        known = signal.getsignal(number)
        if known is not signal.SIG_IGN:
            before[number] = known
            signal.signal(number, handler)
    return before


def _restore(before: dict[int, Any]) -> None:
    for number, handler in before.items():
        signal.signal(number, signal.SIG_DFL if handler is None else handler)


class _Hook:
    """Whether what Python drops is being looked at; what is raised meanwhile would be lost too."""

    is_running = False


def _raise(number: int, _: FrameType | None) -> None:
    if _Hook.is_running:
        _send_later(number)
        return
    raise Ended(number)


def _send_again(usual: Callable[[Any], Any], dropped: Any) -> None:
    _Hook.is_running = True
    try:
        if isinstance(dropped.exc_value, Ended):
            _send_later(dropped.exc_value.number)
        else:
            usual(dropped)
    finally:
        _Hook.is_running = False


def _send_later(number: int) -> None:
    """From another thread and a moment later, when the finalizer is done."""
    again = threading.Timer(0.01, os.kill, (os.getpid(), number))
    again.daemon = True
    again.start()
