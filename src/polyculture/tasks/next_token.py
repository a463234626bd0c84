"""Predict each token of a text from those before it: causal language modelling.

There is no right answer in the data: it is the text. So a row is ``expected`` where it costs fewer
bits a byte than byte trigrams need for the training texts on average, and ``surprising`` otherwise;
its grade says how far below blind guessing it is.
"""

from __future__ import annotations

import math
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

EXPECTED, SURPRISING = "expected", "surprising"
KNOWN = "bits_per_byte"
"""What byte trigrams need for the training texts, in the inventory."""


class NextToken(Settings):
    """The next token of texts."""

    kind: Literal["next_token"] = "next_token"
    documents: Literal["joined", "apart"] = "joined"
    """How texts are learnt from. ``joined``: they follow one another in blocks of
    ``fit.max_length`` tokens, so that nothing is padding, and a token sees what stands before it in
    its block, the ends of other texts included. ``apart``: each is read alone. Scores are always of
    texts alone."""
    begins_with: str = ""
    """The special token before every text; left out, the tokenizer's ``bos_token``, or its
    ``eos_token`` where it has none. Bases that were tuned for chat often have another first token
    than they were pre-trained with."""
    overlap: float = Field(default=0.5, ge=0, le=0.9)
    """Where a text is longer than what is read at once: the share of a window that repeats the text
    before it, as context, when the text is scored."""


def prepare(rows: pl.DataFrame, where: str, _: NextToken) -> pl.DataFrame:
    """Check the columns."""
    from polyculture.stats.rows import check_rows

    check_rows(rows, where, needed=("id", "text"), filled=("id", "text"))
    return rows


def learn(splits: Mapping[str, pl.DataFrame], _: NextToken) -> Inventory:
    """The bits a byte that trigrams of the training texts need for these very texts."""
    from polyculture.core.errors import RowError
    from polyculture.stats.texts.byte_ngrams import ByteNgrams, learnt_from

    # in the same order, whatever that of the rows
    texts = learnt_from(splits["train"]["text"].sort().to_list())
    figures = ByteNgrams.of(texts, order=3).figures(texts)
    size = sum(count for _, count, _ in figures)
    if not size:
        reason = "every text is empty, so there is nothing to learn. Check that it is the column."
        raise RowError(reason, where="train")
    nats = math.fsum(nats for nats, _, _ in figures)
    return Inventory(numbers={KNOWN: nats / math.log(2) / size})


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """Whole texts; long ones in windows that ask each token once, so that nothing is cut."""
    from polyculture.nets.reading.next_tokens import encode_next

    return encode_next(rows, context, overlap=context.settings.overlap)


def pack(encoded: Encoded, context: Context, rng: np.random.Generator) -> Encoded:
    """Documents with their ends, alone or joined, as the settings say."""
    from polyculture.nets.reading import next_tokens

    joined = context.settings.documents == "joined"
    return next_tokens.pack(encoded, context, rng, joined=joined)


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Tokens and those that follow, padded to one length."""
    from polyculture.nets.reading.masks import pad_masks

    return pad_masks(examples, context)


def loss(outputs: Outputs, batch: Batch, _: Context) -> Tensor:
    """The sum of the cross-entropy of the tokens, in nats."""
    from polyculture.nets.losses.token_outputs import token_loss

    return token_loss(outputs, batch.targets["labels"])


def read(reading: Reading, context: Context) -> list[NDArray[Any]]:
    """The figures of each text (``stats.token_losses``); its logits are gone with the batch."""
    from polyculture.nets.reading.masks import figures_of_rows

    return figures_of_rows(reading, unknown=context.reader.unk_token_id)


def decode(rows: pl.DataFrame, figures: Sequence[Any], context: Context) -> pl.DataFrame:
    """Answers with the figures they come from; a text without a token has none."""
    import polars as pl

    from polyculture.stats.texts.token_losses import bits_per_byte, table_of_figures

    is_expected = bits_per_byte() < context.inventory.numbers[KNOWN]
    answer = pl.when(is_expected).then(pl.lit(EXPECTED)).when(~is_expected).then(pl.lit(SURPRISING))
    return table_of_figures(rows, figures).select("id", answer.alias("answer"), pl.exclude("id"))


def gold(rows: pl.DataFrame, _: NextToken) -> list[str]:
    """Every text can be expected."""
    return [EXPECTED] * len(rows)


def grade(rows: pl.DataFrame, answers: pl.DataFrame, _: Context) -> list[float]:
    """1 for a text that costs nothing, 0 for one that costs 8 bits a byte, as blind guesses do."""
    from polyculture.stats.texts.token_losses import shares_saved

    return shares_saved(rows, answers)


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """Bits a byte, token accuracy, perplexity of tokens and of words; see the scorer."""
    from polyculture.nets.text.words import cut
    from polyculture.stats.texts.token_losses import score_token_losses

    settings = context.settings
    protocol = {
        "scorer": "polyculture next_token 1",
        "asked": "every token of a text; not its end",
        "context": "the text alone",
        "overlap": settings.overlap,
        "learnt": f"documents {settings.documents}",
        **(notes or {}),
    }
    words = [len(cut(text)) for text in rows["text"]]
    return score_token_losses(rows, answers, share=1, words=words, split=split, notes=protocol)


def _ngrams(train: pl.DataFrame, rows: pl.DataFrame, context: Context, order: int) -> pl.DataFrame:
    """Bytes by the bytes before them; every byte is a token."""
    from polyculture.stats.texts.byte_ngrams import ByteNgrams

    model = ByteNgrams.of(train["text"].to_list(), order=order)
    found = model.figures(rows["text"].to_list())
    return decode(rows, [(nats, size, size, hits) for nats, size, hits in found], context)


def unigram(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Expects each byte as often as it stands in the training texts."""
    return _ngrams(train, rows, context, 1)


def bigram(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Expects each byte as often as it follows the byte before it."""
    return _ngrams(train, rows, context, 2)


def six_gram(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Expects each byte by the five bytes before it, as far as these are known."""
    return _ngrams(train, rows, context, 6)


def table(_: pl.DataFrame, answers: pl.DataFrame, __: Context) -> pl.DataFrame:
    """The answer, the tokens, and their bits a byte."""
    from polyculture.stats.texts.token_losses import bits_per_byte

    return answers.select("answer", "tokens", bits_per_byte=bits_per_byte())


def toy() -> Dataset:
    """Short English and Chinese stories in which the first words decide what follows."""
    from polyculture.stats.toy_data import toy_data

    stories = (
        "one cat drinks warm milk at home",
        "two dogs chase a ball in the park",
        "my sister reads old books by night",
        "小猫在家喝热牛奶",
        "孩子们去公园踢足球",
        "她晚上读很旧的书",
    )

    def rows(size: int, rng: np.random.Generator) -> dict[str, list[str]]:
        return {"text": [" ".join(rng.choice(stories, 2)) for _ in range(size)]}

    return toy_data("toy-stories", rows)


PLUGIN = Task(
    settings=NextToken,
    output="tokens",
    model_class={"decoder": "AutoModelForCausalLM"},
    columns={"text": Column(kind="text")},
    prepare=prepare,
    learn=learn,
    encode=encode,
    pack=pack,
    collate=collate,
    loss=loss,
    read=read,
    decode=decode,
    gold=gold,
    steer="loss",
    grade=grade,
    score=score,
    baselines={"unigram": unigram, "bigram": bigram, "six_gram": six_gram},
    table=table,
    toy=toy,
)
