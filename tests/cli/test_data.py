"""``polyculture data check`` prints findings, writes a folder once, and fails only where asked."""

import json
from pathlib import Path

import pytest

from tests.datacheck.conftest import reviews
from tests.faults.runner import done

RECIPE = """
task = "classification"
base = { source = "new", kind = "tfidf" }

[data]
source = "table"
train = "train.csv"
test = "test.csv"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe whose test leaks, and that has no validation rows."""
    monkeypatch.chdir(tmp_path)
    train = reviews(60)
    for name, rows in (("train", train), ("test", reviews(20, 200) + train[:5])):
        text = "".join(f"{row['text']},{row['label']}\n" for row in rows)
        (tmp_path / f"{name}.csv").write_text(f"text,label\n{text}", encoding="utf-8")
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    return tmp_path


def test_findings_are_printed_with_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The most severe first; the command itself does not fail, and writes nothing."""
    before = sorted(folder.iterdir())

    assert done("data", "check", "recipe.toml", "--quiet") == 0

    printed = capsys.readouterr().out
    assert "Repeated rows: 5 of 85" in printed
    assert "There is no valid split" in printed
    assert "→" in printed
    assert "Did not run:" in printed
    assert printed.index("severe") < printed.index("Looked for, not found")
    assert sorted(folder.iterdir()) == before


@pytest.mark.usefixtures("folder")
def test_strict_fails_on_severe_findings() -> None:
    """Exit status 1, which is neither that of a wrong command nor of a bug's traceback."""
    assert done("data", "check", "recipe.toml", "--quiet", "--strict") == 1


def test_the_folder_holds_page_record_and_tables_and_is_written_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second time is refused, without --replace."""
    command = ("data", "check", "recipe.toml", "--quiet", "--out", "checks/first")
    assert done(*command) == 0

    names = {path.name for path in (folder / "checks" / "first").iterdir()}
    assert names >= {"check.json", "report.html", "report.zh-CN.html", "report.md", "report.json"}
    record = json.loads((folder / "checks" / "first" / "check.json").read_text(encoding="utf-8"))
    assert record["findings"][0]["found"]["severity"] == "severe"
    page = (folder / "checks" / "first" / "report.html").read_text(encoding="utf-8")
    assert "polyculture data check recipe.toml --out checks/first" in page
    capsys.readouterr()
    assert done(*command) == 2
    assert "exists already" in capsys.readouterr().err
    assert done(*command, "--replace", "--lang", "zh") == 0
    assert not (folder / "checks" / "first" / "report.html").exists()


def test_the_page_holds_the_whole_command(folder: Path) -> None:
    """Numbers and language that were asked for are in it; usual ones are not, see above."""
    asked = "--rows 200 --seed 3 --lang zh --out checks/second"
    assert done("data", "check", "recipe.toml", "--quiet", *asked.split()) == 0

    page = (folder / "checks" / "second" / "report.zh-CN.html").read_text(encoding="utf-8")
    assert f"polyculture data check recipe.toml {asked}" in page


@pytest.mark.usefixtures("folder")
def test_json_is_the_record_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """It can be piped."""
    assert done("data", "check", "recipe.toml", "--json", "--set", "data.hold_out=0.2") == 0

    record = json.loads(capsys.readouterr().out)
    assert record["rows"]["valid"] == 12
    assert record["task"] == "classification"


def test_a_missing_file_is_one_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As for a training."""
    (folder / "test.csv").unlink()
    assert done("data", "check", "recipe.toml", "--quiet") == 2
    assert "There is no file" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_a_source_without_parts_cannot_be_streamed(capsys: pytest.CaptureFixture[str]) -> None:
    """It names the source."""
    change = ("--set", "data={source='starter', name='reviews'}")
    assert done("data", "check", "recipe.toml", "--stream", "--quiet", *change) == 2
    assert "source = 'starter' cannot" in capsys.readouterr().err
