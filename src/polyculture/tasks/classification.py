"""Classify texts: one label, several labels, or one label of a pair of texts.

Where a text may have several labels, an answer is all of them in the order of the inventory,
joined by ``|``, or ``(none)``; see ``stats/several_labels``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from polyculture.core.recipe import Settings
from polyculture.core.task import Column, Task

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
    """All labels of the training rows, in code-point order.

    Raises:
        RowError: There is nothing to learn, or the settings refuse a label that train lacks.
    """
    from polyculture.stats.labels.label_answers import LABELS, found_labels, learn_labels

    labels = found_labels(splits, settings.column)
    answers = gold(splits["train"], settings)
    return learn_labels(labels, answers, LABELS, unseen=settings.unseen)


def remarks(
    splits: Mapping[str, pl.DataFrame], inventory: Inventory, settings: Classification
) -> tuple[str, ...]:
    """What is worth knowing about labels that only validation or test has."""
    from polyculture.stats.labels.label_answers import LABELS, found_labels
    from polyculture.stats.labels.unseen import note_on_unseen

    return note_on_unseen(found_labels(splits, settings.column), inventory.labels, LABELS)


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """One example a row; what does not fit is cut, and counted."""
    from polyculture.nets.reading.texts import encode_texts

    known = context.settings.column in rows.columns
    return encode_texts(rows, context, {"labels": codes(rows, context)} if known else {})


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

    summed = several_labels_loss if context.settings.multi_label else one_label_loss
    return summed(outputs, batch)


def read(reading: Reading, context: Context) -> list[NDArray[Any]]:  # noqa: ARG001  # one form for all tasks
    """The logits of each text, ``(labels,)``."""
    from polyculture.nets.losses.label_outputs import logits_of_rows

    return logits_of_rows(reading)


def decode(rows: pl.DataFrame, logits: Sequence[NDArray[Any]], context: Context) -> pl.DataFrame:
    """Answers with probabilities; a tie goes to the first label of the inventory."""
    from polyculture.stats.labels.label_answers import most_probable
    from polyculture.stats.labels.several_labels import of_logits

    answers_of = of_logits if context.settings.multi_label else most_probable
    return answers_of(rows, logits, context.labels)


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
    """Accuracy and F1 (several labels: micro F1 and subset accuracy), with intervals."""
    from polyculture.stats.labels.labelled import score_one, score_several

    right = gold(rows, context.settings)
    scores_of = score_several if context.settings.multi_label else score_one
    return scores_of(rows, right, answers, context.labels, split=split, notes=notes or {})


def majority(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The most frequent answer of the training rows, for every row; the share of each label."""
    from polyculture.stats.labels.label_answers import most_frequent_label
    from polyculture.stats.labels.several_labels import most_frequent_set

    usual = most_frequent_set if context.settings.multi_label else most_frequent_label
    return usual(codes(train, context), rows, context.labels)


def tfidf(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Logistic regression on weighted counts of words and short runs of words."""
    import numpy as np

    from polyculture.core.errors import need

    need("sklearn", extra="train", purpose="The TF-IDF baseline")
    from polyculture.nets.lexical.tfidf import Tfidf, joined_texts

    known = np.array(codes(train, context))
    model = Tfidf.fit(joined_texts(train), known, labels=len(context.labels))
    return decode(rows, list(model.logits(joined_texts(rows))), context)


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
    decode=decode,
    gold=gold,
    score=score,
    baselines={"majority": majority, "tfidf": tfidf},
    codes=codes,
    table=table,
    toy=toy,
)
