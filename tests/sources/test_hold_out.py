"""Rows are held out by label, by group or by time, and what was so before stays so."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from polyculture.core.data import Dataset
from polyculture.core.errors import DataError, RecipeError
from polyculture.core.task import Column
from polyculture.sources.data import conll, table
from polyculture.sources.rows.files import with_hold_out

COLUMNS = {"text": Column(kind="text"), "label": Column(kind="label", is_gold=True)}
labels = st.lists(st.sampled_from("aaaabbc"), min_size=6, max_size=80)


def parted(rows: pl.DataFrame, **settings: Any) -> dict[str, pl.DataFrame]:
    """Train and validation, by the settings of a table."""
    asked = table.Table(train=Path("rows.csv"), **settings)
    return with_hold_out({"train": rows}, COLUMNS, asked, lambda row: f"line {row + 2}")[0]


def read(tmp_path: Path, text: str, **settings: Any) -> Dataset:
    file = tmp_path / "rows.csv"
    file.write_text(text, encoding="utf-8")
    return table.read(table.Table(train=file, **settings), COLUMNS)


@given(labels, st.sampled_from([0.1, 0.2, 0.37, 0.5]), st.integers(0, 3))
def test_each_label_keeps_its_share_to_within_one_row(
    names: list[str], share: float, seed: int
) -> None:
    """Every row is somewhere once, and no label is gone from train."""
    rows = pl.DataFrame(
        {"id": [str(n) for n in range(len(names))], "text": [f"t{n}" for n in range(len(names))]}
    ).with_columns(pl.Series("label", names))
    try:
        splits = parted(rows, hold_out=share, hold_out_by="stratified", split_seed=seed)
    except RecipeError:
        assert share * len(names) < 1 or max(names.count(n) for n in set(names)) == 1
        return

    train, valid = splits["train"], splits["valid"]
    assert sorted([*train["id"], *valid["id"]]) == sorted(rows["id"])
    for name in set(names):
        held = valid["label"].to_list().count(name)
        assert abs(held - share * names.count(name)) < 1 + 1e-9
        assert name in train["label"]


def test_equal_inputs_stay_together_when_labels_keep_their_shares() -> None:
    """A copy in validation would be known from train."""
    texts = [f"t{n // 2}" for n in range(40)]
    rows = pl.DataFrame(
        {"id": [str(n) for n in range(40)], "text": texts, "label": ["x", "x", "y", "y"] * 10}
    )

    splits = parted(rows, hold_out=0.2, hold_out_by="stratified")

    assert not set(splits["train"]["text"]) & set(splits["valid"]["text"])
    assert splits["valid"]["label"].value_counts(sort=True)["count"].to_list() == [4, 4]


@given(st.lists(st.integers(0, 6), min_size=2, max_size=40), st.floats(0.05, 0.6))
def test_no_group_is_in_both_parts(groups: list[int], share: float) -> None:
    """Whole groups are held out, or the one group is refused."""
    rows = pl.DataFrame(
        {
            "id": [str(n) for n in range(len(groups))],
            "text": ["same"] * len(groups),
            "label": ["x"] * len(groups),
            "group": [f"g{number}" for number in groups],
        }
    )
    if len(set(groups)) == 1:
        with pytest.raises(RecipeError, match="all one group"):
            parted(rows, hold_out=share, hold_out_by="group")
        return

    splits = parted(rows, hold_out=share, hold_out_by="group")

    assert not set(splits["train"]["group"]) & set(splits["valid"]["group"])
    assert len(splits["train"]) + len(splits["valid"]) == len(groups)


def test_validation_is_later_than_train(tmp_path: Path) -> None:
    """Days in any order; those of one day stay together, and the task never sees them."""
    days = ["2024-03-02", "2024-03-01", "2024-03-05", "2024-03-05", "2024-02-28", "2024-03-03"]
    text = "text,label,day\n" + "".join(f"t{n},x,{day}\n" for n, day in enumerate(days))

    dataset = read(tmp_path, text, hold_out=0.3, hold_out_by="time", time="day")

    assert dataset.splits["valid"]["text"].to_list() == ["t2", "t3"]
    assert dataset.splits["train"]["text"].to_list() == ["t0", "t1", "t4", "t5"]
    assert dataset.splits["train"].columns == ["id", "text", "label"]
    assert "the latest ones, from 2024-03-05 on" in dataset.notes[0]


def test_numbers_are_ordered_as_numbers(tmp_path: Path) -> None:
    """10 is later than 9."""
    dataset = read(
        tmp_path,
        "text,label,when\na,x,9\nb,x,10\nc,x,8\n",
        hold_out=0.3,
        hold_out_by="time",
        time="when",
    )
    assert dataset.splits["valid"]["text"].to_list() == ["b"]


def test_a_cell_that_is_not_a_time_is_named_with_its_line(tmp_path: Path) -> None:
    """File, line, what was expected and what came."""
    text = "text,label,day\na,x,2024-03-02\nb,x,yesterday\n"
    with pytest.raises(DataError, match=r"rows.csv, line 3: expected a date such as .*'yesterday'"):
        read(tmp_path, text, hold_out=0.3, hold_out_by="time", time="day")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hold_out_by": "group"}, "Set hold_out, as in 0.1"),
        ({"hold_out": 0.1, "hold_out_by": "time"}, "time = 'its name'"),
        ({"hold_out": 0.1, "time": "day"}, "hold_out_by = 'time'"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    settings: dict[str, Any], message: str
) -> None:
    """One sentence, before any file is opened."""
    with pytest.raises(ValidationError, match=message):
        table.Table(train=Path("rows.csv"), **settings)


def test_a_source_without_columns_has_no_time() -> None:
    """CoNLL files have words and tags alone."""
    with pytest.raises(ValidationError, match="which this source does not have"):
        conll.Conll(train=Path("rows.txt"), hold_out=0.1, hold_out_by="time")


def test_rows_without_what_the_way_needs_are_refused() -> None:
    """It says which column to name, or which other way there is."""
    rows = pl.DataFrame({"id": ["1", "2"], "text": ["a", "b"]})
    with pytest.raises(RecipeError, match="Name its column in"):
        parted(rows, hold_out=0.5, hold_out_by="group")
    with pytest.raises(RecipeError, match="the rows have no labels"):
        parted(rows, hold_out=0.5, hold_out_by="stratified")


def test_what_is_held_out_at_random_is_what_always_was(tmp_path: Path) -> None:
    """The digest of such a dataset and its note, as they were before there were other ways."""
    text = "text,label\n" + "".join(f"text {n},{'xy'[n % 2]}\n" for n in range(10))

    dataset = read(tmp_path, text, hold_out=0.3, split_seed=7)

    assert dataset.digest == "7b7d734be472304cf75254640e2e1f0463e234d126300f2d1210bf4013afd09d"
    assert dataset.notes[0] == (
        "3 of 10 training rows are held out for validation (hold_out 0.3, split_seed 7); rows of "
        "one document or one text stay together."
    )


def test_a_split_may_have_fewer_rows_than_its_file(tmp_path: Path) -> None:
    """Drawn by the seed alone, in the order of the file, after some were held out; it is said."""
    text = "text,label\n" + "".join(f"t{number},x\n" for number in range(60))

    whole = read(tmp_path, text, hold_out=0.5)
    some = read(tmp_path, text, hold_out=0.5, train_rows=7, valid_rows=90)
    other = read(tmp_path, text, hold_out=0.5, train_rows=7, split_seed=2)
    more = read(tmp_path, text, hold_out=0.5, train_rows=12)

    kept = some.splits["train"]["text"].to_list()
    assert kept == [t for t in whole.splits["train"]["text"].to_list() if t in kept]
    assert len(kept) == 7 != len(whole.splits["train"])
    assert set(kept) < set(more.splits["train"]["text"])
    assert some.splits["valid"].equals(whole.splits["valid"])
    assert other.splits["train"]["text"].to_list() != kept
    assert f"7 of {len(whole.splits['train'])} rows of train, drawn at random" in some.notes[-1]
    assert whole.digest != some.digest


def test_rows_of_a_split_that_is_not_there_cannot_be_bounded() -> None:
    """A name that is mistaken would otherwise change nothing; rows held out are there."""
    table.Table(train=Path("rows.csv"), hold_out=0.1, valid_rows=5)

    with pytest.raises(ValidationError, match="test_rows bounds the rows of test, and there are"):
        table.Table(train=Path("rows.csv"), test_rows=5)


def test_rows_of_one_document_are_drawn_together(tmp_path: Path) -> None:
    """Only the last document that is drawn may be cut."""
    text = "text,label,document\n" + "".join(f"t{n},x,d{n % 10}\n" for n in range(60))

    rows = read(tmp_path, text, train_rows=15).splits["train"]

    assert sorted(rows["document"].value_counts()["count"].to_list()) == [3, 6, 6]
    assert rows["text"].to_list() == sorted(rows["text"].to_list(), key=lambda t: int(t[1:]))
