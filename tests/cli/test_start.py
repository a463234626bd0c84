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


COMPLETION = """
import sys
from polyculture.cli.main import run
sys.argv = ["polyculture", *sys.argv[1:]]
try:
    run()
finally:
    heavy = {"numpy", "polars", "torch", "transformers"} & set(sys.modules)
    sys.stderr.write(f"loaded: {sorted(heavy)}")
"""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_of_a_shell_is_shown_without_loading_anything(
    shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that the shell reads; nothing heavy is imported for it."""
    # else typer asks for the shell above this process, which may be any
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    done = run("-c", COMPLETION, "--show-completion", shell)
    assert done.returncode == 0, done.stderr
    assert "_POLYCULTURE_COMPLETE" in done.stdout
    assert done.stderr == "loaded: []"


@pytest.mark.slow
def test_a_shell_completes_commands_and_options_quickly() -> None:
    """What a shell asks for behind every tab; other work slows it, so the fastest counts."""
    words = {"_POLYCULTURE_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    asked = {**os.environ, **words, "COMP_WORDS": "polyculture st"}
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", COMPLETION],
            capture_output=True,
            text=True,
            env=asked,
            check=False,
        )
        seconds.append(time.perf_counter() - began)
        assert sorted(done.stdout.split()) == ["starter", "study"]
        assert done.stderr == "loaded: []"
    assert min(seconds) < 2 * SECONDS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("polyculture new --task cl", "classification"),
        ("polyculture new --base tf", "tfidf"),
        ("polyculture starter fetch reviews-", "reviews-zh"),
        ("polyculture parts head", "heads"),
    ],
)
def test_a_shell_completes_names_of_parts_and_starters(words: str, completed: str) -> None:
    """As they are on the shelves and in the lock table, without loading what they name."""
    place = str(len(words.split()) - 1)
    asked = {"_POLYCULTURE_COMPLETE": "complete_bash", "COMP_CWORD": place, "COMP_WORDS": words}
    done = subprocess.run(
        [sys.executable, "-c", COMPLETION],
        capture_output=True,
        text=True,
        env={**os.environ, **asked},
        check=False,
    )
    assert done.stdout.split() == [completed]
    assert done.stderr == "loaded: []"


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


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", ["audit", "demo", "doctor", "new", "parts", "predict", "report", "study", "train"]
)
def test_every_command_explains_itself(command: str) -> None:
    """``--help`` of a command runs without its libraries."""
    done = run("-m", "polyculture", command, "--help")
    assert done.returncode == 0, done.stderr
    assert command in done.stdout
