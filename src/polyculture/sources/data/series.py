"""Long tables of series over time, cut into rows: the values before a time, and those after."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from polyculture.core.data import Dataset, Origin
from polyculture.core.errors import RecipeError
from polyculture.core.plugins import DataSource
from polyculture.core.recipe import RecipePath
from polyculture.core.task import Column
from polyculture.sources.rows.dataset import dataset_of
from polyculture.sources.rows.encoded import WAYS, Encoded
from polyculture.sources.rows.files import name_of
from polyculture.store.reading.text_form import TextForm, checked_delimiter

if TYPE_CHECKING:
    from polyculture.sources.rows.forecast_origins import Cut
    from polyculture.sources.rows.inputs import Inputs
    from polyculture.sources.rows.long_series import SeriesForm, SeriesTable
    from polyculture.stats.series.times import Stamps

GIVES = ("history", "future")
"""The columns that a task has to read."""


class LongSeries(Encoded):
    """A long table, with one value per line, and how it is cut into rows."""

    source: Literal["series"] = "series"
    file: RecipePath
    """The table. Lines of a series stand in the order of time."""
    series: str | None = None
    """The column with the name of the series. Left out: ``series``, ``unique_id``, ``item_id`` or
    ``sensor``; a file that has none of these holds one series."""
    time: str | None = None
    """The column of times, such as 2024-05-31 14:30, or of whole numbers. Left out: ``time``,
    ``timestamp``, ``date``, ``datetime`` or ``ds``."""
    value: str | None = None
    """The column of values. Left out: ``value``, ``target`` or ``y``."""
    horizon: int = Field(ge=1, le=10_000)
    """Steps to forecast."""
    context: int = Field(ge=2, le=100_000)
    """Steps of history that a forecast is made from."""
    step: str | None = None
    """The distance of values, such as ``30m``, ``1h``, ``1d``, ``1mo``: values in a step are put
    together by ``aggregate``. Left out, it is the one that the file has, which must be regular."""
    aggregate: Literal["mean", "sum", "last"] = "mean"
    """How the values of one ``step`` are put together."""
    gaps: int | None = Field(default=None, ge=0)
    """Steps without a value that may follow one another in a history. Rows with longer gaps, or
    with any gap in their future, are left out and counted. Left out, a gap is an error."""
    valid: float = Field(default=0.1, gt=0, lt=1)
    """Share of each series that is validated on; it comes before the test part."""
    test: float = Field(default=0.2, ge=0, lt=1)
    """Share of each series that is tested, at its end; 0 for none."""
    valid_from: str | None = None
    """The time at which validation begins in all series, instead of shares."""
    test_from: str | None = None
    """The time at which the test begins in all series."""
    stride: int = Field(default=1, ge=1)
    """Steps from one training row to the next."""
    test_stride: int | None = Field(default=None, ge=1)
    """The same of validation and test. Left out, the horizon, so that no value is forecast twice.
    """
    delimiter: str | None = None
    """What separates cells of CSV and TSV, such as ``;`` or ``tab``; left out, what the header
    shows."""
    quotes: bool = True
    """Cells of CSV and TSV may stand in quotes."""

    @field_validator("delimiter")
    @classmethod
    def _delimiter_is_a_character(cls, word: str | None) -> str | None:
        return None if word is None else checked_delimiter(word)

    @field_validator("step")
    @classmethod
    def _step_is_a_time(cls, written: str | None) -> str | None:
        from polyculture.stats.series.times import Step

        return None if written is None else str(Step.of(written))

    @model_validator(mode="after")
    def _parts_make_sense(self) -> Self:
        if self.aggregate != "mean" and self.step is None:
            msg = "aggregate says how the values of one step are put together, so it goes with step"
            raise ValueError(msg)
        if self.test_from is not None and self.valid_from is None:
            msg = "test_from goes with valid_from: validation needs a beginning too"
            raise ValueError(msg)
        if self.valid_from is not None and {"valid", "test"} & self.model_fields_set:
            msg = "give either the shares valid and test, or the times valid_from and test_from"
            raise ValueError(msg)
        if self.valid + self.test >= 1:
            msg = (
                f"valid and test are shares of a series, but {self.valid} + {self.test} leave none"
            )
            raise ValueError(msg)
        return self

    @property
    def form(self) -> "SeriesForm":
        """How the file is written, and what is done about its steps."""
        from polyculture.sources.rows.long_series import SeriesForm, named
        from polyculture.stats.series.times import Step

        return SeriesForm(
            text=TextForm(
                delimiter=self.delimiter, encoding=self.encoding, quotes=self.quotes, settings=WAYS
            ),
            columns=named((self.series, self.time, self.value)),
            step=None if self.step is None else Step.of(self.step),
            together=self.aggregate,
            gaps=self.gaps,
        )


def read(settings: LongSeries, columns: Mapping[str, Column]) -> Dataset:
    """Read the file, and cut each series into rows of train, valid and test.

    Raises:
        RecipeError: The task reads something other than histories, or a time makes no sense.
        DataError: The file cannot be read, a line does not continue its series, or a split is
            empty.
    """
    from polyculture.sources.rows.forecast_origins import notes_on, rows_of_series
    from polyculture.sources.rows.long_series import read_series

    if not set(GIVES) <= set(columns):
        reads = ", ".join(map(repr, columns))
        msg = (
            "source = 'series' gives a history and a future, but this task reads "
            f"{reads}. Choose another source."
        )
        raise RecipeError(msg)
    data = read_series(settings.file, settings.form)
    cut = _cut(settings, data.stamps)
    splits = rows_of_series(data, cut)
    return dataset_of(
        name_of(settings.file),
        splits,
        columns,
        notes=(*data.notes, *notes_on(data, cut, splits)),
        origin=_origin(data, splits),
    )


def _cut(settings: LongSeries, stamps: "Stamps") -> "Cut":
    from polyculture.sources.rows.forecast_origins import Cut

    times = {"valid": settings.valid_from, "test": settings.test_from}
    begins = {split: _time(split, text, stamps) for split, text in times.items() if text}
    if sorted(begins.values()) != [*begins.values()]:
        msg = f"valid_from = {settings.valid_from!r} has to come before test_from."
        raise RecipeError(msg)
    return Cut(
        horizon=settings.horizon,
        context=settings.context,
        stride=settings.stride,
        test_stride=settings.test_stride or settings.horizon,
        valid=settings.valid,
        test=settings.test,
        begins=begins,
        gaps=settings.gaps or 0,
    )


def _time(split: str, text: str, stamps: "Stamps") -> int:
    from polyculture.stats.series.times import Stamps, read_stamps

    moment = read_stamps([text])
    facts = (stamps.is_clock, stamps.is_utc)
    if isinstance(moment, Stamps) and (moment.is_clock, moment.is_utc) == facts:
        return int(moment.values[0])
    msg = (
        f"{split}_from = {text!r} is not a time like those of the file, such as "
        f"{stamps.shown(int(stamps.values[0]))!r}."
    )
    raise RecipeError(msg)


def _origin(data: "SeriesTable", splits: Mapping[str, Any]) -> Origin:
    """Where the future of a row begins in the file."""
    rows = {
        (series.name, step): int(row)
        for series in data.series
        for step, row in enumerate(series.rows)
    }
    places = {
        key: rows[group, int(step)]
        for part in splits.values()
        for key, group, step in part.select("id", "group", "origin").iter_rows()
    }

    def place(_: str, item: str | None) -> str:
        return data.table.name if item not in places else data.table.place(places[item])

    return Origin(place=place, columns=lambda _: data.table.frame.columns)


def read_inputs(file: Path, settings: LongSeries) -> "Inputs":
    """The end of each series of a file, to forecast what follows.

    Raises:
        DataError: The file cannot be read, or a line does not continue its series.
    """
    import polars as pl

    from polyculture.sources.rows.forecast_origins import last_history
    from polyculture.sources.rows.inputs import Inputs
    from polyculture.sources.rows.long_series import as_history, read_series

    data = read_series(file, settings.form)
    ends = [len(series.values) for series in data.series]
    times = [
        [data.time(series, end + step) for step in range(-1, settings.horizon)]
        for series, end in zip(data.series, ends, strict=True)
    ]
    names = [series.name for series in data.series]
    histories = [
        as_history(last_history(series, settings.context, settings.gaps or 0))
        for series in data.series
    ]
    ids = pl.Series("id", names, pl.String)
    return Inputs(
        rows=pl.DataFrame(
            {"id": ids, "group": names, "history": histories},
            schema_overrides={"history": pl.List(pl.Float64)},
        ),
        kept=pl.DataFrame({"last": [t[0] for t in times], "times": [t[1:] for t in times]}),
        notes=data.notes,
    )


PLUGIN = DataSource(settings=LongSeries, read=read, read_inputs=read_inputs)
