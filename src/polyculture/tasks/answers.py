"""Answer questions with a piece of a context, or say that it holds no answer.

Answers are exact pieces of the context, by characters. A context that is too long is read in
overlapping windows, and the best piece of all of them is the answer. Where training rows have
questions without an answer, none is given if its score is above that of the best piece by more than
a threshold, which the validation rows choose.
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
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.run import Scores
    from polyculture.core.task import Context, Encoded, Example
    from polyculture.nets.batch import Batch, Outputs, Reading
    from polyculture.stats.texts.extracts import Scorer


class Answers(Settings):
    """Questions about a context."""

    kind: Literal["answers"] = "answers"
    longest_answer: int = Field(default=30, ge=1)
    """Tokens of an answer at most."""
    stride: int = Field(default=128, ge=0)
    """Tokens that two windows of a long context share, at most a quarter of ``fit.max_length``."""
    threshold: float | None = None
    """No answer is given if its score is above that of the best piece by more than this. Left out,
    the validation rows choose it, if training rows have questions without an answer; if they have
    none, every question is answered."""
    scorer: Literal["auto", "words", "characters"] = "auto"
    """``words``: SQuAD's scripts; ``characters``: CMRC 2018's, for Chinese. ``auto``: by the script
    of the training rows' answers; characters of other scripts without spaces are cut too."""


def prepare(rows: pl.DataFrame, where: str, settings: Answers) -> pl.DataFrame:
    """Check the columns, and that answers stand in their context. Gold may be missing."""
    from polyculture.stats.rows import check_rows
    from polyculture.stats.texts.placed_answers import with_places

    filled = ("id", *PLUGIN.columns)
    check_rows(rows, where, needed=("id", "question", "context"), filled=filled)
    return with_places(rows, where)


def learn(splits: Mapping[str, pl.DataFrame], settings: Answers) -> Inventory:
    """Shares of questions without an answer, and of the answers' letters: unspaced, Chinese.

    Raises:
        RowError: No training row has an answer.
    """
    from polyculture.nets.text.words import unspaced_share
    from polyculture.stats.rows import check_rows
    from polyculture.stats.texts.extract_scores import right_texts
    from polyculture.stats.texts.extracts import chinese_share

    check_rows(splits["train"], "train", needed=("answers",), filled=())
    texts = right_texts(splits["train"])
    without = sum(not row for row in texts)
    if without == len(texts):
        reason = "no question has an answer, so there is nothing to learn. Give some that have."
        raise RowError(reason, where="train")
    answers = [text for row in texts for text in row]
    return Inventory(
        numbers={
            "without_answer": without / len(texts),
            "unspaced": unspaced_share(answers),
            "chinese": chinese_share(answers),
        }
    )


def remarks(
    splits: Mapping[str, pl.DataFrame], inventory: Inventory, settings: Answers
) -> tuple[str, ...]:
    """What became of answers that do not stand where the data say."""
    from polyculture.stats.texts.placed_answers import notes_on_places

    return notes_on_places(splits)


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """One example a window; its target is the first answer whose place is known, or none."""
    from polyculture.nets.reading.passages import encode_passages
    from polyculture.stats.texts.placed_answers import first_spans

    known = first_spans(rows) if "answers" in rows.columns else None
    return encode_passages(rows, context, known, stride=context.settings.stride)


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Windows padded to one length."""
    from polyculture.nets.reading.passages import pad_passages

    return pad_passages(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:
    """The sum of the cross-entropy of where answers start and where they end."""
    from polyculture.nets.losses.spans_of_text import span_loss

    return span_loss(outputs, batch.places, batch.targets)


def read(reading: Reading, context: Context) -> list[Any]:
    """The best piece of each context, and how it stands against no answer."""
    from polyculture.nets.reading.passages import read_passages

    return read_passages(reading, context.settings.longest_answer)


def decode(rows: pl.DataFrame, values: Sequence[Any], context: Context) -> pl.DataFrame:
    """The answers: pieces of the context with their places, or none."""
    from polyculture.stats.texts.extract_answers import of_values, threshold_of

    return of_values(rows, values, threshold_of(context))


def settle(rows: pl.DataFrame, values: Sequence[Any], context: Context) -> Mapping[str, float]:
    """The threshold for no answer that has the best F1 on the validation rows."""
    from polyculture.stats.texts.extract_answers import settled_threshold

    return settled_threshold(rows, values, context, _scorer(rows, context))


def gold(rows: pl.DataFrame, settings: Answers) -> list[str]:
    """The first right answer of each row."""
    from polyculture.stats.texts.extract_scores import NONE, right_texts

    return [texts[0] if texts else NONE for texts in right_texts(rows)]


def grade(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> list[float]:
    """F1 of each answer."""
    from polyculture.stats.texts.extract_scores import extract_grades

    return [f1 for f1, _ in extract_grades(rows, answers, _scorer(rows, context))]


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """F1 and exact match with intervals, also apart for questions with and without an answer."""
    from polyculture.stats.texts.extract_answers import protocol_of
    from polyculture.stats.texts.extract_scores import score_extracts

    more = {**protocol_of(context), **(notes or {})}
    return score_extracts(rows, answers, _scorer(rows, context), split=split, notes=more)


def _scorer(rows: pl.DataFrame, context: Context) -> Scorer:
    from polyculture.nets.text.words import cut
    from polyculture.stats.texts.extract_answers import scorer_for

    return scorer_for(rows, context, cut)


def majority(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The same for every question: no answer, or the first words; what fits training rows best."""
    from polyculture.nets.lexical.sentence_answers import first_words
    from polyculture.stats.texts.extract_answers import of_spans

    most = _usual_length(train)
    begin = of_spans(train, [first_words(text, most) for text in train["context"]])
    f1 = sum(grade(train, begin, context)) / len(train)
    declines = context.inventory.numbers["without_answer"] > f1
    return of_spans(rows, [None if declines else first_words(t, most) for t in rows["context"]])


