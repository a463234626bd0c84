"""Find spans of words and say what kind each is, such as names of people and places.

Rows hold words and IOB2 tags, or raw text and spans in characters. An answer is the JSON text of
the spans, ``[["PER",0,2]]``: type, first word, one past the last; in characters for raw text.
Every word is answered: a word that the model could not see counts as ``O`` against full gold.
"""

# ruff: noqa: ARG001  # one form for all tasks: some need neither settings nor labels
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from polyculture.core.errors import RowError
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

IGNORED = -100
"""The target of a word whose type of span training does not have: it adds nothing to the loss."""
OWN = 2
"""Sentences that are learnt from together have as many tokens as stand on both sides of them."""
KINDS = ("type of span", "types of spans")


class Spans(Settings):
    """Which words belong together, and what they are."""

    kind: Literal["spans"] = "spans"
    only_legal: bool = False
    """Answer the best sequence of tags that IOB2 allows, instead of the best tag of each word.
    Other programs that open the saved model do the latter."""
    unseen: Literal["wrong", "refuse"] = "wrong"
    """Types of spans that train does not have: count them as missed (``wrong``), or refuse them."""
    context: Literal["sentence", "document"] = "sentence"
    """What is read with a sentence: nothing else, or what stands around it in its ``document``."""
    context_tokens: int = Field(default=64, ge=1, le=100_000)
    """With ``context = "document"``: tokens that are shown on each side of a sentence."""

    @property
    def around(self) -> int:
        """Tokens that are shown on each side of a sentence."""
        return self.context_tokens if self.context == "document" else 0


def prepare(rows: pl.DataFrame, where: str, settings: Spans) -> pl.DataFrame:
    """Check the columns; cut raw text into words. Rows without gold are fine to predict."""
    from polyculture.nets.text.text_spans import in_words
    from polyculture.stats.rows import check_rows
    from polyculture.stats.spans.tagged_rows import check_tags

    if settings.context == "document" and "document" not in rows.columns:
        reason = (
            'context = "document" shows what stands around a sentence, but no column says which '
            'document it belongs to. Name one with document, or set context = "sentence".'
        )
        raise RowError(reason, where=where)
    if "tokens" not in rows.columns:
        check_rows(rows, where, needed=("id", "text"), filled=("id", "text", "spans"))
        return in_words(rows, where)
    check_rows(rows, where, needed=("id",), filled=("id", "tokens", "tags"))
    if "tags" in rows.columns:
        check_tags(rows, where)
    return rows


def learn(splits: Mapping[str, pl.DataFrame], settings: Spans) -> Inventory:
    """``O``, then ``B-`` and ``I-`` of each type of the training rows, in code-point order.

    Raises:
        RowError: There is nothing to learn, or the settings refuse a type that train lacks.
    """
    from polyculture.stats.labels.unseen import refuse_unseen
    from polyculture.stats.spans.tagged_rows import types_found

    types = types_found(splits)
    kinds = sorted({kind for _, kind in types["train"]})
    if not kinds:
        reason = "there are no spans, so there is nothing to learn. Give examples with spans."
        raise RowError(reason, where="train")
    if settings.unseen == "refuse":
        refuse_unseen(types, kinds, KINDS)
    return Inventory(labels=("O", *(f"{prefix}-{kind}" for kind in kinds for prefix in "BI")))


def remarks(
    splits: Mapping[str, pl.DataFrame], inventory: Inventory, settings: Spans
) -> tuple[str, ...]:
    """What is worth knowing about types that only validation or test has."""
    from polyculture.stats.labels.unseen import note_on_unseen
    from polyculture.stats.spans.tagged_rows import types_found

    return note_on_unseen(types_found(splits), named(inventory), KINDS)


def named(inventory: Inventory) -> tuple[str, ...]:
    """The types of spans that training has."""
    from polyculture.stats.spans.entities import kinds_of

    return tuple(kinds_of(inventory.labels))


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """One example a sentence; a long one is read in windows, and no word of it is left out."""
    from polyculture.nets.reading.words import encode_words

    known = {"tags", "spans"} & set(rows.columns)
    targets = codes(rows, context.labels) if known else None
    return encode_words(rows, context, targets, around=context.settings.around)


def pack(encoded: Encoded, context: Context, _: np.random.Generator) -> Encoded:
    """With documents: neighbouring sentences are learnt from together, so little is read twice."""
    from polyculture.nets.reading.surroundings import read_together

    around = context.settings.around
    return read_together(encoded, context.longest, OWN * around) if around else encoded


