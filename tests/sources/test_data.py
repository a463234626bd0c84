"""Sources of data keep their promises, and broken input gets one sentence."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from polyculture.checks.sources import DATA_CHECKS, DataCheck, names_a_broken_row
from polyculture.core import parts
from polyculture.core.data import Dataset
from polyculture.core.errors import DataError, RecipeError
from polyculture.core.plugins import DataSource

Write = Callable[[str, str], Path]
CSV = "id,text,label,group\na,good film,yes,web\nb,bad film,no,web\nc,a bad  film,no,mail\n"
SPANS: list[dict[str, Any]] = [
    {"text": "江泽民在北京", "spans": [{"start": 0, "end": 3, "label": "PER"}], "document": "d1"},
    {"text": "他来了", "spans": [], "document": "d2"},
]
CONLL = "-DOCSTART- O\n\nEU I-ORG\nrejects O\n\n-DOCSTART- O\n\nBonn I-LOC\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a text file and give its path."""

    def make(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def source_of(name: str) -> DataSource:
    source: DataSource = parts.load("sources.data", name)
    return source


def read(name: str, task: str = "classification", **settings: Any) -> Dataset:
    source = source_of(name)
    checked = source.settings.model_validate({"source": name, **settings})
    return source.read(checked, parts.load("tasks", task).columns)


@dataclass(frozen=True)
class Example:
    """A source with files that can be read."""

    source: str
    name: str
    text: str
    settings: dict[str, Any]
    task: str = "spans"


EXAMPLES = (
    Example("table", "a.csv", CSV, {"hold_out": 0.3}, "classification"),
    Example("table", "a.tsv", CSV.replace(",", "\t"), {}, "classification"),
    Example("jsonl", "a.jsonl", lines(SPANS), {"hold_out": 0.5}),
    Example("jsonl", "b.jsonl", lines([{"tokens": ["Bonn"], "tags": ["I-LOC"]}]), {}),
    Example("conll", "a.txt", CONLL, {"hold_out": 0.5}),
)


@pytest.mark.parametrize("check", DATA_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(
    "example", EXAMPLES, ids=lambda example: f"{example.source}-{example.name}"
)
def test_promises(check: DataCheck, example: Example, write: Write) -> None:
    """Every source of files keeps every promise of its shelf."""
    source = source_of(example.source)
    path = write(example.name, example.text)

    settings = source.settings.model_validate({"train": path, **example.settings})
    check(source, settings, parts.load("tasks", example.task).columns)


BROKEN = (
    ("table", "a.csv", "text,label\ngood,yes\n,no\n", "a.csv, line 3"),
    ("table", "a.csv", "text,label\ngood,\n", "a.csv, line 2"),
    ("table", "a.csv", "text,label\n  ,no\n", "a.csv, line 2"),
    ("table", "a.csv", "text,label\ngood,yes\nbad\n", "a.csv, line 3"),
    ("table", "a.csv", "id,text\nx,good\ny,bad\nx,so so\n", "a.csv, line 4"),
    ("table", "a.csv", "words,label\ngood,yes\n", "'text'"),
    ("table", "a.csv", "", "is empty"),
    ("jsonl", "a.jsonl", '{"text": "a"}\n{"text": \n', "a.jsonl, line 2"),
    (
        "jsonl",
        "a.jsonl",
        '{"text": "ab", "spans": [{"start": 0, "end": 3, "label": "X"}]}\n',
        "a.jsonl, line 1",
    ),
    (
        "jsonl",
        "a.jsonl",
        '{"text": "ab", "spans": [{"start": 1, "end": 1, "label": "X"}]}\n',
        "a.jsonl, line 1",
    ),
    ("jsonl", "a.jsonl", '{"text": "ab", "spans": [{"start": 1, "label": "X"}]}\n', "line 1"),
    ("jsonl", "a.jsonl", '{"text": "ab", "spans": {"X": [0, 1]}}\n', "line 1"),
    ("jsonl", "a.jsonl", '{"tokens": ["a", "b"], "tags": ["O"]}\n', "line 1: 2 words have 1 tags"),
    ("jsonl", "a.jsonl", '{"tokens": ["a"], "tags": ["PER"]}\n', "line 1"),
    ("jsonl", "a.jsonl", '{"tokens": [], "tags": []}\n', "line 1"),
    ("jsonl", "a.jsonl", '{"tokens": ["a", 3], "tags": ["O", "O"]}\n', "line 1"),
    ("jsonl", "a.json", '{"text": "a"}\n', "source = 'table'"),
    ("conll", "a.txt", "EU B-ORG\nrejects\n", "a.txt, line 2"),
    ("conll", "a.txt", "EU B-ORG\n\nBonn  NNP  B-LOC\n", "a.txt, line 3"),
    ("conll", "a.txt", "EU ORG\n", "a.txt, line 1"),
    ("conll", "a.txt", "EU\n", "a.txt, line 1"),
    ("conll", "a.txt", "\n\n", "holds no sentence"),
)


@pytest.mark.parametrize(("name", "file", "text", "place"), BROKEN)
def test_a_broken_row_is_named(name: str, file: str, text: str, place: str, write: Write) -> None:
    """File and line, what was expected, what came."""
    source = source_of(name)

    broken = source.settings.model_validate({"train": write(file, text)})

    task = "classification" if name == "table" else "spans"

    names_a_broken_row(source, broken, parts.load("tasks", task).columns, place)


@pytest.mark.parametrize("name", ["table", "jsonl", "conll"])
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    """The path that was looked for is in the sentence."""
    with pytest.raises(DataError, match=r"nowhere\.jsonl"):
        read(name, train=tmp_path / "nowhere.jsonl")


@pytest.mark.parametrize("name", ["table", "conll"])
def test_a_wrong_encoding_is_named(name: str, tmp_path: Path) -> None:
    """Chinese text in GBK is told from UTF-8, with its line."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"text O\n" + "好 O\n".encode("gbk"))

    with pytest.raises(DataError, match=r"a\.csv, line 2: expected UTF-8"):
        read(name, train=path)


def test_outside_names_are_translated(write: Write) -> None:
    """A column goes by our name afterwards, and what was not asked for stays behind."""
    path = write("a.csv", "phrase,other,stars,extra\ngood,fine,5,x\n")

    rows = read("table", test=path, text="phrase", text_b="other", label="stars").splits["test"]

    assert rows.to_dicts() == [{"id": "test-2", "text": "good", "text_b": "fine", "label": "5"}]


def test_a_misspelt_column_is_answered_by_the_nearest(write: Write) -> None:
    """The word that was meant is in the sentence."""
    with pytest.raises(DataError, match="Did you mean 'label'"):
        read("table", train=write("a.csv", CSV), label="lable")


def test_several_labels_come_from_one_cell(write: Write) -> None:
    """Parted by a sign, or as a JSON list; an empty cell means none of them."""
    path = write("a.csv", 'text,labels\none,x|y\ntwo,\nthree,"[""z""]"\n')

    rows = read("table", train=path).splits["train"]

    assert rows["labels"].to_list() == [["x", "y"], [], ["z"]]


def test_cells_are_text_as_they_stand(write: Write) -> None:
    """NA is an answer, and 1 is not a number."""
    path = write("a.csv", "text,label\nNA,none\n1,0\n")

    assert read("table", train=path).splits["train"].select("text", "label").rows() == [
        ("NA", "none"),
        ("1", "0"),
    ]


def test_parquet_with_tag_numbers(tmp_path: Path) -> None:
    """Numbers of tags get their names, in the usual form of data sets on a hub."""
    path = tmp_path / "a.parquet"
    pl.DataFrame({"tokens": [["EU", "!"]], "ner_tags": [[1, 0]]}).write_parquet(path)

    dataset = read("table", "spans", train=path, tag_names=("O", "B-ORG"))

    assert dataset.splits["train"]["tags"].to_list() == [["B-ORG", "O"]]


def test_a_tag_number_without_a_name_is_named(tmp_path: Path) -> None:
    """Row of the Parquet file, and the numbers that came."""
    path = tmp_path / "a.parquet"
    pl.DataFrame({"tokens": [["EU"]], "tags": [[2]]}).write_parquet(path)

    with pytest.raises(DataError, match=r"a\.parquet, row 1"):
        read("table", "spans", train=path, tag_names=("O", "B-ORG"))


def test_spans_keep_their_characters(write: Write) -> None:
    """Spans are of the text itself, in characters and not in bytes."""
    rows = read("jsonl", "spans", train=write("a.jsonl", lines(SPANS))).splits["train"]

    span = rows["spans"][0][0]
    assert rows["text"][0][span["start"] : span["end"]] == "江泽民"
    assert rows["spans"].to_list()[1] == []


def test_repeated_texts_are_counted(write: Write) -> None:
    """Within a split and across splits, however they are spaced; none is dropped."""
    train = write("train.csv", "text,label\na b,x\na  b,x\nc,y\n")
    test = write("test.csv", "text,label\na b,x\nd,y\n")

    dataset = read("table", train=train, test=test)

    assert len(dataset.splits["train"]) == 3
    assert dataset.notes == (
        "1 of 3 rows of train repeat the text of another; all kept.",
        "1 of 2 rows of test have a text that train has too; all kept.",
    )


def test_ids_are_unique_across_files(write: Write) -> None:
    """The second place is named, and the first."""
    train = write("train.csv", "id,text\nx,a\n")
    test = write("test.csv", "id,text\ny,a\nx,b\n")

    with pytest.raises(DataError, match=r"test\.csv, line 3: the id 'x' .*train\.csv, line 2"):
        read("table", train=train, test=test)


def test_held_out_rows_leave_training(write: Write) -> None:
    """Equal texts go together, nothing is lost, and the note says how many."""
    rows = "".join(f"text {number // 2},x\n" for number in range(100))
    path = write("a.csv", "text,label\n" + rows)

    dataset = read("table", train=path, hold_out=0.2)
    train, valid = dataset.splits["train"], dataset.splits["valid"]

    assert len(train) + len(valid) == 100
    assert len(valid) == 20
    assert not set(train["text"]) & set(valid["text"])
    assert "20 of 100 training rows are held out" in dataset.notes[0]


def test_another_seed_holds_out_other_rows(write: Write) -> None:
    """And the same seed the same."""
    path = write("a.csv", "text\n" + "".join(f"text {number}\n" for number in range(50)))

    ids = [
        set(read("table", train=path, hold_out=0.2, split_seed=seed).splits["valid"]["id"])
        for seed in (1, 1, 2)
    ]

    assert ids[0] == ids[1] != ids[2]


def test_one_document_cannot_be_parted(write: Write) -> None:
    """Rather an error than a leak."""
    path = write("a.csv", "text,document\na,d\nb,d\n")

    with pytest.raises(RecipeError, match="are all one document"):
        read("table", train=path, hold_out=0.5)


@pytest.mark.parametrize(
    "settings",
    [{}, {"train": "a.csv", "valid": "b.csv", "hold_out": 0.1}, {"test": "a.csv", "hold_out": 0.1}],
)
def test_files_that_make_no_sense_together_cannot_be_written(settings: dict[str, Any]) -> None:
    """A recipe with them is refused while it is read."""
    with pytest.raises(ValidationError):
        source_of("table").settings.model_validate(settings)


def test_paths_are_relative_to_the_recipe(write: Write, tmp_path: Path) -> None:
    """Not to the folder in which the command runs."""
    write("a.csv", CSV)
    source = source_of("table")

    settings = source.settings.model_validate({"train": "a.csv"}, context={"folder": tmp_path})

    dataset = source.read(settings, parts.load("tasks", "classification").columns)

    assert len(dataset.splits["train"]) == 3


def test_columns_of_conll_can_be_chosen(write: Write) -> None:
    """Word and tag need not be first and last."""
    path = write("a.txt", "1\tEU\tB-ORG\tx\n2\t北京\tB-LOC\ty\n")

    rows = read("conll", "spans", train=path, token=1, tag=2).splits["train"]

    assert rows["tokens"].to_list() == [["EU", "北京"]]
    assert rows["tags"].to_list() == [["B-ORG", "B-LOC"]]


def test_marks_of_documents_are_no_words(write: Write) -> None:
    """They part documents, and count as no sentence."""
    dataset = read("conll", "spans", train=write("a.txt", CONLL))

    assert dataset.splits["train"]["tokens"].to_list() == [["EU", "rejects"], ["Bonn"]]
    assert dataset.splits["train"]["document"].to_list() == ["train-1", "train-2"]
    assert "Documents marked by -DOCSTART-: train 2." in dataset.notes


def test_a_word_that_is_an_ideographic_space_survives(write: Write) -> None:
    """Only spaces and tabs part columns."""
    rows = read("conll", "spans", train=write("a.txt", "\u3000 O\n好 O\n")).splits["train"]

    assert rows["tokens"].to_list() == [["\u3000", "好"]]


def test_a_quote_can_be_a_plain_sign(write: Write) -> None:
    """Many TSV files never quote a cell; a lone quote then opens nothing."""
    path = write("a.tsv", 'text\tlabel\n"so" he said\t1\n')

    rows = read("table", train=path, quotes=False).splits["train"]

    assert rows["text"].to_list() == ['"so" he said']
    with pytest.raises(DataError, match="quotes = false"):
        read("table", train=path)
