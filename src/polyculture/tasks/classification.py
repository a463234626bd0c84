"""Classify texts: one label, several labels, or one label of a pair of texts.

Where a text may have several labels, an answer is all of them in the order of the inventory,
joined by ``|``, or ``(none)``; see ``stats/labels/several_labels``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from polyculture.core.recipe import Settings
from polyculture.core.task import Column, Task
from polyculture.stats.labels.class_weights import ClassWeights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.run import Scores
    from polyculture.core.task import Context, Encoded, Example, Inventory
    from polyculture.nets.batch import Batch, Outputs, Reading


class Classification(Settings):
    """Which label a text has."""

    kind: Literal["classification"] = "classification"
    multi_label: bool = False
    """A text may have several labels, or none: the column is ``labels``, a list."""
    unseen: Literal["wrong", "refuse"] = "wrong"
    """Labels that train does not have: count them as ``wrong``, or refuse them."""
    long_texts: Literal["cut", "windows"] = "cut"
    """Texts longer than the base reads: ``cut`` them, or read them in overlapping ``windows``,
    whose logits are averaged."""
    class_weights: ClassWeights = "none"
    """How much the rows of a label count in the loss: all the same, rare ones more (``auto``), or
    by a table such as ``{ bad = 2.0 }``, where other labels count 1."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Share of the target that is spread over all labels."""
    focal_gamma: float = Field(default=0.0, ge=0)
    """Focal loss: how much less rows count that are already answered rightly; 2 is usual."""
    calibration: Literal["temperature", "none"] = "temperature"
    """Divide logits by the temperature that fits the validation rows best. Answers stay."""
    thresholds: Literal["fixed", "best_f1"] = "fixed"
    """Several labels: answer a label from the probability 0.5 on, or from that of its best F1 on
    the validation rows."""
    out_of_scope: str = ""
    """The label of texts that fit no other; train may have such rows or not. Empty if there is
    none."""
    out_of_scope_rule: Literal["max_probability", "margin", "energy"] = "max_probability"
    """What has to be high for a text in scope: the probability of the best label, its distance to
    the second one, or the log of the sum of exponentiated logits."""
    out_of_scope_goal: Literal["balance", "accuracy"] = "balance"
    """What the threshold makes highest on the validation rows: the mean of in-scope accuracy and
    out-of-scope recall, or the accuracy over all rows."""

    @model_validator(mode="after")
    def _settings_fit_together(self) -> Self:
        if self.thresholds == "best_f1" and not self.multi_label:
            msg = "thresholds = 'best_f1' is for several labels a text: add multi_label = true"
            raise ValueError(msg)
        if self.out_of_scope and self.multi_label:
            msg = "a text with no label at all is out of scope: leave out 'out_of_scope'"
            raise ValueError(msg)
        return self

    @property
    def column(self) -> str:
        """The column that holds the right answers."""
        return "labels" if self.multi_label else "label"


def prepare(rows: pl.DataFrame, where: str, settings: Classification) -> pl.DataFrame:
    """Check the columns; labels become text. Rows without a gold column are fine to predict."""
    import polars as pl

    from polyculture.stats.rows import check_rows

    texts = [name for name in ("text", "text_b") if name in rows.columns]
    check_rows(rows, where, needed=("id", "text"), filled=("id", *texts))
    if settings.column not in rows.columns:
        return rows
    check_rows(rows, where, needed=(), filled=(settings.column,))
    text = pl.List(pl.String) if settings.multi_label else pl.String
    prepared = rows.with_columns(pl.col(settings.column).cast(text))
    if settings.multi_label:
        from polyculture.stats.labels.several_labels import check_lists

        check_lists(prepared, where)
    return prepared


def learn(splits: Mapping[str, pl.DataFrame], settings: Classification) -> Inventory:
    """All labels of the training rows, in code-point order, and their weights in the loss.

    Raises:
        RowError: There is nothing to learn, or the settings refuse a label that train lacks.
        RecipeError: A weight is for a label that train lacks.
    """
    from polyculture.stats.labels import classified

    return classified.learn(splits, lambda rows: gold(rows, settings), settings)


def remarks(
    splits: Mapping[str, pl.DataFrame], inventory: Inventory, settings: Classification
) -> tuple[str, ...]:
    """What is worth knowing about labels that some split lacks, and about the numbers chosen."""
    from polyculture.stats.labels import classified

    return classified.remarks(splits, inventory, settings)


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """One example a row; what does not fit is cut and counted, or read in windows."""
    from polyculture.nets.reading.texts import encode_texts

    known = context.settings.column in rows.columns
    targets = {"labels": codes(rows, context)} if known else {}
    return encode_texts(rows, context, targets, context.settings.long_texts)


