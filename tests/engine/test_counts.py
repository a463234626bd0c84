"""Word counts are trained and answer without torch, and say what they could not read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from polyculture import api
from polyculture.core.errors import DataError

RECIPE = (
    'task = "classification"\nname = "counts"\n[base]\nsource = "new"\nkind = "tfidf"\n'
    '[data]\nsource = "table"\ntrain = "train.csv"\nvalid = "valid.csv"\ntest = "test.csv"\n'
)
REVIEWS = "text,label\n" + "good film,pos\nbad film,neg\n" * 10
TRAIN_AND_PREDICT = """
import sys
from polyculture.cli.main import run
for arguments in (["train", "recipe.toml"], ["predict", "runs/counts", "test.csv"]):
    try:
        run(arguments)
    except SystemExit as left:
        assert not left.code, left.code
heavy = {"torch", "transformers", "tokenizers"} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe and its texts."""
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for split in ("train", "valid", "test"):
        (tmp_path / f"{split}.csv").write_text(REVIEWS, encoding="utf-8")
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_training_and_answering_load_no_torch(folder: Path) -> None:
    """Nor the libraries of tokenizers and Transformers."""
    done = subprocess.run(
        [sys.executable, "-c", TRAIN_AND_PREDICT],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [row["answer"] for row in answers[:2]] == ["pos", "neg"]


def test_texts_without_a_known_word_are_counted(folder: Path) -> None:
    """In validation and test; the run says how many there were."""
    (folder / "valid.csv").write_text(REVIEWS + "zzz,pos\n", encoding="utf-8")
    (folder / "test.csv").write_text(REVIEWS + "zzz,pos\n!?,neg\n", encoding="utf-8")

    run, _ = api.train(api.read_recipe(folder / "recipe.toml"), folder / "runs")

    told = [note for note in run.facts.notes if "base knows" in note]
    assert told == [
        "valid: 1 of 21 texts hold nothing that the base knows.",
        "test: 2 of 22 texts hold nothing that the base knows.",
    ]


@pytest.mark.parametrize("split", ["valid", "test"])
def test_a_split_without_a_known_word_is_refused(folder: Path, split: str) -> None:
    """Nothing could be said of it but the most frequent answer."""
    (folder / f"{split}.csv").write_text("text,label\nxxx,pos\nyyy,neg\n", encoding="utf-8")

    with pytest.raises(DataError, match=f"^{split}: none of its 2 texts holds anything that"):
        api.train(api.read_recipe(folder / "recipe.toml"), folder / "runs")


def test_a_long_text_is_counted_in_part_and_that_is_told(folder: Path) -> None:
    """A book costs no more than its first pages."""
    book = "good film " * 20_000
    (folder / "train.csv").write_text(f"{REVIEWS}{book},pos\n", encoding="utf-8")

    run, _ = api.train(api.read_recipe(folder / "recipe.toml"), folder / "runs")

    assert "train: 1 of 21 texts were cut at 100000 characters." in run.facts.notes
