"""The base install, built and installed as a user gets it, in an environment of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ANSWERS = "item,gold,a,b\n1,x,x,x\n2,y,y,x\n3,x,x,y\n4,y,x,x\n"
RECIPE = """
task = "classification"
base = { source = "new", kind = "tfidf" }
data = { source = "table", train = "rows.csv", hold_out = 0.5 }
"""

pytestmark = [pytest.mark.slow, pytest.mark.network]


def said(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a virtual environment that holds the built package and what it needs."""
    place = tmp_path_factory.mktemp("base")
    made = said(sys.executable, "-m", "venv", "env", cwd=place)
    assert made.returncode == 0, made.stderr
    built = said("env/bin/pip", "install", "--quiet", ROOT, cwd=place)
    assert built.returncode == 0, built.stderr
    return place


def test_it_audits_a_table_without_torch(place: Path) -> None:
    """The page is drawn too, so its templates are in the package."""
    (place / "answers.csv").write_text(ANSWERS, encoding="utf-8")
    columns = ("--wide", "--item", "item", "--gold", "gold")

    done = said("env/bin/polyculture", "audit", "answers.csv", *columns, "--out", "out", cwd=place)

    assert done.returncode == 0, done.stderr
    assert (place / "out" / "report.html").stat().st_size > 10_000
    names = said("env/bin/pip", "list", cwd=place).stdout.split()
    assert not {"torch", "transformers", "scikit-learn"} & set(names)


def test_the_first_commands_need_no_extra(place: Path) -> None:
    """The tables of the demo and of the starter are in the package; the doctor names the extra."""
    (place / "rows.csv").write_text("text,label\na,x\nb,y\n", encoding="utf-8")

    demo = said("env/bin/polyculture", "demo", "--no-open", cwd=place)
    new = said("env/bin/polyculture", "new", "first.toml", "--data", "rows.csv", cwd=place)
    starters = said("env/bin/polyculture", "starter", "list", cwd=place)
    doctor = said("env/bin/polyculture", "doctor", cwd=place)

    assert demo.returncode == 0, demo.stderr
    assert (place / "polyculture-demo" / "report.html").stat().st_size > 10_000
    assert new.returncode == 0, new.stderr
    assert starters.returncode == 0, starters.stderr
    assert "minilm-l6" in starters.stdout
    assert doctor.returncode == 0, doctor.stdout
    assert "pip install 'polyculture[train]'" in doctor.stdout


def test_what_needs_an_extra_says_how_to_get_it(place: Path) -> None:
    """One sentence with the command, not a traceback."""
    (place / "rows.csv").write_text("text,label\na,x\nb,y\nc,x\nd,y\n", encoding="utf-8")
    (place / "recipe.toml").write_text(RECIPE, encoding="utf-8")

    done = said("env/bin/polyculture", "train", "recipe.toml", cwd=place)

    assert done.returncode == 2
    assert done.stderr == (
        "Error: Training needs 'sklearn', which is not installed. "
        "Install it with: pip install 'polyculture[train]'\n"
    )