def codes(rows: pl.DataFrame, context: Context) -> list[NDArray[Any]]:
    """The code of each row's label, -100 for one that train lacks; or 0 and 1 for each label."""
    from polyculture.stats.labels.label_answers import label_codes
    from polyculture.stats.labels.several_labels import label_marks

    column = _gold_column(rows, context.settings)
    if context.settings.multi_label:
        return label_marks(column.to_list(), context.labels)
    return [*label_codes(column, context.labels)]


def _gold_column(rows: pl.DataFrame, settings: Classification) -> pl.Series:
    from polyculture.stats.rows import check_rows

    check_rows(rows, "the data", needed=(settings.column,), filled=())
    return rows[settings.column]


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Texts padded to one length."""
    from polyculture.nets.reading.padding import pad_texts

    return pad_texts(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:
    """The sum of the cross-entropy; with several labels, of the binary one of each label."""
    from polyculture.nets.losses.label_outputs import one_label_loss, several_labels_loss
    from polyculture.stats.labels.class_weights import weights_of

    settings = context.settings
    summed = several_labels_loss if settings.multi_label else one_label_loss
    return summed(
        outputs,
        batch,
        weights=weights_of(context.inventory.numbers, context.labels),
        smoothing=settings.label_smoothing,
        focus=settings.focal_gamma,
    )


def read(reading: Reading, context: Context) -> list[NDArray[Any]]:  # noqa: ARG001  # one form for all tasks
    """The logits of each text, ``(labels,)``."""
    from polyculture.nets.losses.label_outputs import logits_of_rows

    return logits_of_rows(reading)


def settle(
    rows: pl.DataFrame, logits: Sequence[NDArray[Any]], context: Context
) -> Mapping[str, float]:
    """The temperature, and the thresholds that the settings ask for."""
    from polyculture.stats.labels import classified

    return classified.settle(rows, logits, codes(rows, context), context)


def decode(rows: pl.DataFrame, logits: Sequence[NDArray[Any]], context: Context) -> pl.DataFrame:
    """Answers with probabilities; a tie goes to the first label of the inventory."""
    from polyculture.stats.labels import classified

    return classified.decode(rows, logits, context)


def gold(rows: pl.DataFrame, settings: Classification) -> list[str]:
    """The right answers, in the form of ``decode``."""
    from polyculture.stats.labels.several_labels import joined

    column = _gold_column(rows, settings).to_list()
    return [joined(names) for names in column] if settings.multi_label else column


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """Accuracy, F1, calibration (several labels: micro F1 and subset accuracy), with intervals."""
    from polyculture.stats.labels import classified

    right = gold(rows, context.settings)
    return classified.score(rows, right, answers, context, split=split, notes=notes or {})


def majority(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The most frequent answer of the training rows, for every row; the share of each label."""
    from polyculture.stats.labels import classified

    return classified.most_frequent(codes(train, context), rows, context)


def tfidf(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Logistic regression on weighted counts of words and short runs of words."""
    from polyculture.core.errors import need

    need("sklearn", extra="train", purpose="The TF-IDF baseline")
    from polyculture.nets.lexical.tfidf import logits_from_counts

    known = codes(train, context)
    return decode(rows, logits_from_counts(train, rows, known, len(context.labels)), context)


def table(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """The answer, and the probability of each label where there are any."""
    from polyculture.stats.labels.label_answers import answers_and_probabilities

    return answers_and_probabilities(answers, context.labels)


def toy() -> Dataset:
    """Short English and Chinese reviews, made from a few words that decide and many that do not."""
    from polyculture.stats.toy_data import toy_data

    decisive = {
        "bad": ("awful", "boring", "broken", "糟糕", "无聊", "难吃"),
        "good": ("lovely", "great", "tasty", "精彩", "好吃", "喜欢"),
    }
    around = (
        "the film was {}",
        "a {} meal",
        "we found it {} today",
        "{} service again",
        "so {} !",
        "这部电影真{}",
        "味道很{}",
        "今天的服务{}",
        "感觉非常{}啊",
        "{}的一天",
    )

    def rows(size: int, rng: np.random.Generator) -> dict[str, list[str]]:
        kinds = rng.choice(["bad", "good"], size)
        texts = [str(rng.choice(around)).format(rng.choice(decisive[kind])) for kind in kinds]
        return {"text": texts, "label": list(kinds)}

    return toy_data("toy-reviews", rows)


PLUGIN = Task(
    settings=Classification,
    output="labels",
    model_class=dict.fromkeys(("encoder", "decoder"), "AutoModelForSequenceClassification"),
    columns={
        "text": Column(kind="text", usual=("sentence", "sentence1")),
        "text_b": Column(kind="text", usual=("sentence2",), is_optional=True),
        "label": Column(kind="label", is_gold=True),
        "labels": Column(kind="labels", is_gold=True),
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
    gold=gold,
    score=score,
    baselines={"majority": majority, "tfidf": tfidf},
    codes=codes,
    table=table,
    toy=toy,
)
