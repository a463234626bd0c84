"""The last word of the command line on whatever goes wrong inside."""

import errno
import json
import os
import subprocess
import sys
import tomllib

import pytest

from polyculture.cli.shared.door import SYSTEM, sentence
from polyculture.core.shown import shown

BUG = """
import polyculture.cli.parts as parts
def command() -> None:
    "Fail."
    raise LookupError("the shelf fell down")
parts.command = command
from polyculture.cli.main import run
run(["parts"])
"""


def test_a_bug_of_ours_keeps_its_traceback_and_asks_for_a_report() -> None:
    """Status 1, the lines that tell where it is, and the versions; not this machine's name."""
    done = subprocess.run([sys.executable, "-c", BUG], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "LookupError: the shelf fell down" in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("This is a bug of polyculture. Please report it with the lines above")
    assert os.uname().nodename not in last


@pytest.mark.parametrize("number", SYSTEM)
def test_a_refusal_of_the_system_names_the_path(number: int) -> None:
    """As long as the system tells which it is."""
    told = sentence(OSError(number, os.strerror(number), "texts/train.csv"))

    assert told is not None
    assert ("texts/train.csv" in told) == ("{path}" in SYSTEM[number])


def test_what_is_none_of_these_is_a_bug() -> None:
    """A file that is missing where ours should be, a key that nobody looked for, a loop."""

    def endless() -> None:
        endless()

    found: list[BaseException] = [
        KeyError("metadata"),
        FileNotFoundError(errno.ENOENT, "gone", "x"),
    ]
    with pytest.raises(RecursionError) as caught:
        endless()
    assert [sentence(error) for error in [*found, caught.value]] == [None] * 3


@pytest.mark.parametrize("read", [json.loads, lambda text: tomllib.loads(f"a = {text}")])
def test_what_a_person_nested_too_deep_is_no_bug(read: object) -> None:
    """Wherever it is read, and nobody looked for it there."""
    with pytest.raises(RecursionError) as caught:
        read("[" * 100_000)  # type: ignore[operator]

    assert "nested too deep" in str(sentence(caught.value))


def test_an_error_is_one_line() -> None:
    """Whatever a name in it holds."""
    assert shown("a\nb\x1b[0m\u202e") == "a\\nb\\x1b[0m\\u202e"


def test_little_memory_is_no_bug() -> None:
    """Python says it in one way, torch in another."""
    errors = [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
    assert {str(sentence(error)).partition(".")[0] for error in errors} == {
        "There is not enough memory for this"
    }
