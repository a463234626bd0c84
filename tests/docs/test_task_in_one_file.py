"""The task that CONTRIBUTING shows works as it stands, copied out into a package of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_readme import ROOT, block_with

STARS = ("awful", "poor", "fair", "good", "superb")


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """A folder with the task, as an installed package of somebody else's."""
    (tmp_path / "stars.py").write_text(
        block_with("CONTRIBUTING.md", "python", "class Stars"), encoding="utf-8"
    )
    facts = tmp_path / "stars-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: stars\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[polyculture.tasks]\nstars = stars:PLUGIN\n")
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "POLYCULTURE_HOME": str(folder / "home")},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_task_is_written_as_the_others_are(tmp_path: Path) -> None:
    """Whoever copies it into this repository finds style and types as ``make check`` wants them."""
    code = block_with("CONTRIBUTING.md", "python", "class Stars")
    (tmp_path / "stars.py").write_text(code, encoding="utf-8")
    named = ("--stdin-filename", "src/polyculture/tasks/stars.py", "-")
    for command in (
        ("ruff", "check", *named),
        ("ruff", "format", "--check", *named),
        ("mypy", "--config-file", "pyproject.toml", str(tmp_path / "stars.py")),
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            input=code,
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_task_keeps_the_promises_of_its_shelf(stranger: Path) -> None:
    """The very lines of the page."""
    run(stranger, "-c", block_with("CONTRIBUTING.md", "python", "for check in CHECKS"))


@pytest.mark.slow
def test_the_task_is_trained_on_files_and_answers_others(stranger: Path) -> None:
    """The recipe of the page, on a table with a column of another name."""
    recipe = block_with("CONTRIBUTING.md", "toml", 'task = "stars"')
    (stranger / "recipe.toml").write_text(recipe, encoding="utf-8")
    rows = [f"m{n},the meal number {n} was {STARS[n % 5]},{n % 5}" for n in range(100)]
    (stranger / "meals.csv").write_text("\n".join(["id,text,rating", *rows]), encoding="utf-8")
    (stranger / "new.csv").write_text("text\nthe soup was good\n", encoding="utf-8")

    shown = run(stranger, "-m", "polyculture", "train", "recipe.toml", "--check", "--show", "1")
    run(stranger, "-m", "polyculture", "train", "recipe.toml", "--set", "name=stars")
    run(stranger, "-m", "polyculture", "predict", "runs/stars", "new.csv", "--out", "answers.csv")

    assert re.search(r"target: -?[012]\.\d", shown), shown
    header, row = (stranger / "answers.csv").read_text(encoding="utf-8").splitlines()
    answer = dict(zip(header.split(","), row.split(","), strict=True))["answer"]
    assert 0 <= float(answer) <= len(STARS)
