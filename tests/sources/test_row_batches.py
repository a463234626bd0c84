"""Sources that read in parts give the rows of a whole reading, with tags as they are written."""

from pathlib import Path

import polars as pl
import pytest

from polyculture.core.parts import load
from polyculture.core.task import Column

COLUMNS = {
    "tokens": Column(kind="words"),
    "tags": Column(kind="tags", is_gold=True),
}
JSONL = (
    '{"tokens": ["Ada", "Berg", "left"], "tags": ["I-PER", "I-PER", "O"]}\n'
    '{"tokens": ["Rome"], "tags": ["I-LOC"]}\n'
)
CONLL = "Ada I-PER\nBerg I-PER\nleft O\n\nRome I-LOC\n"


@pytest.mark.parametrize(
    ("source", "name", "text"), [("jsonl", "a.jsonl", JSONL), ("conll", "a.txt", CONLL)]
)
def test_rows_in_parts_are_the_rows_of_a_whole_reading(
    tmp_path: Path, source: str, name: str, text: str
) -> None:
    """But for the tags: a whole reading brings them to IOB2."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    plugin = load("sources.data", source)
    settings = plugin.settings(train=tmp_path / name)

    whole = plugin.read(settings, COLUMNS)
    parts = list(plugin.batches(settings, COLUMNS))

    rows = pl.concat([part for _, part in parts])
    assert {split for split, _ in parts} == {"train"}
    assert rows.drop("tags").equals(whole.splits["train"].drop("tags"))
    assert rows["tags"].to_list() == [["I-PER", "I-PER", "O"], ["I-LOC"]]
    assert whole.splits["train"]["tags"].to_list() == [["B-PER", "I-PER", "O"], ["B-LOC"]]


def test_a_key_that_a_part_lacks_is_empty_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objects of JSON lines need not all have the same keys."""
    from polyculture.store.reading import batches

    monkeypatch.setattr(batches.read_batches, "__kwdefaults__", {"rows": 1})
    file = tmp_path / "a.jsonl"
    file.write_text('{"text": "a", "label": "x"}\n{"text": "b"}\n', encoding="utf-8")
    columns = {"text": Column(kind="text"), "labels": Column(kind="labels", usual=("label",))}
    plugin = load("sources.data", "jsonl")

    parts = list(plugin.batches(plugin.settings(train=file), columns))

    assert [part["labels"].to_list() for _, part in parts] == [[["x"]], [[]]]
