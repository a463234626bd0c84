"""What a finished run is asked and how it answers, on runs of word counts."""

import gzip
import io
import json
import os
import sys
import threading
from pathlib import Path

import polars as pl
import pytest

from polyculture import api
from polyculture.core.errors import DataError, StoreError
from polyculture.core.task import Column
from polyculture.sources.data.table import Table
from polyculture.sources.rows.inputs import read_inputs
from polyculture.sources.rows.wanted import Wanted
from polyculture.store.reading.tables import read_table
from polyculture.store.runs import read_run

PAIRS = "review,sentence2,label\n" + "good film,fine,pos\nbad film,poor,neg\n" * 10
TEXTS = {"text": Column(kind="text")}
RECIPE = (
    'task = { kind = "classification", calibration = "none" }\nname = "pairs"\n'
    '[base]\nsource = "new"\nkind = "tfidf"\n'
    '[data]\nsource = "table"\ntext = "review"\ntrain = "pairs.csv"\nvalid = "pairs.csv"\n'
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that reads pairs, whose first text is called ``review``."""
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    (tmp_path / "pairs.csv").write_text(PAIRS, encoding="utf-8")
    (tmp_path / "valid.csv").write_text(PAIRS, encoding="utf-8")
    recipe = RECIPE.replace('valid = "pairs', 'valid = "valid')
    (tmp_path / "recipe.toml").write_text(recipe, encoding="utf-8")
    api.train(api.read_recipe(tmp_path / "recipe.toml"), tmp_path / "runs")
    return tmp_path / "runs" / "pairs"


def asked(run: Path, name: str, text: str) -> Path:
    file = run.parent / name
    file.write_text(text, encoding="utf-8")
    return file


def test_columns_are_found_by_the_recipe_s_names(run: Path) -> None:
    """The usual name stands in where the recipe's is not there."""
    by_recipe = asked(run, "a.csv", "text,review,text_b\nbad,good film,fine\n")
    by_usage = asked(run, "b.csv", "sentence,text_b\ngood film,fine\n")

    answers = [api.predict(run, file)[0]["answer"][0] for file in (by_recipe, by_usage)]

    assert answers == ["pos", "pos"]


def test_a_run_that_reads_pairs_needs_both_texts(run: Path) -> None:
    """A half is not answered as if it were a pair."""
    file = asked(run, "a.csv", "review\ngood film\n")

    with pytest.raises(DataError, match=r"no column 'text_b', and the run reads pairs of texts\."):
        api.predict(run, file)
    with pytest.raises(DataError, match=r"the run reads 'text' and 'text_b'\. Give it a table\."):
        api.predict(run, asked(run, "a.txt", "good film\n"))


def test_every_label_may_have_a_column_of_its_own(run: Path, tmp_path: Path) -> None:
    """They sum to one, and other columns stand before them."""
    file = asked(run, "a.csv", "stars,review,text_b\n5,good film,fine\n1,bad film,poor\n")

    api.predict(run, file, tmp_path / "OUT.CSV", probabilities="columns")

    table = read_table(tmp_path / "OUT.CSV").frame
    names = ["probability_neg", "probability_pos"]
    assert table.columns == ["id", "stars", "review", "text_b", "answer", *names]
    assert table["id"].to_list() == ["2", "3"]
    sums = [sum(map(float, row)) for row in table.select(names).iter_rows()]
    assert sums == pytest.approx([1.0, 1.0])


def test_two_rows_of_one_id_are_named_by_their_lines(run: Path) -> None:
    """Answers could not be told apart."""
    file = asked(run, "a.csv", "id,review,text_b\n7,good,fine\n7,bad,poor\n")

    with pytest.raises(DataError, match=r"a.csv, line 3: the id '7' is also that of .*line 2\."):
        api.predict(run, file)


def as_schema_1(run: Path) -> Path:
    """The run with the record that the first version wrote.

    It has labels where the inventory is, and one table, of labels, where there are any number.
    """
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    labels = record.pop("inventory")["labels"]
    for scores in (record["valid"], *(baseline["scores"] for baseline in record["baselines"])):
        (table,) = scores.pop("tables")
        scores["table"] = table["rows"]
    old = {**record, "schema_number": 1, "labels": labels}
    (run / "run.json").write_text(json.dumps(old), encoding="utf-8")
    return run


def test_a_run_of_the_first_schema_answers_as_it_did(run: Path) -> None:
    """Its record reads as the one that would be written today, where nothing is chosen."""
    file = asked(run, "a.csv", "review,text_b\ngood film,fine\nbad film,poor\n")
    record, (answers, notes) = read_run(run), api.predict(run, file)

    old = as_schema_1(run)

    assert record.schema_number == 3
    assert record.labels == record.inventory.labels == ("neg", "pos")
    assert read_run(old) == record
    again, same_notes = api.predict(old, file)
    assert again.equals(answers)
    assert same_notes == notes


def test_a_run_of_the_first_schema_without_labels_is_damaged(run: Path) -> None:
    """It is not read as one that answers nothing."""
    file = as_schema_1(run) / "run.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    del record["labels"]
    file.write_text(json.dumps(record), encoding="utf-8")

    with pytest.raises(StoreError, match="is damaged: it lacks 'inventory'"):
        read_run(run)


def without_inputs(run: Path, **data: str) -> Path:
    """The run as an earlier version wrote it, with these settings of its data."""
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    del record["facts"]["inputs"]
    record["recipe"]["data"] |= data
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return run


def test_an_old_run_whose_recipe_names_a_second_text_reads_pairs(run: Path) -> None:
    """The recipe says it, though the record does not."""
    old = without_inputs(run, text_b="second")
    file = asked(run, "a.csv", "review,second\ngood film,fine\n")
    half = asked(run, "half.csv", "review,more\ngood film,fine\n")

    _, notes = api.predict(old, file)

    assert not [note for note in notes if "pairs" in note]
    with pytest.raises(DataError, match=r"no column 'second' .*, and the run reads pairs"):
        api.predict(old, half)


def test_an_old_run_that_says_nothing_of_pairs_takes_text_b_alone(run: Path) -> None:
    """As the version that wrote it did, but not without a word."""
    old = without_inputs(run)
    by_name = asked(run, "a.csv", "review,text_b\nfilm,poor\n")
    by_usage = asked(run, "b.csv", "review,sentence2\ngood film,poor poor poor\n")

    read, told = api.predict(old, by_name)
    unread, why = api.predict(old, by_usage)

    assert [read["answer"][0], unread["answer"][0]] == ["neg", "pos"]
    assert any("'text_b' is read behind the first text." in note for note in told)
    assert any("'sentence2' is not read. Rename it 'text_b' if it does." in note for note in why)


def test_a_pipe_is_answered_like_a_file(run: Path) -> None:
    """It can be read once only, whatever has to be found out about it."""
    row = {"review": "good film", "text_b": "fine"}
    pipe = run.parent / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(json.dumps(row),))
    writer.start()

    table, _ = api.predict(run, pipe)

    writer.join()
    assert table.select("id", "review", "answer").rows() == [("1", "good film", "pos")]


