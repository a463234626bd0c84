"""Functions of the task contract, for tasks that write one text for another.

The settings are a ``Search`` with ``prompt``, what a decoder is given, in which the name of the
source column stands in braces, and ``label_smoothing``. What is read, what is right and how it is
scored are the task's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from torch import Tensor

    from polyculture.core.task import Context, Encoded, Example
    from polyculture.nets.batch import Batch, Outputs, Reading


def encode(rows: pl.DataFrame, context: Context, *, source: str, target: str) -> Encoded:
    """One example a row; what does not fit is cut, and counted.

    Args:
        rows: Prepared.
        context: With the base's tokenizer and form.
        source: Column of the texts that are read.
        target: Column of the texts that are to be written; rows to predict lack it.
    """
    from polyculture.nets.reading.written import encode_written

    sources, behind = rows[source].to_list(), ""
    if context.form == "decoder":
        prompt, place = context.settings.prompt, f"{{{source}}}"
        sources = [prompt.replace(place, text) for text in sources]
        behind = prompt.rpartition(place)[2]
    targets = rows[target].to_list() if target in rows.columns else None
    return encode_written(sources, targets, context, behind=behind)


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Sources and targets, each padded to one length."""
    from polyculture.nets.reading.written import pad_written

    return pad_written(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:
    """The sum of the cross-entropy of the targets' tokens."""
    from polyculture.nets.losses.token_outputs import token_loss

    return token_loss(outputs, batch.targets["tokens"], smoothing=context.settings.label_smoothing)


def read(reading: Reading, context: Context) -> list[str]:
    """The text that is written for each row."""
    from polyculture.nets.reading.written import read_written

    return read_written(reading, context)


def decode(rows: pl.DataFrame, texts: Sequence[str | None], _: Context) -> pl.DataFrame:
    """Answers are the texts as they were written."""
    import polars as pl

    return pl.DataFrame({"id": rows["id"], "answer": pl.Series(texts, dtype=pl.String)})


def table(_: pl.DataFrame, answers: pl.DataFrame, __: Context) -> pl.DataFrame:
    """The text."""
    return answers.select("answer")
