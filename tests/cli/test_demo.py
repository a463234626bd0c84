"""The demo audits what ships with the package: no data, no network, no torch, a page in seconds."""

import csv
import json
import os
import runpy
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "demo"
SAMPLES = files("polyculture") / "samples"
ALONE = """
import socket, sys, webbrowser
for name in ("torch", "transformers", "peft", "sklearn", "safetensors", "tokenizers"):
    sys.modules[name] = None  # importing it now fails, as where it is not installed
def refused(*_, **__):
    raise OSError("no network")
socket.socket.connect = refused
webbrowser.open = lambda address: print("opened:", address) or True
sys.stdout.isatty = lambda: True
from polyculture.cli.main import run
run(sys.argv[1:])
"""


def demo(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ALONE, "demo", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"},
        timeout=120,
        check=False,
    )


def rows(path: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.mark.slow
def test_the_demo_makes_a_page_and_opens_it(tmp_path: Path) -> None:
    """Where the output is a terminal; the table says what was found, the page where they fail."""
    done = demo(cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    page = tmp_path / "polyculture-demo" / "report.html"
    for said in ("7 models on 80 items", "All fail: ", "Report: polyculture-demo/report.html"):
        assert said in done.stdout
    assert f"opened: {page.as_uri()}" in done.stdout
    assert "item 'id', gold 'gold', text 'text', group 'group'" in done.stderr
    shared = pl.read_parquet(page.with_name("shared_failures.parquet"))
    assert len(shared) > 0
    text = page.with_name("report.md").read_text(encoding="utf-8")
    assert "hard Chinese" in text
    assert str(tmp_path) not in text


@pytest.mark.slow
def test_the_page_stays_closed_where_that_is_asked(tmp_path: Path) -> None:
    """JSON alone is printed; a second call is refused without ``--replace``."""
    first = demo("--no-open", "--json", cwd=tmp_path)
    second = demo("--no-open", cwd=tmp_path)

    assert json.loads(first.stdout)["items"] == 80
    assert second.returncode == 2
    assert "polyculture-demo exists already. Choose another place, or add" in second.stderr


@pytest.mark.slow
def test_a_page_in_chinese_alone_is_the_one_that_is_opened(tmp_path: Path) -> None:
    """``--lang zh`` chooses it; the terminal stays English and says where it lies."""
    done = demo("--lang", "zh", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    folder = tmp_path / "polyculture-demo"
    assert f"opened: {(folder / 'report.zh-CN.html').as_uri()}" in done.stdout
    assert "Report: polyculture-demo/report.zh-CN.html" in done.stdout
    assert not (folder / "report.html").exists()
    text = (folder / "report.zh-CN.md").read_text(encoding="utf-8")
    assert text.startswith("# messages 上的 7 个模型")
    assert "polyculture demo --lang zh" in text


def test_the_sample_is_the_answers_to_the_example_s_test_rows() -> None:
    """Texts and right answers are those of examples/demo; every model answered every item."""
    asked, answered = rows(EXAMPLE / "test.csv"), rows(SAMPLES / "messages.csv")
    study = tomllib.loads((EXAMPLE / "study.toml").read_text(encoding="utf-8"))
    models = [model["name"] for model in study["models"]]
    labels = {row["label"] for row in rows(EXAMPLE / "train.csv")}

    assert list(answered[0]) == ["id", "text", "group", "gold", *models]
    for row, given in zip(asked, answered, strict=True):
        assert (row["id"], row["text"], row["label"]) == (given["id"], given["text"], given["gold"])
        assert {given[name] for name in models} <= labels


def test_no_message_is_in_two_splits() -> None:
    """The models learned from other messages than they are asked about."""
    texts = [
        row["text"]
        for split in ("train", "valid", "test")
        for row in rows(EXAMPLE / f"{split}.csv")
    ]

    assert len(texts) == len(set(texts)) == 260


def test_its_readme_names_how_it_was_made() -> None:
    """Every model with its accuracy, the command, the licence."""
    told = (SAMPLES / "README.md").read_text(encoding="utf-8")
    answered = rows(SAMPLES / "messages.csv")

    assert "python examples/demo/make.py" in told
    assert "Apache-2.0" in told
    for name in list(answered[0])[4:]:
        right = sum(row[name] == row["gold"] for row in answered)
        assert f"| {name} | {right} of 80 |" in told


@pytest.mark.slow
def test_the_command_that_made_the_sample_makes_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counted model, which is the same on every machine, gives the very answers that ship."""
    models = '[[models]]\nname = "tfidf"\nbase = { source = "new", kind = "tfidf" }\n'
    models += models.replace('"tfidf"\n', '"other"\n', 1)
    head = (EXAMPLE / "study.toml").read_text(encoding="utf-8").partition("[[models]]")[0]
    for split in ("train", "valid", "test"):
        head = head.replace(f'"{split}.csv"', f"'{EXAMPLE / split}.csv'")
    study, table = tmp_path / "study.toml", tmp_path / "table.csv"
    study.write_text(head + models, encoding="utf-8")
    arguments = ["--study", str(study), "--out", str(tmp_path / "out"), "--table", str(table)]
    monkeypatch.setattr(sys, "argv", ["make.py", *arguments])

    runpy.run_path(str(EXAMPLE / "make.py"), run_name="__main__")

    shipped = rows(SAMPLES / "messages.csv")
    assert [row["tfidf"] for row in rows(table)] == [row["tfidf"] for row in shipped]
