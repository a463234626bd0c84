"""Predict a number for a text, such as how many stars it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from polyculture.core.recipe import Settings
from polyculture.core.task import Column, Inventory, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.run import Scores
    from polyculture.core.task import Context, Encoded, Example
    from polyculture.nets.batch import Batch, Outputs, Reading


class Regression(Settings):
    """Which number a text has."""

    kind: Literal["regression"] = "regression"
    loss: Literal["squared", "absolute"] = "squared"
    """Errors that are learnt from. The mean has the least ``squared`` error, the median the least
    ``absolute`` one, in which outliers count less."""
    long_texts: Literal["cut", "windows"] = "cut"
    """Texts longer than the base reads: ``cut`` them, or read them in overlapping ``windows``,
    whose numbers are averaged."""


def prepare(rows: pl.DataFrame, where: str, _: Regression) -> pl.DataFrame:
    """Check the columns; numbers are finite. Rows to predict go without them."""
    from polyculture.stats.rows import check_rows
    from polyculture.stats.vectors.number_scores import check_numbers

    check_rows(rows, where, needed=("id", "text"), filled=("id", "text", "text_b", "number"))
    return check_numbers(rows, where, "number")


def learn(splits: Mapping[str, pl.DataFrame], _: Regression) -> Inventory:
    """Mean, deviation, median and range of the training rows' numbers.

    Raises:
        RowError: A split has no numbers, or train has but one.
    """
    from polyculture.stats.vectors.number_scores import learn_numbers

    return Inventory(numbers=learn_numbers(splits, "number"))


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """One example a row, or one a window; targets are in deviations from the mean."""
    import numpy as np

    from polyculture.nets.reading.texts import encode_texts

    targets = {}
    if "number" in rows.columns:
        known = context.inventory.numbers
        scaled = (rows["number"].to_numpy() - known["mean"]) / known["deviation"]
        targets = {"labels": list(scaled.astype(np.float32))}
    return encode_texts(rows, context, targets, context.settings.long_texts)


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Texts padded to one length."""
    from polyculture.nets.reading.padding import pad_texts

    return pad_texts(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:
    """The sum of the squared or absolute errors, in deviations."""
    from polyculture.nets.losses.ordered_outputs import number_loss

    return number_loss(outputs, batch, absolute=context.settings.loss == "absolute")


def read(reading: Reading, context: Context) -> list[NDArray[Any]]:
    """The number of each text, ``(1,)``."""
    from polyculture.nets.losses.label_outputs import logits_of_rows

    known = context.inventory.numbers
    return [known["mean"] + known["deviation"] * x.astype(float) for x in logits_of_rows(reading)]


def decode(rows: pl.DataFrame, numbers: Sequence[NDArray[Any]], _: Context) -> pl.DataFrame:
    """Answers as text that gives the same number again."""
    from polyculture.stats.vectors.number_scores import finite_answers

    return finite_answers(rows, [number.item() for number in numbers])


def gold(rows: pl.DataFrame, _: Regression) -> list[str]:
    """The right answers, in the form of ``decode``."""
    return [str(number) for number in rows["number"]]


def grade(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> list[float]:
    """1 less the error as a share of the range of the training rows; 0 at least."""
    from polyculture.stats.vectors.number_scores import errors_of

    errors, width = errors_of(rows, answers, "number", context.inventory.numbers)
    return [max(0.0, 1 - float(error) / width) for error in errors]


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """Mean absolute and root mean squared error, R² and correlations, with intervals."""
    from polyculture.stats.vectors.number_scores import score_numbers

    known = context.inventory.numbers
    return score_numbers(rows, answers, "number", known, split=split, notes=notes or {})


def median(_: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The median of the training rows, for every row: of constants it has the least mean error."""
    from polyculture.stats.vectors.number_scores import finite_answers

    return finite_answers(rows, [context.inventory.numbers["median"]] * len(rows))


def tfidf(train: pl.DataFrame, rows: pl.DataFrame, _: Context) -> pl.DataFrame:
    """Ridge regression on weighted counts of words and short runs of words."""
    from polyculture.core.errors import need

    need("sklearn", extra="train", purpose="The TF-IDF baseline")
    from polyculture.nets.lexical.tfidf import numbers_from_counts
    from polyculture.stats.vectors.number_scores import finite_answers

    return finite_answers(rows, numbers_from_counts(train, rows, train["number"].to_numpy()))


def table(_: pl.DataFrame, answers: pl.DataFrame, __: Context) -> pl.DataFrame:
    """The number."""
    return answers.select("answer")


def toy() -> Dataset:
    """Prices in words, in English and Chinese: one word decides, another adds a little."""
    from polyculture.stats.toy_data import toy_data

    things = {"a pen": 2.0, "a lamp": 20.0, "a chair": 50.0, "一支笔": 2.0, "一盏灯": 20.0}
    ways = {"{}": 0.0, "{} in a box": 3.0, "{}, used": -1.0, "全新的{}": 4.0}

    def rows(size: int, rng: np.random.Generator) -> dict[str, list[Any]]:
        bought = rng.choice(list(things), size)
        how = rng.choice(list(ways), size)
        return {
            "text": [way.format(thing) for way, thing in zip(how, bought, strict=True)],
            "number": [things[x] + ways[way] for way, x in zip(how, bought, strict=True)],
        }

    return toy_data("toy-prices", rows)


PLUGIN = Task(
    settings=Regression,
    output="numbers",
    model_class=dict.fromkeys(("encoder", "decoder"), "AutoModelForSequenceClassification"),
    columns={
        "text": Column(kind="text", usual=("sentence", "sentence1")),
        "text_b": Column(kind="text", usual=("sentence2",), is_optional=True),
        "number": Column(
            kind="number", usual=("score", "rating", "stars", "value", "target"), is_gold=True
        ),
    },
    prepare=prepare,
    learn=learn,
    encode=encode,
    collate=collate,
    loss=loss,
    read=read,
    decode=decode,
    gold=gold,
    grade=grade,
    score=score,
    baselines={"median": median, "tfidf": tfidf},
    table=table,
    toy=toy,
)
