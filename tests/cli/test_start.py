"""The command line starts fast, and says what it is."""

import os
import subprocess
import sys
import time

import pytest

import polyculture

HEAVY = (
    *("altair", "jinja2", "numpy", "polars", "pydantic", "rich", "safetensors", "scipy"),
    *("sklearn", "tokenizers", "torch", "transformers", "unearth", "vl_convert"),
)
LOADED = f"""
import sys
from polyculture.cli import main
main.make()
print(*sorted({{name.partition(".")[0] for name in sys.modules}} & set({HEAVY!r})))
"""
RUNS = 5
SECONDS = 0.6
"""Beyond starting Python. About 0.2 on a quiet machine; torch alone would take 2."""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"},
        check=False,
    )


def test_putting_the_commands_together_loads_nothing_heavy() -> None:
    """What a command needs is imported when it runs."""
    done = run("-c", LOADED)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_help_costs_little_more_than_starting_python() -> None:
    """Both are started in turn, and the fastest of each is compared: other work slows both."""
    plain: list[float] = []
    ours: list[float] = []
    for _ in range(RUNS):
        for seconds, arguments in (
            (plain, ["-c", "pass"]),
            (ours, ["-m", "polyculture", "--help"]),
        ):
            began = time.perf_counter()
            assert run(*arguments).returncode == 0
            seconds.append(time.perf_counter() - began)
    assert min(ours) - min(plain) < SECONDS


def test_version_is_the_package_s() -> None:
    """``--version`` needs no command."""
    done = run("-m", "polyculture", "--version")
    assert (done.returncode, done.stdout) == (0, f"polyculture {polyculture.__version__}\n")


def test_an_unknown_command_is_refused_by_name() -> None:
    """Status 2, and the word that came."""
    done = run("-m", "polyculture", "bake")
    assert done.returncode == 2
    assert "bake" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_arguments_the_help_is_shown() -> None:
    """Status 2, as nothing was asked for; yet all commands are listed."""
    done = run("-m", "polyculture")
    assert done.returncode == 2
    assert "starter" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "command", ["audit", "demo", "doctor", "new", "parts", "predict", "report", "study", "train"]
)
def test_every_command_explains_itself(command: str) -> None:
    """``--help`` of a command runs without its libraries."""
    done = run("-m", "polyculture", command, "--help")
    assert done.returncode == 0, done.stderr
    assert command in done.stdout
