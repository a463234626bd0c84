"""Long tables of series become rows in time, and every fault of a table is told with its line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from polyculture.checks.sources import DATA_CHECKS, DataCheck
from polyculture.core import parts
from polyculture.core.data import Dataset
from polyculture.core.errors import DataError, RecipeError
from polyculture.core.task import Column
from polyculture.sources.data.series import PLUGIN as SOURCE
from polyculture.sources.data.series import LongSeries, read_inputs

COLUMNS = parts.load("tasks", "series").columns
SIZES = {"horizon": 2, "context": 3}


def days(*values: str, series: str = "潮", start: int = 1) -> str:
    """Lines of one series, a value a day."""
    return "".join(
        f"{series},2024-05-{start + day:02d},{value}\n" for day, value in enumerate(values)
    )


def whole(count: int = 20, series: str = "潮") -> str:
    return days(*map(str, range(count)), series=series)


Write = Callable[..., LongSeries]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Write a table and give the settings that read it."""

    def make(text: str, **settings: Any) -> LongSeries:
        path = tmp_path / "series.csv"
        path.write_text("series,time,value\n" + text, encoding="utf-8")
        return LongSeries.model_validate({"source": "series", "file": path, **SIZES, **settings})

    return make


def read(settings: LongSeries) -> Dataset:
    return SOURCE.read(settings, COLUMNS)


