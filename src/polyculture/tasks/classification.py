"""Classify texts: one label, several labels, or one label of a pair of texts.

Where a text may have several labels, an answer is all of them in the order of the inventory,
joined by ``|``; no label at all is the answer ``(none)``, so that an empty cell keeps its meaning
of "not answered".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from polyculture.core.errors import RowError
from polyculture.core.recipe import Settings
from polyculture.core.task import Column, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.run import Scores
    from polyculture.core.task import Context, Encoded, Example, Inventory
    from polyculture.nets.batch import Batch, Outputs, Reading

THRESHOLD = 0.5
"""Several labels: a label is answered from this probability on."""
SEPARATOR = "|"
NO_LABEL = "(none)"


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
    from polyculture.stats.rows import check_rows

    texts = [name for name in ("text", "text_b") if name in rows.columns]
    check_rows(rows, where, needed=("id", "text"), filled=("id", *texts))
    if settings.column not in rows.columns:
        return rows
    check_rows(rows, where, needed=(), filled=(settings.column,))
    import polars as pl

    text = pl.List(pl.String) if settings.multi_label else pl.String
    prepared = rows.with_columns(pl.col(settings.column).cast(text))
    if settings.multi_label:
        _check_lists(prepared, where)
    return prepared


def _check_lists(rows: pl.DataFrame, where: str) -> None:
    for item, labels in rows.select("id", "labels").iter_rows():
        odd = next((x for x in labels if x is None or SEPARATOR in x or x in {"", NO_LABEL}), "ok")
        if odd != "ok" or len(set(labels)) != len(labels):
            reason = (
                f"labels must be different texts other than {NO_LABEL!r} "
                f"and without {SEPARATOR!r}, got {labels!r}. Rename or merge them."
            )
            raise RowError(reason, where=where, item=item)


def learn(splits: Mapping[str, pl.DataFrame], settings: Classification) -> Inventory:
    """All labels of the training rows, in code-point order.

    Raises:
        RowError: There is nothing to learn, or the settings refuse a label that train lacks.
    """
    from polyculture.stats.label_answers import LABELS, learn_labels

    labels = _labels_of_splits(splits, settings)
    answers = gold(splits["train"], settings)
    return learn_labels(labels, answers, LABELS, unseen=settings.unseen)


def remarks(
    splits: Mapping[str, pl.DataFrame], inventory: Inventory, settings: Classification
) -> tuple[str, ...]:
    """What is worth knowing about labels that only validation or test has."""
    from polyculture.stats.label_answers import LABELS
    from polyculture.stats.unseen import note_on_unseen

    return note_on_unseen(_labels_of_splits(splits, settings), inventory.labels, LABELS)


def _labels_of_splits(
    splits: Mapping[str, pl.DataFrame], settings: Classification
) -> dict[str, list[tuple[str, str]]]:
    return {name: _labels_of(rows, name, settings) for name, rows in splits.items()}


def _labels_of(rows: pl.DataFrame, name: str, settings: Classification) -> list[tuple[str, str]]:
    column = _gold_column(rows, name, settings)
    if settings.multi_label:
        return [
            (item, label) for item, names in zip(rows["id"], column, strict=True) for label in names
        ]
    return list(zip(rows["id"], column, strict=True))


def _gold_column(rows: pl.DataFrame, where: str, settings: Classification) -> pl.Series:
    from polyculture.stats.rows import check_rows

    check_rows(rows, where, needed=(settings.column,), filled=())
    return rows[settings.column]


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """One example a row; what does not fit is cut, and counted."""
    from polyculture.nets.reading.texts import encode_texts

    known = context.settings.column in rows.columns
    return encode_texts(rows, context, {"labels": codes(rows, context)} if known else {})


def codes(rows: pl.DataFrame, context: Context) -> list[NDArray[Any]]:
    """The code of each row's label, -100 for one that train lacks; or 0 and 1 for each label."""
    import numpy as np

    from polyculture.stats.label_answers import label_codes

    settings, labels = context.settings, context.labels
    column = _gold_column(rows, "the data", settings)
    if not settings.multi_label:
        return [*label_codes(column, labels)]
    return [np.isin(labels, names).astype(np.float32) for names in column.to_list()]


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Texts padded to one length."""
    from polyculture.nets.reading.padding import pad_texts

    return pad_texts(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:
    """The sum of the cross-entropy; with several labels, of the binary one of each label."""
    from torch.nn import functional

    from polyculture.nets.label_outputs import one_label_loss

    if not context.settings.multi_label:
        return one_label_loss(outputs, batch)
    logits, targets = outputs["logits"].float(), batch.targets["labels"]
    on = (targets >= 0).float()
    return functional.binary_cross_entropy_with_logits(
        logits, targets.clamp(min=0), weight=on, reduction="sum"
    )


def read(reading: Reading, context: Context) -> list[NDArray[Any]]:  # noqa: ARG001  # one form for all tasks
    """The logits of each text, ``(labels,)``."""
    from polyculture.nets.label_outputs import logits_of_rows

    return logits_of_rows(reading)


def decode(rows: pl.DataFrame, logits: Sequence[NDArray[Any]], context: Context) -> pl.DataFrame:
    """Answers with probabilities; a tie goes to the first label of the inventory."""
    from scipy.special import expit

    from polyculture.stats.label_answers import label_numbers, most_probable

    if context.settings.multi_label:
        return several(rows, expit(label_numbers(rows, logits, context.labels)), context.labels)
    return most_probable(rows, logits, context.labels)


def several(
    rows: pl.DataFrame, probabilities: NDArray[Any], labels: tuple[str, ...]
) -> pl.DataFrame:
    """Several labels a text. Their probabilities do not sum to 1, so they have another name."""
    import polars as pl

    answers = [
        joined([label for label, p in zip(labels, row, strict=True) if p >= THRESHOLD])
        for row in probabilities
    ]
    return pl.DataFrame(
        {
            "id": rows["id"],
            "answer": pl.Series(answers, dtype=pl.String),
            "label_probabilities": pl.Series(probabilities.tolist(), dtype=pl.List(pl.Float64)),
        }
    )


def joined(names: Sequence[str]) -> str:
    """Several labels as one answer, in code-point order, as the inventory is.

    Example:
        >>> joined(["sport", "art"]), joined([])
        ('art|sport', '(none)')
    """
    return SEPARATOR.join(sorted(names)) or NO_LABEL


def gold(rows: pl.DataFrame, settings: Classification) -> list[str]:
    """The right answers, in the form of ``decode``."""
    column = _gold_column(rows, "the data", settings).to_list()
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
    from polyculture.stats.labelled import score_one, score_several

    settings, labels = context.settings, context.labels
    right = gold(rows, settings)
    if not settings.multi_label:
        return score_one(rows, right, answers, labels, split=split, notes=notes or {})
    return score_several(
        rows,
        [_parts(answer) for answer in right],
        answers,
        labels,
        split=split,
        notes={"threshold": THRESHOLD, **(notes or {})},
        parts=_parts,
    )


def _parts(answer: str) -> list[str]:
    return [] if answer == NO_LABEL else answer.split(SEPARATOR)


def majority(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The most frequent answer of the training rows, for every row; the share of each label."""
    import numpy as np

    from polyculture.stats.label_answers import most_frequent_label

    known, labels = codes(train, context), context.labels
    if not context.settings.multi_label:
        return most_frequent_label(known, rows, labels)
    sets, counts = np.unique(np.array(known), axis=0, return_counts=True)
    return several(rows, np.tile(sets[counts.argmax()].astype(float), (len(rows), 1)), labels)


