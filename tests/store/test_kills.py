"""Fifty kills at random moments, by three signals: what comes out in the end is the same."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.faults.runner import COUNTS, DATA, NETWORK, OFTEN, REVIEWS

KILLS = 10
"""Of each of five commands."""
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
STATUS = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}
TIMES = ("seconds", "peak_memory_mb", "tokens_per_second", "seconds_left")

STUDY = f"""
[recipe]
task = "classification"
{DATA.replace("[data]", "[recipe.data]")}
[recipe.fit]
epochs = 1
threads = 1
precision = "float32"
learning_rate = 1e-3
checkpoint_seconds = 1e-6
[[models]]
name = "a"
base = {{ source = "new", kind = "tfidf" }}
[[models]]
name = "b"
base = {{ source = "new", kind = "transformer", width = 32, layers = 1 }}
"""
CARDS = "name,organisation,year\n" + "".join(f"m{n},o{n % 7},{2015 + n % 9}\n" for n in range(300))
WIDE = "item,gold,a,b,c\n" + "".join(
    f"{n},{n % 3},{n * n % 3},{n // 2 % 3},{n % 3}\n" for n in range(300)
)


class Verb(NamedTuple):
    """A command and the result that it leaves."""

    words: tuple[str, ...]
    result: str


VERBS = {
    "train": Verb(("train", "recipe.toml"), "runs"),
    "study": Verb(("study", "study.toml", "--out", "st"), "st"),
    "audit": Verb(
        ("audit", "answers.csv", "--wide", "--item", "item", "--gold", "gold", "--out", "out"),
        "out",
    ),
    "survey": Verb(("survey", "cards.csv", "--column", "name=name", "--out", "out"), "out"),
    "predict": Verb(("predict", "ready/counts", "texts.csv", "--out", "out.jsonl"), "out.jsonl"),
}


def prepare(folder: Path) -> None:
    for split in ("train", "valid", "test"):
        (folder / f"{split}.csv").write_text(REVIEWS, encoding="utf-8")
    (folder / "recipe.toml").write_text(NETWORK + DATA + OFTEN, encoding="utf-8")
    (folder / "counts.toml").write_text(COUNTS + DATA, encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    (folder / "answers.csv").write_text(WIDE, encoding="utf-8")
    (folder / "cards.csv").write_text(CARDS, encoding="utf-8")
    (folder / "texts.csv").write_text("text\n" + "good film\n" * 2_000, encoding="utf-8")


def start(folder: Path, *words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "polyculture", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finish(folder: Path, *words: str) -> None:
    process = start(folder, *words)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said.decode()


def content(path: Path) -> Any:
    """What a file says, times and costs left out."""
    if path.name.startswith("report."):
        return "drawn from the record; it tells how long things took"
    if path.suffix == ".json":
        return without_times(json.loads(path.read_bytes()))
    if path.name == "log.jsonl":
        return [without_times(json.loads(line)) for line in path.read_text().splitlines()]
    return path.read_bytes()


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_times(v) for key, v in value.items() if key not in TIMES}
    if isinstance(value, list):
        return [without_times(one) for one in value]
    return value


def contents(result: Path) -> dict[str, Any]:
    if result.is_file():
        return {result.name: content(result)}
    return {
        path.relative_to(result).as_posix(): content(path)
        for path in sorted(result.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", VERBS)
def test_kills_at_random_moments_change_nothing_in_the_end(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command, again and again, until it is through; nothing is left beside the result."""
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    verb = VERBS[name]
    folder = tmp_path / "work"
    folder.mkdir()
    prepare(folder)
    if name == "predict":
        finish(folder, "train", "counts.toml", "--out", "ready")
    finish(folder, *verb.words)  # fills the caches, too
    remove(folder / verb.result)
    began = time.monotonic()
    finish(folder, *verb.words)
    usual = time.monotonic() - began
    expected = contents(folder / verb.result)
    remove(folder / verb.result)
    chance = random.Random(name)  # noqa: S311  # moments of kills, no secrets

    killed = 0
    for kill in range(KILLS):
        number = SIGNALS[kill % len(SIGNALS)]
        process = start(folder, *verb.words)
        moment = chance.uniform(0.2, 1.0) * usual
        time.sleep(moment)
        process.send_signal(number)
        said, _ = process.communicate(timeout=120)
        assert process.returncode in {0, 2, STATUS[number], -number}, said.decode()
        assert b"Traceback" not in said or process.returncode == -number, said.decode()
        if process.returncode == 0 or b"exists already" in said or b"finished already" in said:
            assert contents(folder / verb.result) == expected
            remove(folder / verb.result)
        killed += process.returncode in {STATUS[number], -number}
        if process.returncode in {0, 2}:  # it was through before: the machine is less busy now
            usual = moment
    until_done(folder, verb)

    assert killed >= KILLS // 2
    assert contents(folder / verb.result) == expected
    hidden = [path.name for path in folder.rglob(".*") if path.name.endswith("unfinished")]
    hidden += [path.name for path in folder.rglob(".*polyculture-*")]
    assert hidden == []


def until_done(folder: Path, verb: Verb) -> None:
    """Run the command once more; it is refused where the last try had got through."""
    process = start(folder, *verb.words)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0 or b"already" in said, said.decode()


def remove(result: Path) -> None:
    if result.is_dir():
        shutil.rmtree(result)
    else:
        result.unlink()
        result.with_name(f".{result.name}.polyculture.json").unlink(missing_ok=True)
