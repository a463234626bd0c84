"""Files in folders that are named as their labels."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from polyculture.checks.sources import DATA_CHECKS, DataCheck
from polyculture.core.data import Dataset
from polyculture.core.errors import DataError, RecipeError
from polyculture.core.task import Column
from polyculture.sources.data.folders import PLUGIN as SOURCE

COLUMNS = {"image": Column(kind="file"), "label": Column(kind="label", is_gold=True)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two labels for training, the second in two folders, and one test file."""
    for number, name in enumerate(
        ("train/猫/1.png", "train/猫/2.png", "train/dog/1.png", "train/dog/more/1.png")
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes([number]))
    (tmp_path / "test" / "dog").mkdir(parents=True)
    (tmp_path / "test" / "dog" / "9.png").write_bytes(b"nine")
    return tmp_path


def read(folder: Path, **settings: Any) -> Dataset:
    return SOURCE.read(checked(folder, **settings), COLUMNS)


def checked(folder: Path, **settings: Any) -> Any:
    named = {"train": folder / "train", "test": folder / "test", **settings}
    return SOURCE.settings.model_validate({"source": "folders", **named})


@pytest.mark.parametrize("check", DATA_CHECKS, ids=lambda check: check.__name__)
def test_the_source_keeps_its_promises(check: DataCheck, folder: Path) -> None:
    """Digests, ids, splits and columns."""
    check(SOURCE, checked(folder, hold_out=0.3), COLUMNS)


def test_the_folder_below_the_split_is_the_label(folder: Path) -> None:
    """However deep the file lies in it; its id is its path, so that it stays the same."""
    rows = read(folder).splits["train"]

    assert rows["label"].to_list() == ["dog", "dog", "猫", "猫"]
    assert rows["id"].to_list()[1:3] == ["train/dog/more/1.png", "train/猫/1.png"]
    assert rows["image"][0] == str((folder / "train/dog/1.png").absolute())


def test_the_digest_is_that_of_what_files_hold(folder: Path, tmp_path: Path) -> None:
    """Where they lie makes no difference, one byte does."""
    before = read(folder).digest
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("train", "test"):
        (folder / name).rename(moved / name)

    assert read(moved).digest == before
    (moved / "train/dog/1.png").write_bytes(b"other")
    assert read(moved).digest != before


def test_hidden_files_are_left_out_and_others_without_a_label_are_told(folder: Path) -> None:
    """What a file manager leaves there is no picture."""
    (folder / "train/dog/.DS_Store").write_bytes(b"-")
    copies = folder / "train/dog/.ipynb_checkpoints"
    copies.mkdir()
    (copies / "1-checkpoint.png").write_bytes(b"-")
    (folder / "train/LICENSE").write_text("free", encoding="utf-8")

    data = read(folder)

    assert len(data.splits["train"]) == 4
    assert any(re.search(r"LICENSE lies in no folder of a label", note) for note in data.notes)


def test_a_name_that_is_no_text_is_refused(folder: Path) -> None:
    """Bytes that are no UTF-8, as older systems wrote them."""
    (folder / "train/dog" / os.fsdecode(b"\xe9.png")).write_bytes(b"-")

    with pytest.raises(DataError, match=r"is not UTF-8\. Rename the file"):
        read(folder)


def test_folders_that_are_not_there_or_empty_are_refused(folder: Path) -> None:
    """With the path, and what to do."""
    (folder / "empty" / "dog").mkdir(parents=True)

    for name, reason in (
        ("nowhere", r"There is no folder .*nowhere"),
        ("empty", r"empty holds no folder with files\. Make a folder for each label"),
    ):
        with pytest.raises(DataError, match=reason):
            read(folder, train=folder / name)
    with pytest.raises(ValidationError, match="hold_out takes validation rows from train"):
        checked(folder, valid=folder / "test", hold_out=0.1)


def test_a_task_that_reads_something_else_is_refused(folder: Path) -> None:
    """Its columns are named."""
    with pytest.raises(RecipeError, match="but this task reads 'text', 'label'"):
        SOURCE.read(checked(folder), {"text": Column(kind="text"), "label": COLUMNS["label"]})
