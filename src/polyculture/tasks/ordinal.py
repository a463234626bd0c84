"""Classify texts by labels that have an order, from the lowest to the highest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator

from polyculture.core.recipe import Settings
from polyculture.core.task import Column, Inventory, Task
from polyculture.stats.labels import one_label

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


def distinct(order: tuple[str, ...]) -> tuple[str, ...]:
    """The labels, each once and none of them empty; or none, which a recipe has to fill in.

    Raises:
        ValueError: One stands twice or alone, or is empty.
    """
    if "" in order or len(set(order)) < len(order) or len(order) == 1:
        msg = f"expected two or more labels from the lowest to the highest, got {list(order)}"
        raise ValueError(msg)
    return order


class Ordinal(Settings):
    """Which of several ordered labels a text has."""

    kind: Literal["ordinal"] = "ordinal"
    order: Annotated[tuple[str, ...], AfterValidator(distinct)] = ()
    """All labels, from the lowest to the highest, such as ``["bad", "fair", "good"]``. It has to be
    filled in."""
    loss: Literal["cross_entropy", "ranked"] = "cross_entropy"
    """``ranked``: the ranked probability score, in which a label that is farther off costs more."""
    answer: Literal["median_rank", "expected_rank", "most_probable"] = "median_rank"
    """The label in the middle of the probability, which is the fewest ranks off on average; the
    label nearest to the mean rank; or the most probable one."""
    calibration: Literal["temperature", "none"] = "temperature"
    """Divide logits by the temperature that fits the validation rows best."""
    long_texts: Literal["cut", "windows"] = "cut"
    """Texts longer than the base reads: ``cut`` them, or read them in overlapping ``windows``,
    whose logits are averaged."""


def prepare(rows: pl.DataFrame, where: str, settings: Ordinal) -> pl.DataFrame:
    """Check the columns; every label has a place in the order."""
    import polars as pl

    from polyculture.stats.labels.ordered import check_order
    from polyculture.stats.rows import check_rows

    check_rows(rows, where, needed=("id", "text"), filled=("id", "text", "text_b", "label"))
    if "label" not in rows.columns:
        return rows
    prepared = rows.with_columns(pl.col("label").cast(pl.String))
    check_order(prepared, where, "label", settings.order)
    return prepared


def learn(splits: Mapping[str, pl.DataFrame], settings: Ordinal) -> Inventory:
    """The labels in their order.

    Raises:
        RowError: A split has no labels, or every training row has the same.
    """
    from polyculture.stats.labels.label_answers import LABELS, found_labels, learn_labels

    found = found_labels(splits, "label")
    learn_labels(found, splits["train"]["label"], LABELS, unseen="wrong")
    return Inventory(labels=settings.order)


def remarks(
    splits: Mapping[str, pl.DataFrame], inventory: Inventory, settings: Ordinal
) -> tuple[str, ...]:
    """Labels without a training row, and a temperature that could not be chosen."""
    from polyculture.stats.labels.ordered import note_on_order
    from polyculture.stats.labels.settled import note_on_settled

    return (
        *one_label.remarks(splits, inventory, settings),
        *note_on_order(splits["train"]["label"].to_list(), settings.order),
        *note_on_settled(inventory.settled),
    )


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """One example a row, or one a window."""
    from polyculture.nets.reading.texts import encode_texts

    targets = {"labels": one_label.codes(rows, context)} if "label" in rows.columns else {}
    return encode_texts(rows, context, targets, context.settings.long_texts)


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Texts padded to one length."""
    from polyculture.nets.reading.padding import pad_texts

    return pad_texts(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:
    """The sum of the cross-entropy, or of the ranked probability score."""
    from polyculture.nets.losses.label_outputs import one_label_loss
    from polyculture.nets.losses.ordered_outputs import ranked_loss

    summed = ranked_loss if context.settings.loss == "ranked" else one_label_loss
    return summed(outputs, batch)


def read(reading: Reading, _: Context) -> list[NDArray[Any]]:
    """The logits of each text, ``(labels,)``."""
    from polyculture.nets.losses.label_outputs import logits_of_rows

    return logits_of_rows(reading)


def settle(
    rows: pl.DataFrame, logits: Sequence[NDArray[Any]], context: Context
) -> Mapping[str, float]:
    """The temperature."""
    import numpy as np

    from polyculture.stats.labels.label_answers import label_numbers
    from polyculture.stats.labels.settled import TEMPERATURE, fitted_temperature

    if context.settings.calibration == "none":
        return {}
    codes = np.array(one_label.codes(rows, context))
    numbers = label_numbers(rows, logits, context.labels)
    return {TEMPERATURE: fitted_temperature(numbers, codes)}


def decode(rows: pl.DataFrame, logits: Sequence[NDArray[Any]], context: Context) -> pl.DataFrame:
    """Answers with probabilities."""
    from polyculture.stats.labels.ordered import ranked_answers
    from polyculture.stats.labels.settled import TEMPERATURE

    heat = context.inventory.settled.get(TEMPERATURE, 1.0)
    return ranked_answers(rows, logits, context.labels, context.settings.answer, heat)


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """Quadratic weighted kappa, the distance of ranks, accuracy and F1, with intervals."""
    from polyculture.stats.labels.ordered import score_ordered
    from polyculture.stats.labels.settled import TEMPERATURE

    return score_ordered(
        rows,
        rows["label"].to_list(),
        answers,
        context.settings.order,
        split=split,
        notes={"answer": context.settings.answer, **(notes or {})},
        temperature=context.inventory.settled.get(TEMPERATURE),
    )


def tfidf(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Logistic regression on weighted counts of words and short runs of words."""
    from polyculture.core.errors import need

    need("sklearn", extra="train", purpose="The TF-IDF baseline")
    from polyculture.nets.lexical.tfidf import logits_from_counts

    known = one_label.codes(train, context)
    return decode(rows, logits_from_counts(train, rows, known, len(context.labels)), context)


def toy() -> Dataset:
    """Short English and Chinese reviews whose one word says how good something is."""
    from polyculture.stats.toy_data import toy_data

    words = {
        "bad": ("awful", "boring", "糟糕", "难吃"),
        "fair": ("passable", "average", "一般", "还行"),
        "good": ("lovely", "great", "精彩", "好吃"),
    }
    around = (
        "we found the film {} today",
        "a {} meal",
        "{} service again",
        "味道很{}",
        "今天的服务{}",
    )

    def rows(size: int, rng: np.random.Generator) -> dict[str, list[str]]:
        kinds = rng.choice(list(words), size)
        texts = [str(rng.choice(around)).format(rng.choice(words[kind])) for kind in kinds]
        return {"text": texts, "label": list(kinds)}

    return toy_data("toy-grades", rows)


PLUGIN = Task(
    settings=Ordinal,
    output="labels",
    model_class=dict.fromkeys(("encoder", "decoder"), "AutoModelForSequenceClassification"),
    columns={
        "text": Column(kind="text", usual=("sentence", "sentence1")),
        "text_b": Column(kind="text", usual=("sentence2",), is_optional=True),
        "label": Column(kind="label", usual=("rating", "stars", "grade"), is_gold=True),
    },
    prepare=prepare,
    learn=learn,
    remarks=remarks,
    encode=encode,
    collate=collate,
    loss=loss,
    read=read,
    settle=settle,
    decode=decode,
    gold=one_label.gold,
    score=score,
    baselines={"majority": one_label.majority, "tfidf": tfidf},
    codes=one_label.codes,
    table=one_label.table,
    toy=toy,
)
