"""What scripts read: the list of runs, records as JSON, and silence where it is asked for."""

import json
from pathlib import Path

import pytest

from polyculture.store.writing import locks
from polyculture.store.writing.unfinished import LOCK
from tests.faults.runner import Kitchen, done


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run of word counts and an interrupted one of a network."""
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    kitchen = Kitchen(tmp_path / "prepared")
    folder = tmp_path / "work"
    for name in ("cut", "counts"):  # the recipe that stays is that of the counts
        kitchen.serve(name, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.slow
def test_runs_are_listed_finished_interrupted_and_in_training(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With base, steps and score; who trains is said while it is trained."""
    assert done("runs", "--json") == 0
    listed = {one["name"]: one for one in json.loads(capsys.readouterr().out)}

    assert listed["counts"]["state"] == "finished"
    assert listed["counts"]["base"] == "new tfidf"
    assert listed["counts"]["score_name"] == "accuracy"
    assert listed["counts"]["score"] == 1.0
    assert (listed["network"]["state"], listed["network"]["step"]) == ("interrupted", 5)

    held = locks.Lock.take(folder / "runs" / ".network.unfinished" / LOCK)
    assert held is not None
    assert done("runs") == 0
    held.release()
    assert "training" in capsys.readouterr().out

    (folder / "runs" / "counts" / "run.json").write_text("{", encoding="utf-8")
    assert done("runs") == 0
    assert "damaged" in capsys.readouterr().out


@pytest.mark.slow
def test_a_training_gives_its_record_to_a_script(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As one JSON object on standard output; nothing else is said."""
    assert done("train", "recipe.toml", "--set", "name=again", "--json", "--quiet") == 0

    printed = capsys.readouterr()
    record = json.loads(printed.out)
    assert printed.err == ""
    assert record["folder"] == "runs/again"
    assert record["test"]["items"] == 20
    assert (folder / record["folder"] / "run.json").is_file()


@pytest.mark.slow
def test_a_quiet_audit_prints_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither what was taken for what nor the findings; the folder is written all the same."""
    (tmp_path / "a.csv").write_text("item,gold,a,b\n1,x,x,x\n2,y,y,x\n3,x,x,y\n", encoding="utf-8")
    out = tmp_path / "audit"
    words = ["--wide", "--item", "item", "--gold", "gold", "--resamples", "20", "--quiet"]

    assert done("audit", str(tmp_path / "a.csv"), *words, "--out", str(out)) == 0

    assert capsys.readouterr() == ("", "")
    assert (out / "report.html").exists()
