"""Generate a text from another: translation, or any rewriting that is learnt from pairs of texts.

A base that is an encoder with a decoder reads the source and writes the target. A decoder is given
a prompt with the source in it, and writes behind it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from polyculture.core.search import Search
from polyculture.core.task import Column, Inventory, Task
from polyculture.nets import writing

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from polyculture.core.data import Dataset
    from polyculture.core.run import Scores
    from polyculture.core.task import Context


class Translation(Search):
    """From a source text to a target text."""

    kind: Literal["translation"] = "translation"
    prompt: str = Field(default="{source} =", pattern=r"\{source\}")
    """What a decoder is given, with ``{source}`` where the source goes."""
    label_smoothing: float = Field(default=0.1, ge=0, lt=1)
    """Share of the target's probability that the loss spreads over all tokens."""
    tokenize: Literal["auto", "13a", "zh", "char", "intl", "none"] = "auto"
    """sacreBLEU's. ``auto``: ``zh`` for targets in scripts without spaces, else ``13a``."""


def prepare(rows: pl.DataFrame, where: str, settings: Translation) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """Check the columns. Rows without targets are fine to predict."""
    from polyculture.stats.rows import check_rows

    check_rows(rows, where, needed=("id", "source"), filled=("id", "source", "target"))
    return rows


def learn(splits: Mapping[str, pl.DataFrame], settings: Translation) -> Inventory:
    """The share of the targets' letters whose script has no spaces."""
    from polyculture.nets.text.words import unspaced_share
    from polyculture.stats.rows import check_rows

    check_rows(splits["train"], "train", needed=("target",), filled=())
    return Inventory(numbers={"unspaced": unspaced_share(gold(splits["train"], settings))})


def gold(rows: pl.DataFrame, settings: Translation) -> list[str]:  # noqa: ARG001  # one form for all tasks
    """The right texts."""
    return rows["target"].to_list()


def grade(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> list[float]:
    """chrF2 of each answer, from 0 to 1."""
    from polyculture.stats.texts.written import chrf_grades

    return chrf_grades(gold(rows, context.settings), answers["answer"].to_list())


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """BLEU and chrF2 of all answers together, with intervals and sacreBLEU's signatures."""
    from polyculture.stats.texts.written import score_written

    right, wanted = gold(rows, context.settings), context.settings.tokenize
    usual = "zh" if round(context.inventory.numbers["unspaced"]) else "13a"
    cut = usual if wanted == "auto" else wanted
    return score_written(rows, right, answers, tokenize=cut, split=split, notes=notes or {})


def copy(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """The source as it is."""
    return writing.decode(rows, rows["source"].to_list(), context)


def word_by_word(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Each word of the source by the likeliest one of a lexicon that is learnt from train."""
    from polyculture.nets.text.words import cut
    from polyculture.stats.texts import lexicon

    sources, targets = (lexicon.words_of(train[name], cut) for name in ("source", "target"))
    known = lexicon.lexicon(sources, targets)
    return writing.decode(rows, lexicon.word_by_word(rows["source"], known, cut), context)


def toy() -> Dataset:
    """English phrases in a language of our own, where what describes a thing stands behind it."""
    import numpy as np
    import polars as pl

    from polyculture.stats.toy_data import of_splits

    things = {"house": "Dom", "boat": "Lodka", "tree": "Drevo", "bird": "鸟", "lamp": "Lámpara"}
    kinds = {"red": "rudy", "old": "stary", "tall": "vysoko", "small": "小", "loud": "léve"}
    rng = np.random.default_rng(1)

    def row(item: str) -> dict[str, str]:
        (a, b), (first, second) = rng.choice([*kinds], 2), rng.choice([*things], 2)
        target = f"{things[first]} {kinds[a]} i {things[second]} {kinds[b]}!"
        return {"id": item, "source": f"the {a} {first} and the {b} {second}.", "target": target}

    sizes = {"train": 400, "valid": 60, "test": 60}
    splits = {
        name: pl.DataFrame([row(f"{name}-{n}") for n in range(sizes[name])]) for name in sizes
    }
    return of_splits("toy-phrases", splits)


PLUGIN = Task(
    settings=Translation,
    output="tokens",
    model_class={"encoder_decoder": "AutoModelForSeq2SeqLM", "decoder": "AutoModelForCausalLM"},
    columns={"source": Column(kind="text"), "target": Column(kind="text", is_gold=True)},
    prepare=prepare,
    learn=learn,
    encode=partial(writing.encode, source="source", target="target"),
    collate=writing.collate,
    loss=writing.loss,
    read=writing.read,
    decode=writing.decode,
    gold=gold,
    steer="loss",
    grade=grade,
    score=score,
    baselines={"copy": copy, "word_by_word": word_by_word},
    table=writing.table,
    toy=toy,
)
