"""``polyculture chat`` talks in a terminal and through a pipe, with runs that reply."""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from polyculture import api
from polyculture.checks.tasks import Case
from polyculture.core import parts
from polyculture.core.errors import RecipeError
from polyculture.engine.train import train
from tests.tasks.test_promises import CASES

RECIPE = (
    'task = "classification"\nname = "counts"\n[base]\nsource = "new"\nkind = "tfidf"\n'
    '[data]\nsource = "table"\ntrain = "a.csv"\nvalid = "b.csv"\n'
)
WAIT = 60


def test_a_run_that_does_not_talk_is_refused_with_those_that_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before torch is loaded."""
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("text,label\n" + "good,pos\nbad,neg\n" * 10)
    (tmp_path / "recipe.toml").write_text(RECIPE)
    api.train(api.read_recipe(tmp_path / "recipe.toml"), tmp_path / "runs")

    with pytest.raises(
        RecipeError, match=r"for 'classification' and does not talk\. .*dialogue, p"
    ):
        api.chat(tmp_path / "runs" / "counts")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that knows what tea is like."""
    place = tmp_path_factory.mktemp("talks")
    train(Case(task=parts.load("tasks", "dialogue"), **CASES["dialogue"]).training(place), place)
    return place / "run"


def command(run: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "polyculture", "chat", str(run), "--temperature", "0", *options]


@pytest.mark.slow
def test_lines_of_a_pipe_get_a_line_each(run: Path) -> None:
    """Blank lines are none, /reset begins again, and nothing is said behind /quit."""
    lines = "what is tea like\n\n狗吃什么\n/reset\nmilk please\n/quit\ncoal please\n"

    done = subprocess.run(
        command(run), input=lines, capture_output=True, text=True, encoding="utf-8", check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["tea is hot 🙂", "狗吃骨头", "milk is white 🙂"]


@pytest.mark.slow
def test_a_terminal_shows_replies_and_ends_with_ctrl_d(run: Path) -> None:
    """Ctrl-C at the prompt drops the line and ends nothing, whichever thread is told of it."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        command(run),
        stdin=side,
        stdout=side,
        stderr=side,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  # no thread runs
    )
    os.close(side)
    seen = b""

    def until(text: str) -> None:
        nonlocal seen
        end = time.monotonic() + WAIT
        while text.encode() not in seen and time.monotonic() < end:
            if select.select([main], [], [], 1)[0]:
                seen += os.read(main, 4096)
        assert text.encode() in seen, seen.decode(errors="replace")
        seen = seen.partition(text.encode())[2]

    until("> ")
    for _ in range(10):  # a reply wakes torch's threads
        os.write(main, b"what is tea like\n")
        until("tea is hot")
        until("> ")
        os.write(main, b"half a line")
        until("half a line")
        os.write(main, b"\x03")
        until("> ")
    os.write(main, b"/reset\n")
    until("Forgotten.")
    until("> ")
    os.write(main, b"milk please\n")
    until("milk is white")
    until("> ")
    os.write(main, b"half a line\x04\x04")  # the first sends what is there, the second ends
    until("> ")
    os.write(main, b"\x04")

    try:
        assert process.wait(timeout=WAIT) == 0
    finally:
        process.kill()
        os.close(main)
