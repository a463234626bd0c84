"""Tell whether two parts of a text are in their original order: sentence-order prediction.

The data are plain texts. Each is cut in two between its sentences, and for half of them the parts
are swapped; what is drawn of a text depends on the text alone, so it is the same in every file.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Literal

from polyculture.core.recipe import Settings
from polyculture.core.task import Column, Task
from polyculture.stats.labels import one_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.task import Context, Encoded, Example, Inventory
    from polyculture.nets.batch import Batch, Outputs, Reading

IN_ORDER, SWAPPED = "in order", "swapped"
WITHIN = "within_sentence"
"""A column of prepared rows: the text holds one sentence, and was cut between its words."""


class SentenceOrder(Settings):
    """Whether two parts of a text stand in their order."""

    kind: Literal["sentence_order"] = "sentence_order"


def prepare(rows: pl.DataFrame, where: str, _: SentenceOrder) -> pl.DataFrame:
    """Cut each text in two, and swap the parts of half of them; pairs that come as such stay.

    Raises:
        RowError: A text has less than two words, so that nothing can be swapped; or the label of a
            pair is another.
    """
    from polyculture.core.errors import RowError
    from polyculture.stats.rows import check_rows

    check_rows(rows, where, needed=("id", "text"), filled=("id", "text"))
    if "text_b" not in rows.columns:
        return _cut(rows, where)
    check_rows(rows, where, needed=(), filled=("text_b", "label"))
    for item, label in rows.select("id", "label").iter_rows() if "label" in rows.columns else ():
        if label not in {IN_ORDER, SWAPPED}:
            reason = f"the label of a pair is {IN_ORDER!r} or {SWAPPED!r}, got {label!r}."
            raise RowError(reason, where=where, item=item)
    return rows


def _cut(rows: pl.DataFrame, where: str) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    from polyculture.core.errors import RowError
    from polyculture.nets.text.halves import halves

    found: list[dict[str, Any]] = []
    for item, text in rows.select("id", "text").iter_rows():
        rng = np.random.default_rng(zlib.crc32(text.encode()))
        parts = halves(text, rng)
        if parts is None:
            reason = f"the text {text!r} has less than two words, so no order. Drop the row."
            raise RowError(reason, where=where, item=item)
        first, second, is_between = parts
        if first == second:
            reason = f"the text {text!r} is twice the same, so it has no order. Drop the row."
            raise RowError(reason, where=where, item=item)
        is_swapped = bool(rng.integers(2))
        found.append(
            {
                "text": second if is_swapped else first,
                "text_b": first if is_swapped else second,
                "label": SWAPPED if is_swapped else IN_ORDER,
                WITHIN: not is_between,
            }
        )
    return rows.drop("label", strict=False).with_columns(pl.DataFrame(found))


def learn(splits: Mapping[str, pl.DataFrame], _: SentenceOrder) -> Inventory:
    """The two labels.

    Raises:
        RowError: All training rows have one of them.
    """
    from polyculture.stats.labels.label_answers import LABELS, found_labels, learn_labels

    found = found_labels(splits, "label")
    return learn_labels(found, splits["train"]["label"], LABELS, unseen="wrong")


def remarks(
    splits: Mapping[str, pl.DataFrame], inventory: Inventory, settings: SentenceOrder
) -> tuple[str, ...]:
    """How many texts hold one sentence."""
    notes = [*one_label.remarks(splits, inventory, settings)]
    for name, rows in splits.items():
        within = int(rows[WITHIN].sum()) if WITHIN in rows.columns else 0
        if within:
            told = f"{within:,} of {len(rows):,} texts hold one sentence and are cut in its middle."
            notes.append(f"{name}: {told}")
    return tuple(notes)


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """One pair a row; what does not fit is cut, and counted."""
    from polyculture.nets.reading.texts import encode_texts

    known = {"labels": one_label.codes(rows, context)} if "label" in rows.columns else {}
    return encode_texts(rows, context, known)


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Pairs padded to one length."""
    from polyculture.nets.reading.padding import pad_texts

    return pad_texts(examples, context)


def loss(outputs: Outputs, batch: Batch, _: Context) -> Tensor:
    """The sum of the cross-entropy."""
    from polyculture.nets.losses.label_outputs import one_label_loss

    return one_label_loss(outputs, batch)


def read(reading: Reading, _: Context) -> list[NDArray[Any]]:
    """The logits of each pair, ``(labels,)``."""
    from polyculture.nets.losses.label_outputs import logits_of_rows

    return logits_of_rows(reading)


def tfidf(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Logistic regression on how the weighted counts of words differ between the parts."""
    import numpy as np

    from polyculture.core.errors import need

    need("sklearn", extra="train", purpose="The TF-IDF baseline")
    from polyculture.nets.lexical.tfidf import logits_of_differences

    known = np.array(one_label.codes(train, context))
    pairs, asked = (list(r.select("text", "text_b").iter_rows()) for r in (train, rows))
    logits = logits_of_differences(pairs, known, asked, labels=len(context.labels))
    return one_label.decode(rows, list(logits), context)


def table(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The parts as they were read, the answer, and the probability of each label."""
    parts = rows.select("text", "text_b").rename({"text": "first", "text_b": "second"})
    return parts.hstack(one_label.table(rows, answers, context))


def toy() -> Dataset:
    """Short English and Chinese stories that begin and end as days do."""
    from polyculture.stats.toy_data import toy_data

    stories = (
        ("{} woke up at {}. ", "In the evening {} went to bed.", "Anna Ben Cleo Dan Eve Finn"),
        ("First {} lit the fire at {}. ", "Then {} ate the soup.", "Gus Hal Ida Jon Kai Liv"),
        ("早上{}在{}点起床。", "晚上{}睡觉。", "小明 小红 老王 小李"),
    )

    def rows(size: int, rng: np.random.Generator) -> dict[str, list[str]]:
        texts = []
        for _ in range(size):
            begin, end, names = stories[rng.integers(len(stories))]
            name = rng.choice(names.split())
            texts.append(begin.format(name, rng.integers(4, 10)) + end.format(name))
        return {"text": texts}

    return toy_data("toy-days", rows)


PLUGIN = Task(
    settings=SentenceOrder,
    output="labels",
    model_class=dict.fromkeys(("encoder", "decoder"), "AutoModelForSequenceClassification"),
    columns={
        "text": Column(kind="text"),
        "text_b": Column(kind="text", is_optional=True),
        "label": Column(kind="label", is_gold=True, is_optional=True),
    },
    prepare=prepare,
    learn=learn,
    remarks=remarks,
    encode=encode,
    collate=collate,
    loss=loss,
    read=read,
    decode=one_label.decode,
    gold=one_label.gold,
    score=one_label.score,
    baselines={"majority": one_label.majority, "tfidf": tfidf},
    table=table,
    toy=toy,
)
