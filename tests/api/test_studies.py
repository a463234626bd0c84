"""Several recipes in, one honest report out; and answers to a file with one of the runs."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from polyculture import api
from polyculture.api import shared
from polyculture.checks.tiny import tiny_base
from polyculture.core import parts
from polyculture.core.errors import StoreError
from polyculture.engine import evaluate

STUDY = """
title = "Two small models"
probe = "test"
[recipe]
task = "classification"
[recipe.data]
source = "jsonl"
train = "train.jsonl"
valid = "valid.jsonl"
test = "test.jsonl"
[recipe.fit]
epochs = 2
learning_rate = 3e-3
threads = 1
precision = "float32"
[[models]]
name = "counts"
base = { source = "new", kind = "tfidf" }
[[models]]
name = "network"
base = { source = "new", kind = "transformer", width = 32, layers = 1 }
"""


class Quiet:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.trained: list[str] = []

    def begin(self, title: str) -> None:
        """Another training."""
        self.trained.append(title.partition(" ")[0])

    def say(self, what: str) -> None:
        """No one listens."""

    def tell(self, what: str) -> None:
        """No one remembers."""

    def tick(self, tick: object) -> None:
        """No one looks."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    splits = parts.load("tasks", "classification").toy().splits
    for name, rows in splits.items():
        rows.write_ndjson(tmp_path / f"{name}.jsonl")
    if "test" not in splits:
        changed = splits["valid"].with_columns(id="test-" + pl.col("id"), text=pl.col("text") + "!")
        changed.write_ndjson(tmp_path / "test.jsonl")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_a_study_trains_observes_audits_and_reports(folder: Path) -> None:
    """One folder a stage; a second call keeps the runs and refuses to overwrite the audit."""
    out = folder / "out"

    result = api.study(folder / "study.toml", out, watcher=Quiet())

    assert [model.name for model in result.audit.models] == ["counts", "network"]
    assert {path.name for path in (out / "audit").iterdir()} == {
        ".polyculture.json",
        "audit.json",
        "comparisons.parquet",
        "items.parquet",
        "report.html",
        "report.json",
        "report.md",
        "report.zh-CN.html",
        "report.zh-CN.md",
        "shared_failures.parquet",
    }
    views = {path.name for path in (out / "evidence" / "network" / "test").iterdir()}
    assert views >= {"evidence.json", "predictions.parquet", "architecture.json", "recipe.json"}
    compared = {(c.view, c.measure) for c in result.audit.comparisons if c.value.kind == "known"}
    assert {"architecture", "recipe", "head", "predictions"} == {view for view, _ in compared}
    with pytest.raises(StoreError, match="exists already"):
        api.study(folder / "study.toml", out, watcher=Quiet())
    (out / "audit").rename(out / "first")
    again = api.study(folder / "study.toml", out, watcher=Quiet())
    assert again.kept == ("counts", "network")
    assert again.audit == result.audit


@pytest.mark.slow
def test_a_changed_recipe_does_not_pass_for_the_run_that_is_there(folder: Path) -> None:
    """A run of the same name but another recipe is refused unless it shall be replaced."""
    api.study(folder / "study.toml", folder / "out", watcher=Quiet())
    (folder / "out" / "audit").rename(folder / "out" / "first")

    with pytest.raises(StoreError, match=r"fit.epochs 2 → 1.*--replace"):
        api.study(folder / "study.toml", folder / "out", watcher=Quiet(), changes=["fit.epochs=1"])


@pytest.mark.slow
def test_answers_to_a_file_come_in_its_order_with_probabilities(folder: Path) -> None:
    """As text lines and as a table; probabilities sum to one and name the labels."""
    run = api.study(folder / "study.toml", folder / "out", watcher=Quiet()).runs[0]
    texts = pl.read_ndjson(folder / "valid.jsonl")["text"].to_list()[:5]
    (folder / "texts.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")

    table, notes = api.predict(run, folder / "texts.txt", folder / "answers.csv")

    assert notes == []
    assert table["id"].to_list() == ["1", "2", "3", "4", "5"]
    for answer, row in table.select("answer", "probabilities").iter_rows():
        assert sum(row.values()) == pytest.approx(1)
        assert answer == max(row, key=row.get)
    saved = pl.read_csv(folder / "answers.csv")
    assert saved["answer"].to_list() == table["answer"].to_list()
    assert json.loads(saved["probabilities"][0]) == pytest.approx(table["probabilities"][0])


SEEDS = """
probe = "test"
seeds = [1, 2]
[recipe]
task = "classification"
base = { source = "folder", path = "base" }
data = { source = "jsonl", train = "train.jsonl", valid = "valid.jsonl", test = "test.jsonl" }
fit = { epochs = 1, learning_rate = 3e-3, threads = 1, precision = "float32" }
[[models]]
name = "linear"
[[models]]
name = "mlp"
head = "mlp"
"""


@pytest.mark.slow
def test_a_study_reads_its_data_once_opens_a_base_once_and_fits_a_baseline_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four trainings on one base and one data set: what they have in common is done once."""
    tiny_base(folder / "base", "bert", pl.read_ndjson(folder / "train.jsonl")["text"].to_list())
    (folder / "seeds.toml").write_text(SEEDS, encoding="utf-8")
    done: list[str] = []

    def counted(module: ModuleType, name: str) -> None:
        real = getattr(module, name)

        def call(*arguments: Any, **named: Any) -> Any:
            done.append(name)
            return real(*arguments, **named)

        monkeypatch.setattr(module, name, call)

    for name in ("read_data", "prepare_rows", "open_base"):
        counted(shared, name)
    counted(evaluate, "simple_answers")

    result = api.study(folder / "seeds.toml", folder / "out", watcher=Quiet())

    assert len(result.runs) == 4
    assert sorted(done) == ["open_base", "prepare_rows", "read_data", "simple_answers"]
