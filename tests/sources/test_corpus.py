"""A corpus lies beside the splits: texts that rows are answered with."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from polyculture.core.errors import DataError, RowError
from polyculture.core.task import Column
from polyculture.sources.data.jsonl import Jsonl, read

COLUMNS = {
    "text": Column(kind="text"),
    "matches": Column(kind="labels", is_gold=True, is_optional=True),
}
QUESTIONS = '{"id": "1", "question": "Who?", "matches": ["1", "2"]}\n'
TEXTS = '{"id": "1", "text": "She."}\n{"id": "2", "text": "He."}\n'


def settings_of(folder: Path, corpus: str = TEXTS) -> Jsonl:
    (folder / "train.jsonl").write_text(QUESTIONS, encoding="utf-8")
    (folder / "texts.jsonl").write_text(corpus, encoding="utf-8")
    return Jsonl(train=folder / "train.jsonl", corpus=folder / "texts.jsonl", text="question")


def test_a_corpus_has_ids_and_columns_of_its_own(tmp_path: Path) -> None:
    """An id of it may be that of a row, and a column that is named need not be called so there."""
    dataset = read(settings_of(tmp_path), COLUMNS)

    assert dataset.splits["train"].rows() == [("1", "Who?", ["1", "2"])]
    assert dataset.splits["corpus"].rows() == [("1", "She."), ("2", "He.")]


def test_a_corpus_counts_for_the_digest(tmp_path: Path) -> None:
    """Other texts to find are other data."""
    dataset = read(settings_of(tmp_path), COLUMNS)

    assert dataset.digest != read(settings_of(tmp_path, TEXTS.replace("He", "It")), COLUMNS).digest


def test_two_texts_of_a_corpus_with_one_id_are_refused(tmp_path: Path) -> None:
    """Both lines are named."""
    settings = settings_of(tmp_path, TEXTS.replace('"2"', '"1"'))

    with pytest.raises(DataError, match=r"texts\.jsonl, line 2: the id '1' is also that of .*1\. "):
        read(settings, COLUMNS)


def test_a_row_of_a_corpus_is_named_by_its_own_file(tmp_path: Path) -> None:
    """Though a row of another file has the same id."""
    dataset = read(settings_of(tmp_path), COLUMNS)
    told = dataset.tell("corpus", RowError("it is odd", where="corpus", item="1"))

    assert "texts.jsonl, line 1" in str(told)


def test_a_corpus_alone_is_nothing_to_learn_from(tmp_path: Path) -> None:
    """A split is needed beside it."""
    with pytest.raises(ValidationError, match="name at least one file"):
        Jsonl(corpus=tmp_path / "texts.jsonl")