def tfidf(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Logistic regression on weighted counts of words and short runs of words."""
    import numpy as np

    from polyculture.core.errors import need

    need("sklearn", extra="train", purpose="The TF-IDF baseline")
    from polyculture.nets.tfidf import Tfidf, joined_texts

    known = np.array(codes(train, context))
    model = Tfidf.fit(joined_texts(train), known, labels=len(context.labels))
    return decode(rows, list(model.logits(joined_texts(rows))), context)


def table(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """The answer, and the probability of each label where there are any."""
    from polyculture.stats.label_answers import answers_and_probabilities

    return answers_and_probabilities(answers, context.labels)


def toy() -> Dataset:
    """Short English and Chinese reviews, made from a few words that decide and many that do not."""
    import numpy as np
    import polars as pl

    from polyculture.core.data import Dataset
    from polyculture.store import digest

    rng = np.random.default_rng(1)
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
    splits = {}
    for name, size in (("train", 240), ("valid", 60), ("test", 60)):
        kinds = rng.choice(["bad", "good"], size)
        texts = [str(rng.choice(around)).format(rng.choice(decisive[kind])) for kind in kinds]
        ids = [f"{name}-{number}" for number in range(size)]
        splits[name] = pl.DataFrame({"id": ids, "text": texts, "label": list(kinds)})
    total = digest.of_json({name: digest.of_frame(rows) for name, rows in splits.items()})
    return Dataset(name="toy-reviews", splits=splits, digest=total, licence="Apache-2.0")


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