def word_overlap(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The rarest words that the question lacks, of the sentence that shares most words with it."""
    from polyculture.nets.lexical.sentence_answers import RareWords, likely_span
    from polyculture.stats.texts.extract_answers import of_spans

    rare, most = RareWords(train["context"]), _usual_length(train)
    pairs = rows.select("question", "context").iter_rows()
    return of_spans(rows, [likely_span(question, text, rare, most) for question, text in pairs])


def _usual_length(train: pl.DataFrame) -> int:
    from polyculture.nets.lexical.sentence_answers import usual_length
    from polyculture.stats.texts.extract_scores import right_texts

    return usual_length([text for texts in right_texts(train) for text in texts])


def table(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The answer, its place in the context, its probability, and what stands against it."""
    return answers.select("answer", "start", "end", "score", "piece", "margin")


def toy() -> Dataset:
    """Short English and Chinese notes on who is where in what colour; some lack what is asked."""
    from polyculture.stats.toy_data import filled, toy_data

    words = {
        "who is it?": ("Ada Berg", "Tom Reed", "Mia"),
        "where?": ("Oslo", "Port Ellen", "Rome"),
        "what colour?": ("red", "dark blue", "green"),
        "是谁呢": ("李小明", "王芳", "陈晨"),
        "在哪里": ("北京", "青岛", "乌鲁木齐"),
    }
    notes = (
        "note : {who is it?} in {where?} .",
        "note : {what colour?} , {who is it?} .",
        "note : {where?} , a {what colour?} car .",
        "{who is it?} has a {what colour?} house in {where?} .",
        "记录{是谁呢}住在{在哪里}",
        "{在哪里}的{是谁呢}",
        "今天{在哪里}下雨",
    )

    def row(rng: np.random.Generator) -> dict[str, Any]:
        text, spans = filled(str(rng.choice(notes)), words, rng)
        asked = [question for question in words if question.isascii() == text.isascii()]
        question = str(rng.choice(asked))
        right = [(text[s["start"] : s["end"]], s) for s in spans if s["label"] == question]
        answers = [{"text": piece, "start": span["start"]} for piece, span in right]
        return {"question": question, "context": text, "answers": answers}

    def rows(size: int, rng: np.random.Generator) -> dict[str, list[Any]]:
        found = [row(rng) for _ in range(size)]
        return {name: [one[name] for one in found] for name in found[0]}

    return toy_data("toy-notes", rows)


PLUGIN = Task(
    settings=Answers,
    output="positions",
    model_class={"encoder": "AutoModelForQuestionAnswering"},
    columns={
        "question": Column(kind="text", usual=("query",)),
        "context": Column(kind="text", usual=("passage", "paragraph")),
        "answers": Column(kind="answers", usual=("answer",), is_gold=True),
        "answer_start": Column(kind="places", is_gold=True, is_optional=True),
    },
    prepare=prepare,
    learn=learn,
    remarks=remarks,
    encode=encode,
    collate=collate,
    loss=loss,
    read=read,
    decode=decode,
    settle=settle,
    gold=gold,
    grade=grade,
    score=score,
    baselines={"majority": majority, "word_overlap": word_overlap},
    table=table,
    toy=toy,
)