def test_a_mark_before_the_first_column_is_no_part_of_its_name(run: Path) -> None:
    """As Excel writes CSV in UTF-8; a pipe has no suffix that would say what it holds."""
    pipe = run.parent / "pipe"
    os.mkfifo(pipe)
    text = "\ufeffreview,text_b\ngood film,fine\n"
    writer = threading.Thread(target=pipe.write_text, args=(text,))
    writer.start()

    table, _ = api.predict(run, pipe)

    writer.join()
    assert table.select("review", "answer").rows() == [("good film", "pos")]


def test_standard_input_may_be_a_parquet_file(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no name that would say so."""
    written = io.BytesIO()
    pl.DataFrame({"review": ["bad film"], "text_b": ["poor"]}).write_parquet(written)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(written.getvalue())))

    table, _ = api.predict(run, Path("-"))

    assert table["answer"].to_list() == ["neg"]


def test_a_number_is_no_text_in_parquet_either(run: Path) -> None:
    """Nor is null in JSON, whichever of the two texts it is."""
    numbers = run.parent / "a.parquet"
    pl.DataFrame({"review": [1, 2], "text_b": ["a", "b"]}).write_parquet(numbers)
    nulls = asked(run, "a.json", '[{"review": "good", "text_b": null}]')

    with pytest.raises(DataError, match=r"a\.parquet, row 1: expected a text in 'review', got 1\."):
        api.predict(run, numbers)
    with pytest.raises(DataError, match=r"row 1: expected a text in 'text_b', got null\. Fill it"):
        api.predict(run, nulls)


def test_new_files_are_read_as_the_run_s_own_files_are(tmp_path: Path) -> None:
    """In their encoding and with their separator; other files are told what is expected."""
    recipe = RECIPE.replace('"pairs.csv"\nvalid = "pairs.csv"', '"own.csv"\nvalid = "own.csv"')
    more = 'encoding = "utf-16"\ndelimiter = "/"\n'
    (tmp_path / "own.csv").write_bytes(
        ("review/label\n" + "gut, schön/pos\nübel/neg\n" * 10).encode("utf-16")
    )
    (tmp_path / "recipe.toml").write_text(recipe + more, encoding="utf-8")
    _, run = api.train(api.read_recipe(tmp_path / "recipe.toml"), tmp_path / "runs")
    files = {
        "a.csv": "id/review\n1/übel\n2/schön\n",
        "a.txt": "übel\nschön\n",
        "a.jsonl": '{"review": "übel"}\n{"review": "schön"}\n',
        "comma.csv": "id,review\n1,schön\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode("utf-16"))

    for name in ("a.csv", "a.txt", "a.jsonl"):
        table, notes = api.predict(run, tmp_path / name)
        assert table["answer"].to_list() == ["neg", "pos"]
        assert notes[0] == (
            f"{name} was read in the encoding 'utf-16', as the run's own files were."
        )
    with pytest.raises(DataError, match=r"\(cells are separated by '/', as the run's"):
        api.predict(run, tmp_path / "comma.csv")
    (tmp_path / "plain.txt").write_text("schön", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"this is not text in the encoding 'utf-16'\. Save it so\."
    ):
        api.predict(run, tmp_path / "plain.txt")


def test_a_pipe_in_the_run_s_encoding_is_known_for_what_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A brace in UTF-16 is two bytes behind a mark."""
    data = Table(train=Path("a.csv"), encoding="utf-16")
    wanted = Wanted(columns=TEXTS, inputs=("text",), data=data)
    text = '{"text": "schön"}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode("utf-16"))))

    inputs = read_inputs(Path("-"), wanted)

    assert inputs.rows.rows() == [("1", "schön")]


def test_texts_may_be_packed(tmp_path: Path) -> None:
    """One text a line, as tables may be."""
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress("schön\n\nübel\n".encode("latin-1")))
    data = Table(train=Path("a.csv"), encoding="latin-1")

    inputs = read_inputs(tmp_path / "a.txt.gz", Wanted(columns=TEXTS, inputs=("text",), data=data))

    assert inputs.rows.rows() == [("1", "schön"), ("3", "übel")]
    assert inputs.notes[0].startswith("a.txt.gz was read in the encoding 'latin-1'")
