"""A line typed at a terminal, or a signal, whichever comes first.

A signal may be delivered to any thread of the process, and a model's threads are many. Only in the
main one does it interrupt a read, so that ``input`` may sleep through a Ctrl-C until the next
line. Python writes a byte to its wake-up descriptor from whatever thread was interrupted
(``signal.set_wakeup_fd``): waiting for that and for the terminal at once misses neither.
"""

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LONGEST = 1 << 16
"""Bytes that are taken at once; a terminal hands over one line at a time."""


def typed_line(prompt: str) -> str:
    """What is typed behind a prompt until Enter, without the end of the line.

    Raises:
        EOFError: Ctrl-D, or the terminal has gone.
        KeyboardInterrupt: Ctrl-C; the terminal drops what was typed of the line.
    """
    if sys.platform == "win32":  # there, a terminal cannot be waited for
        return input(prompt)
    sys.stdout.write(prompt)
    sys.stdout.flush()
    terminal = sys.stdin.fileno()
    line = b""
    with _woken_by_signals() as woken:
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([terminal, woken], [], [])
            if woken in ready:
                os.read(woken, LONGEST)  # by now the signal's handler has run, and may have raised
            if terminal in ready:
                typed = b""
                with suppress(OSError):  # it has gone
                    typed = os.read(terminal, LONGEST)
                if not typed:  # Ctrl-D sends what is there, and ends where there is nothing
                    break
                line += typed
    if not line:
        raise EOFError
    return line.decode(sys.stdin.encoding, "surrogateescape").rstrip("\r\n")


@contextmanager
def _woken_by_signals() -> Iterator[int]:
    """A descriptor that can be read once a signal has come."""
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    before = signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    try:
        yield woken
    finally:
        with suppress(ValueError, OSError):  # whoever listened before has gone
            signal.set_wakeup_fd(before)
        os.close(woken)
        os.close(waking)
