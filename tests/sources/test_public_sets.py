"""Public data sets beside the checkout are read as they are. Skipped where there are none."""

from pathlib import Path
from typing import Any

import pytest

from polyculture.core import parts
from polyculture.core.data import Dataset

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


def read(name: str, **settings: Any) -> Dataset:
    for key in ("train", "valid", "test"):
        if key in settings:
            settings[key] = SHARED / settings[key]
            if not settings[key].exists():
                pytest.skip(
                    f"{settings[key]} is not there: these sets are not part of the checkout"
                )
    source = parts.load("sources.data", name)
    task = parts.load("tasks", "spans" if name == "conll" else "classification")
    found: Dataset = source.read(source.settings.model_validate(settings), task.columns)
    return found


def test_chinese_posts_in_columns() -> None:
    """Slips in the tags are repaired as the scorer reads them, and counted."""
    place = "weibo-ner/weiboNER_2nd_conll"
    dataset = read("conll", train=f"{place}.train", valid=f"{place}.dev", test=f"{place}.test")

    assert [len(rows) for rows in dataset.splits.values()] == [1350, 270, 270]
    assert "14 spans began with I-" in dataset.notes[0]


def test_chinese_reviews_whose_quotes_are_plain_signs() -> None:
    """No row is lost to a lone quote, and repeats across splits are told."""
    dataset = read(
        "table",
        train="chnsenticorp/train.tsv",
        test="chnsenticorp/test.tsv",
        text="text_a",
        quotes=False,
    )

    assert [len(rows) for rows in dataset.splits.values()] == [9600, 1200]
    assert any("331 of 1,200 rows of test" in note for note in dataset.notes)


def test_questions_with_held_out_rows() -> None:
    """Intents under their own column name."""
    dataset = read(
        "table",
        train="banking77/train.csv",
        test="banking77/test.csv",
        label="category",
        hold_out=0.1,
    )

    assert {split: len(rows) for split, rows in dataset.splits.items()} == {
        "train": 9002,
        "valid": 1001,
        "test": 3080,
    }
    assert dataset.splits["train"]["label"].n_unique() == 77
