"""Forecast series: the next values of each, with quantiles, from the values before."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from polyculture.core.recipe import Settings
from polyculture.core.task import Column, Inventory, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.run import Scores
    from polyculture.core.task import Context, Encoded, Example
    from polyculture.nets.batch import Batch, Outputs, Reading
    from polyculture.stats.series.forecast_scores import Forecasts


class Series(Settings):
    """What follows in a series."""

    kind: Literal["series"] = "series"
    season: int = Field(default=1, ge=1)
    """Steps of a season, such as 24 for the hours of a day; 1 for none. Errors are scaled by those
    of the last season."""
    quantiles: tuple[float, ...] = (0.1, 0.5, 0.9)
    """What is forecast of each step, from the lowest to the highest. 0.5, the median, is among
    them: it is the answer."""

    @model_validator(mode="after")
    def _quantiles_make_sense(self) -> Self:
        levels = self.quantiles
        ascend = all(low < high for low, high in zip((0.0, *levels), (*levels, 1.0), strict=True))
        if not ascend or 0.5 not in levels:  # noqa: PLR2004  # the median
            msg = f"quantiles lie between 0 and 1, ascend, and hold 0.5, got {list(levels)}"
            raise ValueError(msg)
        return self


def prepare(rows: pl.DataFrame, where: str, _: Series) -> pl.DataFrame:
    """Check the columns; rows to predict go without a future."""
    from polyculture.stats.series import answers

    return answers.prepare(rows, where)


def learn(splits: Mapping[str, pl.DataFrame], settings: Series) -> Inventory:
    """Names of the outputs, lengths, and the scale of each series in training."""
    from polyculture.stats.series import answers

    return answers.learn(splits, settings.quantiles, settings.season)


def remarks(_: Any, inventory: Inventory, __: Series) -> tuple[str, ...]:
    """Which series have no scale."""
    from polyculture.stats.series import answers

    return answers.remarks(inventory)


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """One example a row: its history, and its future where that is known, on one scale."""
    from polyculture.nets.reading.series import encode_series

    futures = rows["future"].to_list() if "future" in rows.columns else None
    repeat = len(context.settings.quantiles)
    return encode_series(rows["history"].to_list(), context.reader, futures, repeat=repeat)


def collate(examples: Sequence[Example], _: Context) -> Batch:
    """Histories are of one length already."""
    from polyculture.nets.reading.series import batch_series

    return batch_series(examples)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:
    """The sum of the pinball loss over all steps and quantiles, on the scale of the history."""
    from polyculture.nets.losses.quantiles import pinball

    quantiles, levels = outputs["logits"].float(), context.settings.quantiles
    each = quantiles.new_tensor(levels).repeat(quantiles.shape[1] // len(levels))
    return pinball(quantiles, batch.targets["labels"], each)


def read(reading: Reading, _: Context) -> list[NDArray[Any]]:
    """Quantiles of each step, step by step, on the scale of the history."""
    return list(reading.seen("logits").numpy())


def decode(rows: pl.DataFrame, values: Sequence[Any], context: Context) -> pl.DataFrame:
    """Quantiles in the unit of the series, put in order where they cross.

    Source: Chernozhukov, Fernández-Val and Galichon 2010, doi:10.3982/ECTA7880.
    """
    import numpy as np

    from polyculture.stats.series.answers import answers_of, windows_of

    levels = context.settings.quantiles
    scaled = np.sort(np.array(values, float).reshape(len(rows), -1, len(levels)), axis=2)
    windows = windows_of(rows, context.reader.context)
    return answers_of(rows, windows.from_scale(scaled), levels)


def gold(rows: pl.DataFrame, _: Series) -> list[str]:
    """What followed, in the form of ``decode``."""
    from polyculture.stats.series.answers import written

    return [written(future) for future in rows["future"].to_list()]


def _forecasts(
    rows: pl.DataFrame, answered: pl.DataFrame, context: Context
) -> tuple[Forecasts, dict[str, Any]]:
    from polyculture.stats.series.answers import forecasts_of

    settings = context.settings
    return forecasts_of(rows, answered, context, settings.season, settings.quantiles)


def grade(rows: pl.DataFrame, answered: pl.DataFrame, context: Context) -> list[float]:
    """1 / (1 + MASE) of each row; no answer is 0."""
    return _forecasts(rows, answered, context)[0].grades()


def score(
    rows: pl.DataFrame, answered: pl.DataFrame, context: Context, *, split: str, notes: Any = None
) -> Scores:
    """MASE, which leads, MAE, RMSE, pinball loss and coverage; errors are better if lower."""
    from polyculture.stats.series.forecast_scores import score_forecasts

    forecasts, facts = _forecasts(rows, answered, context)
    return score_forecasts(rows, forecasts, split=split, protocol={**facts, **(notes or {})})


def _simple(method: str, train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    from polyculture.stats.series.simple_forecasts import answer_simply

    return answer_simply(method, train, rows, context)


def table(_: pl.DataFrame, answered: pl.DataFrame, __: Context) -> pl.DataFrame:
    """The medians, and each quantile."""
    return answered.drop("id")


def toy() -> Dataset:
    """Three waves of one period in noise, of different size and height."""
    import numpy as np
    import polars as pl

    from polyculture.stats.toy_data import of_splits

    rng, steps = np.random.default_rng(1), np.arange(160)
    waves = {
        name: height
        + size * np.sin(2 * np.pi * (steps + shift) / 8)
        + size * rng.normal(0, 0.2, 160)
        for name, height, size, shift in (("Fluß", 5, 2, 0), ("潮", 300, 40, 3), ("🌡", -1, 0.1, 5))
    }
    parts = {"train": range(16, 107), "valid": range(110, 131, 2), "test": range(134, 157)}
    splits = {
        split: pl.DataFrame(
            [
                {
                    "id": f"{name} {origin}",
                    "group": name,
                    "history": values[origin - 16 : origin].tolist(),
                    "future": values[origin : origin + 4].tolist(),
                    "origin": float(origin),
                }
                for name, values in waves.items()
                for origin in origins
            ]
        )
        for split, origins in parts.items()
    }
    return of_splits("toy-waves", splits)


PLUGIN = Task(
    settings=Series,
    output="numbers",
    model_class={"encoder": "AutoModel"},  # no class of a standard head
    reads="series",
    columns={
        "history": Column(kind="numbers"),
        "future": Column(kind="numbers", is_gold=True),
        "origin": Column(kind="number", is_optional=True, is_gold=True),
    },
    prepare=prepare,
    learn=learn,
    remarks=remarks,
    encode=encode,
    collate=collate,
    loss=loss,
    read=read,
    decode=decode,
    gold=gold,
    grade=grade,
    score=score,
    baselines={
        "last": partial(_simple, "last"),
        "season": partial(_simple, "season"),
        "lags": partial(_simple, "lags"),
    },
    named=lambda _: (),
    table=table,
    toy=toy,
)
