"""The command surveys a table without torch, writes its pages, and refuses with one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from polyculture.core.survey import Survey

WITHOUT_TORCH = """
import sys
for name in ("torch", "transformers", "peft", "sklearn", "safetensors", "tokenizers"):
    sys.modules[name] = None  # importing it now fails, as where it is not installed
from polyculture.cli.main import run
run(sys.argv[1:])
"""
HEADER = "Model,Built by,Kind,Year,From\n"
KINDS = ("image", "text", "text")
ROWS = "".join(
    f"m{n},{'xy'[n % 2]},{KINDS[n % 3]},{2015 + n % 8},{f'm{n // 4}' if n else ''}\n"
    for n in range(48)
)
FIELDS = ("name=Model", "maker=Built by", "communities=Kind", "year=Year", "parents=From")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Forty-eight models of two makers."""
    path = tmp_path / "models.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    return path


def survey(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a Python that cannot import torch."""
    columns = [word for field in FIELDS for word in ("--column", field)]
    return subprocess.run(
        [
            sys.executable, "-W", "error", "-c", WITHOUT_TORCH, "survey", *map(str, arguments),
            *columns, "--draws", "99", "--resamples", "50",
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "COLUMNS": "120", "PYTHONIOENCODING": "utf-8"},
        check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_a_table_becomes_figures_for_programs_and_pages_for_people(table: Path) -> None:
    """``--json`` prints the keys that the documentation names; ``--out`` writes the folder."""
    done = survey(table, "--json", "--out", "found", cwd=table.parent)

    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert {"listed", "built", "communities", "lineage"} <= set(printed)
    assert printed["listed"] == 48
    assert set(printed["communities"]) == {"image", "text"}
    assert {"families", "hill1", "hhi", "similarity_sensitive"} <= set(
        printed["communities"]["text"]
    )
    assert printed["lineage"]["m0"] == 3  # m1, m2, m3
    folder = table.parent / "found"
    for name in (
        "report.html",
        "report.zh-CN.html",
        "report.md",
        "cards.parquet",
        "parents.parquet",
    ):
        assert (folder / name).stat().st_size > 0
    kept = Survey.model_validate_json((folder / "survey.json").read_bytes())
    assert kept.cards == 48


@pytest.mark.slow
def test_a_survey_says_its_headlines_and_where_the_page_is(table: Path) -> None:
    """The folder is named by the source where nobody named it, and is not written over."""
    done = survey(table, "--report", cwd=table.parent)

    assert done.returncode == 0, done.stderr
    assert "If m0 carries a flaw, 47 cards (97.9%) may inherit it." in done.stdout
    assert str(Path("surveys", "models", "report.html")) in done.stdout
    again = survey(table, "--report", cwd=table.parent)
    assert again.returncode == 2
    assert "--replace" in again.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("transformer", "Did you mean 'transformers'?"),
        ("no/such/folder", "There is no file or folder no/such/folder. Check the path."),
        ("zoo", "neither a source"),
        ("empty", "Cannot read empty as a model zoo"),
        ("starter", "Columns and aliases are for tables of cards, but no source is one: starter."),
    ],
)
def test_a_source_that_is_none_is_told_in_one_sentence(table: Path, source: str, said: str) -> None:
    """A slip, a path that is not there, a folder with nothing in it."""
    (table.parent / "empty").mkdir()

    done = survey(source, cwd=table.parent)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_column_without_its_field_is_told(table: Path) -> None:
    """What was expected, and an example."""
    done = survey(table, "--column", "Model", cwd=table.parent)

    assert done.returncode == 2
    assert "--column takes FIELD=COLUMN, such as name=Model, got 'Model'." in done.stderr
