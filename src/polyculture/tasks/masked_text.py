"""Predict hidden tokens of a text from their context: masked language modelling.

There is no right answer in the data: it is the text. So a row is ``recovered`` where the best
guesses recover at least half of the tokens that are drawn of it, and ``missed`` otherwise; its
grade is the share that they recover.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

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

RECOVERED, MISSED = "recovered", "missed"


class MaskedText(Settings):
    """Hidden tokens of texts."""

    kind: Literal["masked_text"] = "masked_text"
    rate: float = Field(default=0.15, gt=0, lt=1)
    """Share of a text's tokens that is drawn, one at least: 80% of them are hidden, 10% replaced by
    any token, and 10% stay as they are."""


def prepare(rows: pl.DataFrame, where: str, settings: MaskedText) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """Check the columns."""
    from polyculture.stats.rows import check_rows

    check_rows(rows, where, needed=("id", "text"), filled=("id", "text"))
    return rows


def learn(splits: Mapping[str, pl.DataFrame], settings: MaskedText) -> Inventory:  # noqa: ARG001  # one form for all tasks
    """Nothing has to be known before there is a network."""
    return Inventory()


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """Whole texts; long ones in windows that follow one another, so that nothing is cut."""
    from polyculture.nets.reading.masks import encode_windows

    return encode_windows(rows, context)


def draw(example: Example, context: Context, rng: np.random.Generator) -> Example:
    """Hide some tokens; never one that stands for no text, or that is unknown."""
    from polyculture.nets.reading.masks import draw_masks

    return draw_masks(example, context, context.settings.rate, rng)


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Drawn texts padded to one length."""
    from polyculture.nets.reading.masks import pad_masks

    return pad_masks(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:  # noqa: ARG001  # one form for all tasks
    """The sum of the cross-entropy of the drawn tokens, in nats."""
    from polyculture.nets.losses.token_outputs import token_loss

    return token_loss(outputs, batch.targets["labels"])


def read(reading: Reading, context: Context) -> list[NDArray[Any]]:  # noqa: ARG001  # one form for all tasks
    """The figures of each text (``stats.token_losses``); its logits are gone with the batch."""
    from polyculture.nets.reading.masks import figures_of_rows

    return figures_of_rows(reading)


def decode(rows: pl.DataFrame, figures: Sequence[Any], context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """Answers with the figures they come from; a text without a known token has none."""
    import polars as pl

    from polyculture.stats.texts.token_losses import table_of_figures

    is_recovered = 2 * pl.col("recovered") >= pl.col("tokens")
    answer = pl.when(is_recovered).then(pl.lit(RECOVERED)).when(~is_recovered).then(pl.lit(MISSED))
    return table_of_figures(rows, figures).select("id", answer.alias("answer"), pl.exclude("id"))


def gold(rows: pl.DataFrame, settings: MaskedText) -> list[str]:  # noqa: ARG001  # one form for all tasks
    """Every text can be recovered."""
    return [RECOVERED] * len(rows)


def grade(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> list[float]:  # noqa: ARG001  # one form for all tasks
    """The share of a text's drawn tokens that the best guess recovers."""
    from polyculture.stats.texts.token_losses import shares_recovered

    return shares_recovered(rows, answers)


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """Bits a byte, the share of drawn tokens that are recovered, and perplexity; see the scorer."""
    from polyculture.stats.texts.token_losses import score_token_losses

    rate = context.settings.rate
    protocol = {"scorer": "polyculture masked_text 1", "rate": rate, **(notes or {})}
    return score_token_losses(rows, answers, share=rate, split=split, notes=protocol)


def majority(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Guesses the most frequent word everywhere; any other is spelled by bytes of equal chance."""
    from polyculture.nets.text.word_costs import WordCosts, figures_of

    return decode(rows, figures_of(WordCosts.of_texts(train["text"]).narrowed(), rows), context)


def unigram(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Expects each word as often as it stands in the training texts; new words are spelled."""
    from polyculture.nets.text.word_costs import WordCosts, figures_of

    return decode(rows, figures_of(WordCosts.of_texts(train["text"]), rows), context)


def table(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """The answer, the drawn tokens, how many are recovered, and their bits a byte."""
    from polyculture.stats.texts.token_losses import bits_per_byte

    return answers.select("answer", "tokens", "recovered", bits_per_byte=bits_per_byte())


def toy() -> Dataset:
    """Short English and Chinese sentences in which each word follows from those beside it."""
    import numpy as np
    import polars as pl

    from polyculture.stats.toy_data import of_splits

    rng = np.random.default_rng(1)
    sentences = (
        "one cat drinks warm milk at home",
        "two dogs chase a ball in the park",
        "my sister reads old books by night",
        "小猫在家喝热牛奶",
        "孩子们去公园踢足球",
        "她晚上读很旧的书",
    )
    splits = {}
    for name, size in (("train", 240), ("valid", 60), ("test", 60)):
        texts = [str(text) for text in rng.choice(sentences, size)]
        ids = [f"{name}-{number}" for number in range(size)]
        splits[name] = pl.DataFrame({"id": ids, "text": texts})
    return of_splits("toy-sentences", splits)


PLUGIN = Task(
    settings=MaskedText,
    output="tokens",
    model_class={"encoder": "AutoModelForMaskedLM"},
    columns={"text": Column(kind="text")},
    prepare=prepare,
    learn=learn,
    encode=encode,
    draw=draw,
    collate=collate,
    loss=loss,
    read=read,
    decode=decode,
    gold=gold,
    steer="loss",
    grade=grade,
    score=score,
    baselines={"unigram": unigram, "majority": majority},
    table=table,
    toy=toy,
)