@pytest.mark.parametrize("check", DATA_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("stride", [None, 1])
def test_the_source_keeps_its_promises(
    check: DataCheck, stride: int | None, written: Write
) -> None:
    """Digests, ids, splits and columns; also where futures overlap."""
    text = whole(30) + whole(30, "🌡")
    check(SOURCE, written(text, valid=0.2, test=0.3, test_stride=stride), COLUMNS)


def test_splits_follow_one_another_in_time(written: Write) -> None:
    """Futures of a split lie in its part of the series, histories may reach back."""
    splits = read(written(whole(), valid=0.2, test=0.3)).splits

    futures = {
        split: [value for row in rows["future"] for value in row] for split, rows in splits.items()
    }
    assert set(futures["train"]) == {*range(3, 10)}
    assert futures["valid"] == [*range(10, 14)]
    assert futures["test"] == [*range(14, 20)]
    row = splits["test"].row(0, named=True)
    assert row == {
        "id": "潮 2024-05-15 00:00",
        "group": "潮",
        "history": [11, 12, 13],
        "future": [14, 15],
        "origin": 14,
    }


def test_splits_may_begin_at_a_time(written: Write) -> None:
    """One time for all series, whenever they begin."""
    text = whole() + days(*"123456789", series="late", start=12)
    settings = written(text, valid_from="2024-05-11", test_from="2024-05-15")

    splits = read(settings).splits

    assert splits["test"].filter(group="late")["id"][0] == "late 2024-05-15 00:00"
    assert "late" not in splits["train"]["group"]
    assert read(written(text, valid_from="2024-05-11")).splits.keys() == {"train", "valid"}


def test_overlapping_futures_share_a_document(written: Write) -> None:
    """So that a bootstrap draws them together; rows that do not overlap need none."""
    overlapping = read(written(whole(), test_stride=1, valid=0.2, test=0.3)).splits["test"]
    apart = read(written(whole(), valid=0.2, test=0.3)).splits["test"]

    assert overlapping["document"].n_unique() < len(overlapping) == 5
    assert "document" not in apart.columns


FAULTS = {
    "two values at one time": (
        days("1", "2", "3") + "潮,2024-05-03,4\n",
        r"series\.csv, line 5: the series '潮' has a second value at 2024-05-03 00:00.*step = '1d'",
    ),
    "not sorted": (
        days("1", "2", "3") + "潮,2024-05-01,4\n",
        r"line 5: the time 2024-05-01 00:00 comes after 2024-05-03 00:00.*Sort the file by time",
    ),
    "a gap": (
        days("1", "2", "3") + days("4", start=6),
        r"line 5: 2 steps of 1d before this line, from 2024-05-04 00:00, .*Fill them in, set gaps",
    ),
    "an empty cell": (days("1", "", "3"), r"line 4: 1 step of 1d before this line"),
    "a time between": (
        days("1", "2", "3") + "潮,2024-05-04 07:30,4\n",
        r"line 5: most values are 1d apart, but 2024-05-04 07:30 in the series '潮'",
    ),
    "ends of months": (
        "".join(
            f"潮,{day},1\n" for day in ("2023-01-31", "2023-02-28", "2023-03-31", "2023-04-30")
        ),
        r"most values are 4w apart.*Set step = '1mo' in .data.: each has one value at most",
    ),
    "days as numbers": (
        "潮,20240131,1\n潮,20240201,2\n潮,20240202,2\n",
        r"line 2: 20240131 is read as a whole number, but the times look like days",
    ),
    "not a number": (days("1", "NaN"), r"line 3: expected a number in 'value', got 'NaN'\. Leave"),
    "infinite": (days("1", "inf"), r"line 3: expected a number in 'value', got 'inf'"),
    "not a time": (
        days("1") + "潮,soon,2\n",
        r"line 3: expected a time in 'time' like '2024-05-01",
    ),
    "no time": (days("1") + "潮,,2\n", r"line 3: expected a time in 'time'.*got an empty cell"),
    "no series": (days("1") + ",2024-05-02,2\n", r"line 3: the column 'series' is empty"),
    "one value": (days("1"), r"series\.csv has only one time for each series"),
    "a slip in the year": (
        "潮,1024-05-01 00:00:00,1\n"
        + "".join(f"潮,2024-05-01 00:00:{n:02d},1\n" for n in range(9)),
        r"line 3: 2024-05-01 00:00 is far later than the time before it.*steps of 1s\. Check",
    ),
    "too short": (days("1", "2", "3"), r"no series has room for a row of train, which is 3 steps"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_file_and_line(fault: str, written: Write) -> None:
    """In one sentence that says what to do."""
    text, message = FAULTS[fault]
    with pytest.raises(DataError, match=message):
        read(written(text))


def test_a_series_without_any_value_is_refused(written: Write) -> None:
    """By its name."""
    with pytest.raises(DataError, match="The series 'b' has no value at all"):
        read(written(whole() + days("", "", series="b")))


def test_gaps_stay_unknown_and_rows_near_long_ones_are_left_out(written: Write) -> None:
    """No future holds a gap, no history a long one, and none ends in one."""
    values = [
        *map(str, range(8)),
        "",
        *map(str, range(9, 14)),
        "",
        "",
        "",
        *map(str, range(17, 31)),
    ]
    data = read(written(days(*values), gaps=1, valid=0.2, test=0.2))

    rows = pl.concat(data.splits.values())
    assert rows["history"].list.len().unique().to_list() == [3]
    assert not rows["future"].list.eval(pl.element().is_null().any()).list.any().any()
    assert rows["history"].list.last().null_count() == 0
    with_gap = rows.filter(pl.col("history").list.drop_nulls().list.len() < 3)
    assert with_gap["origin"].to_list() == [10, 11]
    assert any("4 steps between the first and the last" in note for note in data.notes)


def test_what_is_left_out_is_counted(written: Write) -> None:
    """Series without a row, and values that no row forecasts."""
    data = read(written(whole(23) + days("1", "2", series="short"), valid=0.2, test=0.2))

    notes = " ".join(data.notes)
    assert "1 of 2 series have no row in train" in notes
    assert "1 of 5 values of test are not forecast" in notes


@pytest.mark.parametrize(("aggregate", "value"), [("mean", 20.0), ("sum", 60.0), ("last", 30.0)])
def test_values_of_a_step_are_put_together(aggregate: str, value: float, written: Write) -> None:
    """However irregular, also two at one time; and it is said."""
    text = "".join(
        f"a,2024-05-{day:02d} {time},{number}\n"
        for day in range(1, 21)
        for time, number in (("03:10", 10), ("03:10", 20), ("23:59", 30))
    )
    settings = written(text, step="24h", aggregate=aggregate)

    data = read(settings)

    assert settings.step == "1d"
    assert data.splits["train"]["history"][0].to_list() == [value] * 3
    assert any(
        f"60 lines of 1 series became 20 values in steps of 1d, by their {aggregate}" in note
        for note in data.notes
    )


def test_months_are_equal_steps(written: Write) -> None:
    """Though some have more days."""
    text = "".join(f"a,{2022 + m // 12}-{m % 12 + 1:02d}-01,{m}\n" for m in range(30))

    rows = read(written(text)).splits["test"]

    assert rows["id"].to_list()[-1] == "a 2024-05-01 00:00"


def test_a_file_without_names_is_one_series(tmp_path: Path) -> None:
    """Named as the file; times may be whole numbers, columns have their usual names."""
    path = tmp_path / "潮.csv"
    path.write_text("ds,y\n" + "".join(f"{n},{n * n}\n" for n in range(20)), encoding="utf-8")
    settings = LongSeries.model_validate({"source": "series", "file": path, **SIZES})

    rows = read(settings).splits["test"]

    assert rows["group"].unique().to_list() == ["潮"]
    assert rows["id"][0] == "潮 16"


def test_parquet_is_read_like_csv(tmp_path: Path) -> None:
    """With its own types of time and number."""
    frame = pl.DataFrame(
        {
            "sensor": "a",
            "time": pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 1, 30), eager=True),
            "target": range(30),
        }
    )
    path = tmp_path / "a.parquet"
    frame.write_parquet(path)
    settings = LongSeries.model_validate({"source": "series", "file": path, **SIZES})

    assert read(settings).splits["train"]["history"][0].to_list() == [0, 1, 2]


def test_new_files_are_forecast_from_their_ends(written: Write) -> None:
    """With the times to come; after a long gap the history begins anew."""
    text = days(*"123456789") + days("1", "", "", "4", "5", series="b")

    inputs = read_inputs(written(text).file, written(text, gaps=1))

    assert inputs.rows["id"].to_list() == ["潮", "b"]
    assert inputs.rows["history"].to_list() == [[7, 8, 9], [4, 5]]
    assert inputs.kept["last"].to_list() == ["2024-05-09 00:00", "2024-05-05 00:00"]
    assert inputs.kept["times"][1].to_list() == ["2024-05-06 00:00", "2024-05-07 00:00"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"step": "soon"}, "such as 30m"),
        ({"aggregate": "sum"}, "it goes with step"),
        ({"valid": 0.5, "test": 0.5}, "leave none"),
        ({"test_from": "2024-05-01"}, "test_from goes with valid_from"),
        ({"valid_from": "2024-05-01", "test": 0.1}, "give either the shares"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    settings: dict[str, Any], message: str, written: Write
) -> None:
    """Before a file is read."""
    with pytest.raises(ValidationError, match=message):
        written(whole(), **settings)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"valid_from": "May"}, RecipeError, "valid_from = 'May' is not a time like those"),
        (
            {"valid_from": "2024-05-15", "test_from": "2024-05-11"},
            RecipeError,
            "has to come before test_from",
        ),
        ({"step": "5"}, DataError, "the times are dates and times, but step = '5'"),
        ({"value": "price"}, DataError, "has no column 'price'"),
    ],
)
def test_settings_that_do_not_fit_the_file_are_refused(
    settings: dict[str, Any], error: type[Exception], message: str, written: Write
) -> None:
    """Naming the setting."""
    with pytest.raises(error, match=message):
        read(written(whole(), **settings))


def test_a_task_that_reads_something_else_is_refused(written: Write) -> None:
    """Its columns are named."""
    with pytest.raises(RecipeError, match="but this task reads 'text'"):
        SOURCE.read(written(whole()), {"text": Column(kind="text")})
