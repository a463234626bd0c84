"""Families built in several processes: one that hangs or crashes costs its own answer alone.

The processes are started as plain commands and not through ``multiprocessing``, which would run
the caller's script a second time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Event, Thread, Timer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SECONDS = 60.0
"""What one family may take; on a machine of its own it is 0.1 to 3."""
LOADING = 60.0
"""What a new process may take in addition, to load the libraries."""
START = (
    "import sys; from pathlib import Path; from polyculture.zoo.library.worker import serve; "
    "serve(Path(sys.argv[1]))"
)


def answers(
    models: Path,
    families: Sequence[str],
    *,
    processes: int,
    seconds: float = SECONDS,
    loading: float = LOADING,
    start: str = START,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Build families in parallel; each answer is given as soon as it is there.

    Args:
        models: The folder ``transformers/models``.
        families: Names of families, each answered once.
        processes: How many to start, at least one.
        seconds: Limit for one family.
        loading: Added to it for the first family of a process, which loads the libraries.
        start: The program of a process: it reads names line by line and answers each with a line.

    Yields:
        Family, and what ``worker.answer`` gives for it.
    """
    room = _Room(models=models, start=start, seconds=seconds, loading=loading)
    for family in families:
        room.waiting.put(family)
    threads = [
        Thread(target=_work, args=(room,), daemon=True)
        for _ in range(max(1, min(processes, len(families))))
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in families:
            yield room.done.get()
    finally:
        room.over.set()
        for process in tuple(room.processes):
            process.kill()
        for thread in threads:
            thread.join()


@dataclass(frozen=True, kw_only=True)
class _Room:
    """What the threads share, each of which feeds one process."""

    models: Path
    start: str
    seconds: float
    loading: float
    waiting: Queue[str] = field(default_factory=Queue)
    done: Queue[tuple[str, dict[str, Any]]] = field(default_factory=Queue)
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    over: Event = field(default_factory=Event)


def _work(room: _Room) -> None:
    """Feed one process at a time until nothing waits; a broken one is replaced."""
    process: subprocess.Popen[str] | None = None
    with suppress(Empty):
        while not room.over.is_set():
            family = room.waiting.get_nowait()
            limit = room.seconds
            try:
                if process is None or process.poll() is not None:
                    process, limit = _renewed(process, room), limit + room.loading
                answer = _asked(process, family, limit)
            except OSError as error:  # no process can be started
                answer = _nothing(f"no process could be started: {error}")
            room.done.put((family, answer))
    if process is not None:
        _end(process)


def _nothing(reason: str) -> dict[str, Any]:
    return {"graph": None, "traits": {}, "reason": reason}


def _renewed(old: subprocess.Popen[str] | None, room: _Room) -> subprocess.Popen[str]:
    """A process in the place of none, or of one that is dead."""
    if old is not None:
        _end(old)
    process = subprocess.Popen(  # noqa: S603  # this Python
        [sys.executable, "-c", room.start, str(room.models)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
    )
    room.processes.append(process)
    return process


def _asked(process: subprocess.Popen[str], family: str, seconds: float) -> dict[str, Any]:
    late = Event()

    def stop() -> None:
        late.set()
        process.kill()

    timer = Timer(seconds, stop)
    timer.start()
    try:
        return dict(json.loads(_line(process, family)))
    except ValueError:  # no line, or half of one
        process.kill()
        code = process.wait()
        late_by = f"it took longer than {seconds:g} s"
        return _nothing(late_by if late.is_set() else f"its process ended with code {code}")
    finally:
        timer.cancel()


def _line(process: subprocess.Popen[str], family: str) -> str:
    if process.stdin is None or process.stdout is None:
        return ""
    with suppress(OSError):  # it died before it was asked
        process.stdin.write(f"{family}\n")
        process.stdin.flush()
    return process.stdout.readline()


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()  # it holds nothing that has to be written
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
