"""Write a short text that says what a long one or a dialogue is about.

A base that is an encoder with a decoder reads the text and writes the summary. A decoder is given a
prompt with the text in it, and writes behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from polyculture.core.errors import DataError
from polyculture.core.search import Search
from polyculture.core.task import Column, Inventory, Task
from polyculture.nets import writing

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import polars as pl

    from polyculture.core.data import Dataset
    from polyculture.core.run import Scores
    from polyculture.core.task import Context, Encoded
    from polyculture.stats.texts.rouge import Rouge

LEADING = 3
"""Sentences, or turns, of the simple method."""
ENGLISH = 0.99
"""Share of ASCII among the letters of the summaries from which on ROUGE's own tokenizer is used. It
drops all other letters."""


class Summarization(Search):
    """From a text to a summary of it."""

    kind: Literal["summarization"] = "summarization"
    prompt: str = Field(default="{text}\n\nSummary:\n", pattern=r"\{text\}")
    """What a decoder is given, with ``{text}`` where the text goes."""
    label_smoothing: float = Field(default=0.1, ge=0, lt=1)
    """Share of the target's probability that the loss spreads over all tokens."""
    too_long: Literal["cut", "refuse"] = "cut"
    """What happens to a text that the base cannot read as a whole: its end is cut, and counted, or
    the data are refused."""
    tokenize: Literal["auto", "stemmed", "words"] = "auto"
    """How ROUGE cuts texts. ``stemmed``: the usual way for English, which drops all letters but a
    to z; ``words``: words of any script; ``auto``: by the letters of the training summaries."""


def prepare(rows: pl.DataFrame, where: str, settings: Summarization) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """Check the columns; of several summaries the first is the one to learn."""
    import polars as pl

    from polyculture.core.errors import RowError
    from polyculture.stats.rows import check_rows

    check_rows(rows, where, needed=("id", "text"), filled=("id", "text", "summary", "summaries"))
    if "summaries" not in rows.columns:
        return rows
    for item, summaries in rows.select("id", "summaries").iter_rows():
        if not summaries or not all(summary and summary.strip() for summary in summaries):
            reason = "'summaries' is empty, or one of them is. Give at least one, and fill each."
            raise RowError(reason, where=where, item=item)
    if "summary" in rows.columns:
        return rows
    return rows.with_columns(pl.col("summaries").list.first().alias("summary"))


def learn(splits: Mapping[str, pl.DataFrame], settings: Summarization) -> Inventory:  # noqa: ARG001  # one form for all tasks
    """The share of ASCII among the letters of the summaries."""
    from polyculture.stats.rows import check_rows

    for split, rows in splits.items():
        check_rows(rows, split, needed=("summary",), filled=())
    letters = [sign for text in splits["train"]["summary"] for sign in text if sign.isalpha()]
    return Inventory(numbers={"ascii": sum(map(str.isascii, letters)) / max(1, len(letters))})


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """One example a row; a text that is too long is cut and counted, or refused."""
    encoded = writing.encode(rows, context, source="text", target="summary")
    cut = encoded.protocol["cut_texts"]
    if cut and context.settings.too_long == "refuse":
        msg = (
            f"{cut} of {len(rows)} texts are longer than what is read of them: {encoded.notes[0]} "
            "Raise [fit] max_length, shorten the texts, or set too_long = 'cut'."
        )
        raise DataError(msg)
    return encoded


def gold(rows: pl.DataFrame, settings: Summarization) -> list[str]:  # noqa: ARG001  # one form for all tasks
    """The right summary; of several, the first."""
    return rows["summary"].to_list()


def all_gold(rows: pl.DataFrame) -> list[list[str]]:
    """All right summaries of each row."""
    name = "summaries" if "summaries" in rows.columns else "summary"
    return [cell if isinstance(cell, list) else [cell] for cell in rows[name].to_list()]


def rouge_of(context: Context) -> Rouge:
    """The scorer, with the tokenizer that the settings or the training summaries ask for."""
    from polyculture.nets.text.words import cut
    from polyculture.stats.texts.rouge import STEMMED, WORDS, Rouge

    wanted = context.settings.tokenize
    if wanted == "auto":
        wanted = STEMMED if context.inventory.numbers["ascii"] >= ENGLISH else WORDS
    return Rouge(wanted, cut if wanted == WORDS else None)


def grade(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> list[float]:
    """ROUGE-1 of each answer, from 0 to 1."""
    from polyculture.stats.texts.rouge import grades

    return grades(all_gold(rows), answers["answer"].to_list(), rouge_of(context))


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """ROUGE-1, ROUGE-2 and ROUGE-Lsum, with intervals; and what an oracle reaches."""
    from polyculture.stats.texts.rouge import score_summaries

    right, rouge = all_gold(rows), rouge_of(context)
    return score_summaries(rows, right, answers, rouge, split=split, notes=notes or {})


def lead_3(_: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The first three sentences of the text; of a dialogue its first three turns."""
    from polyculture.stats.texts.sentences import passages

    leads = ["\n".join(passages(text)[:LEADING]) for text in rows["text"]]
    return writing.decode(rows, leads, context)


def toy() -> Dataset:
    """Talks in which one turn says what is decided; some are in Chinese."""
    from polyculture.stats.toy_data import toy_data

    def columns(size: int, rng: np.random.Generator) -> dict[str, list[str]]:
        talks = [_talk(rng) for _ in range(size)]
        return {"text": [text for text, _ in talks], "summary": [summary for _, summary in talks]}

    return toy_data("toy-talks", columns)


SMALL_TALK = ("how are you?", "it rains again.", "did you sleep well?", "I am late.", "今天好冷。")
PLANS = {
    "swim": "swimming",
    "sing": "singing",
    "cook": "cooking",
    "paint": "painting",
    "爬山": "爬山",
}


def _talk(rng: np.random.Generator) -> tuple[str, str]:
    name, other = rng.choice(["Ada", "Bo", "Cleo", "Dan", "小明"], 2, replace=False)
    plan = str(rng.choice([*PLANS]))
    turns = [f"{other}: {rng.choice(SMALL_TALK)}" for _ in range(2)]
    turns.insert(int(rng.integers(3)), f"{name}: I want to {plan}.")
    return "\n".join(turns), f"{name} goes {PLANS[plan]}."


PLUGIN = Task(
    settings=Summarization,
    output="tokens",
    model_class={"encoder_decoder": "AutoModelForSeq2SeqLM", "decoder": "AutoModelForCausalLM"},
    columns={
        "text": Column(kind="text", usual=("article", "dialogue", "document")),
        "summary": Column(kind="text", usual=("highlights",), is_gold=True, is_optional=True),
        "summaries": Column(kind="labels", is_gold=True, is_optional=True),
    },
    prepare=prepare,
    learn=learn,
    encode=encode,
    collate=writing.collate,
    loss=writing.loss,
    read=writing.read,
    decode=writing.decode,
    gold=gold,
    steer="loss",
    grade=grade,
    score=score,
    baselines={"lead_3": lead_3},
    table=writing.table,
    toy=toy,
)
