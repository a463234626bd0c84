"""A table that is read in parts is the table that is read at once."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from polyculture.core.errors import DataError
from polyculture.store.reading.batches import read_batches
from polyculture.store.reading.frames import Other
from polyculture.store.reading.tables import read_table, write_table

ROWS = pl.DataFrame(
    {
        "text": ["one", "two, with a comma", '"quoted"\nover two lines', "四", "😀", "NA", "last"],
        "label": ["x", "", "y", "x", "y", "x", "y"],
    }
)


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.jsonl", "rows.parquet"])
def test_the_parts_together_are_the_whole(tmp_path: Path, name: str) -> None:
    """Cells, lines and their numbers, also where a cell goes over lines."""
    write_table(ROWS, tmp_path / name)
    whole = read_table(tmp_path / name)

    parts = list(read_batches(tmp_path / name, rows=2))

    assert len(parts) > 1
    assert pl.concat([part.frame for part in parts]).equals(whole.frame)
    assert [number for part in parts for number in part.numbers] == list(whole.numbers)
    assert parts[-1].place(0) == whole.place(len(whole.frame) - len(parts[-1].frame))


def test_cells_that_are_no_texts_are_known_in_their_part(tmp_path: Path) -> None:
    """By their row in it, also behind the first part of an array."""
    file = tmp_path / "rows.json"
    file.write_text(json.dumps([{"text": text} for text in ("a", "b", "c", 4, "e")]))

    parts = list(read_batches(file, rows=2))

    assert [part.others for part in parts] == [
        {},
        {"text": {"value": Other(row=1, written="4")}},
        {},
    ]


def test_a_packed_file_is_read_in_parts_too(tmp_path: Path) -> None:
    """``.csv.gz`` is unpacked on the way."""
    file = tmp_path / "rows.csv.gz"
    file.write_bytes(gzip.compress(b"text\na\nb\nc\n"))

    parts = list(read_batches(file, rows=2))

    assert [part.frame["text"].to_list() for part in parts] == [["a", "b"], ["c"]]


def test_a_broken_row_is_named_with_its_line_when_its_part_is_read(tmp_path: Path) -> None:
    """What stands before it has been read."""
    file = tmp_path / "rows.csv"
    file.write_text("a,b\n1,2\n3,4\n5\n", encoding="utf-8")
    parts = read_batches(file, rows=1)

    assert next(parts).frame.rows() == [("1", "2")]
    assert next(parts).frame.rows() == [("3", "4")]
    with pytest.raises(DataError, match="line 4: expected 2 cells"):
        next(parts)


@pytest.mark.parametrize(("text", "message"), [("", "is empty"), ("a,b\n", "has no rows")])
def test_a_table_without_rows_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """As where it is read at once."""
    file = tmp_path / "rows.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        list(read_batches(file))