def codes(rows: pl.DataFrame, labels: Sequence[str]) -> list[NDArray[np.int64]]:
    """The code of each word's tag, ``(words,)``; -100 for the tags of types that train lacks."""
    import numpy as np

    from polyculture.stats.spans.tagged_rows import right_tags

    code = {label: place for place, label in enumerate(labels)}
    return [
        np.array([code.get(tag, IGNORED) for tag in tags], dtype=np.int64)
        for tags in right_tags(rows)
    ]


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Sentences padded to one length."""
    from polyculture.nets.reading.padding import pad_words

    return pad_words(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:
    """The sum of the cross-entropy over words; targets of -100 do not count."""
    from torch.nn import functional

    logits, targets = outputs["logits"].float(), batch.targets["labels"]
    return functional.cross_entropy(
        logits.flatten(0, -2), targets.flatten(), ignore_index=IGNORED, reduction="sum"
    )


def read(reading: Reading, context: Context) -> list[NDArray[np.int64]]:
    """The label codes of each row's words, ``(words,)``; -1 for a word that no window answers."""
    from polyculture.nets.reading.words import read_words
    from polyculture.stats.spans.entities import may_follow

    return read_words(reading, may_follow(context.labels) if context.settings.only_legal else None)


def decode(
    rows: pl.DataFrame, codes: Sequence[NDArray[np.int64]], context: Context
) -> pl.DataFrame:
    """Columns ``id``, ``answer``, ``tags`` and ``unseen``, the words that the model could not see.

    Such a word has the code -1, or the codes end before it; its tag is ``O``.
    """
    from polyculture.stats.spans.span_answers import of_codes

    return of_codes(rows, codes, context.labels)


def gold(rows: pl.DataFrame, settings: Spans) -> list[str]:
    """The right answers, in the form of ``decode``."""
    from polyculture.stats.spans.entities import to_text
    from polyculture.stats.spans.tagged_rows import right_spans

    return [to_text(spans) for spans in right_spans(rows)]


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """Entity scores equal to conlleval's, with intervals; tables of types and of tags."""
    from polyculture.stats.spans.span_scores import score_spans

    right = gold(rows, context.settings)
    return score_spans(rows, right, answers, context.labels, split=split, notes=notes or {})


def majority(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Every word is ``O``: no span at all."""
    from polyculture.stats.spans.span_answers import of_tags

    return of_tags(rows, [["O"] * len(tokens) for tokens in rows["tokens"].to_list()])


def most_frequent_tag(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Each word has the tag it had most often in training; a word that is new is ``O``."""
    from polyculture.stats.spans.span_answers import of_most_frequent_tags

    return of_most_frequent_tags(train, rows, context.labels)


def table(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Spans with their text: in characters of raw text, in words otherwise."""
    from polyculture.stats.spans.span_answers import with_texts

    return with_texts(rows, answers)


def toy() -> Dataset:
    """Short English and Chinese sentences about people and places, with spans in characters."""
    from polyculture.stats.toy_data import filled, toy_data

    names = {
        "PER": ("Ada Berg", "Tom Reed", "Mia", "李小明", "王芳"),
        "LOC": ("Oslo", "Port Ellen", "Rome", "北京", "青岛"),
    }
    sentences = (
        "{PER} lives in {LOC} .",
        "we met {PER} today",
        "{LOC} is far from {LOC}",
        "it rains again",
        "{PER}住在{LOC}。",
        "昨天我见到{PER}了",
        "从{LOC}到{LOC}很远",
        "今天下雨了",
    )

    def rows(size: int, rng: np.random.Generator) -> dict[str, list[Any]]:
        examples = [filled(str(rng.choice(sentences)), names, rng) for _ in range(size)]
        return {"text": [text for text, _ in examples], "spans": [spans for _, spans in examples]}

    return toy_data("toy-names", rows)


PLUGIN = Task(
    settings=Spans,
    output="word_labels",
    model_class=dict.fromkeys(("encoder", "decoder"), "AutoModelForTokenClassification"),
    columns={
        "tokens": Column(kind="words"),
        "tags": Column(kind="tags", usual=("ner_tags",), is_gold=True),
        "text": Column(kind="text", usual=("sentence", "sentence1"), unless="tokens"),
        "spans": Column(kind="spans", is_gold=True, unless="tokens"),
    },
    prepare=prepare,
    learn=learn,
    remarks=remarks,
    encode=encode,
    pack=pack,
    collate=collate,
    loss=loss,
    read=read,
    decode=decode,
    gold=gold,
    score=score,
    baselines={"majority": majority, "most_frequent_tag": most_frequent_tag},
    named=named,
    table=table,
    toy=toy,
)
