"""Networks built in several processes: one that hangs or crashes costs its own answer alone.

Both ends of one protocol: ``answers`` gives each process one line at a time, and ``serve``, run by
the process, answers each line with a line of JSON. The processes are started as plain commands and
not through ``multiprocessing``, which would run the caller's script a second time.
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

from polyculture.zoo.library.build_on_meta import reason_of
from polyculture.zoo.library.graph_json import packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from polyculture.core.views import Architecture

    Build = Callable[[str], tuple[Architecture, Mapping[str, Sequence[str]]]]

SECONDS = 60.0
"""What one network may take; on a machine of its own it is 0.1 to 3."""
LOADING = 60.0
"""What a new process may take in addition, to load the libraries."""


def answers(
    lines: Sequence[str],
    *,
    start: str,
    processes: int,
    seconds: float = SECONDS,
    loading: float = LOADING,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Build networks in parallel; each answer is given as soon as it is there.

    Args:
        lines: What to build, each line answered once.
        start: The program of a process, which calls ``serve``.
        processes: How many to start, at least one.
        seconds: Limit for one line.
        loading: Added to it for the first line of a process, which loads the libraries.

    Yields:
        The line, and what ``answer`` gives for it.
    """
    room = _Room(start=start, seconds=seconds, loading=loading)
    for line in lines:
        room.waiting.put(line)
    threads = [
        Thread(target=_work, args=(room,), daemon=True)
        for _ in range(max(1, min(processes, len(lines))))
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in lines:
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
            line = room.waiting.get_nowait()
            limit = room.seconds
            try:
                if process is None or process.poll() is not None:
                    process, limit = _renewed(process, room), limit + room.loading
                reply = _asked(process, line, limit)
            except OSError as error:  # no process can be started
                reply = _nothing(f"no process could be started: {error}")
            room.done.put((line, reply))
    if process is not None:
        _end(process)


def _nothing(reason: str) -> dict[str, Any]:
    return {"graph": None, "traits": {}, "reason": reason}


def _renewed(old: subprocess.Popen[str] | None, room: _Room) -> subprocess.Popen[str]:
    """A new process, for the first line or after one that died."""
    if old is not None:
        _end(old)
    process = subprocess.Popen(  # noqa: S603  # this Python
        [sys.executable, "-c", room.start],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
    )
    room.processes.append(process)
    return process


def _asked(process: subprocess.Popen[str], line: str, seconds: float) -> dict[str, Any]:
    late = Event()

    def stop() -> None:
        late.set()
        process.kill()

    timer = Timer(seconds, stop)
    timer.start()
    try:
        return dict(json.loads(_reply(process, line)))
    except ValueError:  # no line, or half of one
        process.kill()
        code = process.wait()
        late_by = f"it took longer than {seconds:g} s"
        return _nothing(late_by if late.is_set() else f"its process ended with code {code}")
    finally:
        timer.cancel()


def _reply(process: subprocess.Popen[str], line: str) -> str:
    if process.stdin is None or process.stdout is None:
        return ""
    with suppress(OSError):  # it died before it was asked
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
    return process.stdout.readline()


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()  # it holds nothing that has to be written
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def serve(build: Build, *, memory: int | None = None) -> None:
    """Answer each line of the input with a line, until the input ends.

    Args:
        build: Builds what a line asks for.
        memory: Bytes that the process may hold, its libraries among them; no limit for none.
    """
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the library prints is no answer
    os.environ["HF_HUB_OFFLINE"] = "1"
    if memory is not None:
        _limit_memory(memory)
    for line in sys.stdin:
        print(json.dumps(answer(build, line.strip())), file=replies, flush=True)


def answer(build: Build, line: str) -> dict[str, Any]:
    """A packed graph and traits, or the reason why nothing was built."""
    try:
        graph, traits = build(line)
        return {"graph": packed(graph), "traits": traits, "reason": None}
    except Exception as error:  # noqa: BLE001  # the library raises whatever it likes
        return _nothing(reason_of(error))


def _limit_memory(memory: int) -> None:
    try:
        import resource
    except ImportError:  # no such limits on this system
        return
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    most = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
