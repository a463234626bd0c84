r"""Scores of models that predict tokens: bits a byte, perplexity and accuracy.

\[ \text{bits a byte} = \frac{\sum \text{nats}}{\ln 2 \sum \text{bytes}}, \qquad
   \text{perplexity} = \exp \frac{\sum \text{nats}}{\sum \text{tokens}}, \qquad
   \text{accuracy} = \frac{\sum \text{recovered}}{\sum \text{tokens}} \]

The sums run over the tokens of all rows that a model was asked about. Nats are their cross-entropy,
bytes those of the text (UTF-8) that they cover, and a token is recovered where the model's best
guess is right. A row without an answer counts as if each byte that it would have been asked about
were a token of its own, guessed among 256.

Perplexity and accuracy of tokens mean nothing across tokenizers, whose tokens differ. Bits a byte,
and the perplexity of words, are comparable where every token of a text is asked about; where some
are drawn only roughly: two tokenizers ask about other pieces of a text.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from polyculture.core.errors import ModelError
from polyculture.core.run import Score, Scores
from polyculture.stats.answers import aligned_answers, documents_of
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.scores import Numbers, ratio

NOTHING = "no text holds a token that the model could be asked about"
FIGURES = ("nats", "tokens", "bytes", "recovered")
"""What is kept of a row: the loss of the tokens that a model was asked about, their number, the
bytes that they cover, and how many of them the best guess recovers."""
BITS = 8
"""What a byte costs that is guessed blindly."""


def table_of_figures(rows: pl.DataFrame, figures: Sequence[Any]) -> pl.DataFrame:
    """Ids with the figures of each row, empty where nothing was asked.

    Args:
        rows: What was read.
        figures: Of each row, ``(4,)``; None if nothing could be read.

    Raises:
        ModelError: A loss is NaN or infinite.

    Example:
        >>> table_of_figures(pl.DataFrame({"id": ["a", "b"]}), [(1.5, 2, 9, 1), None]).rows()
        [('a', 1.5, 2, 9, 1), ('b', None, None, None, None)]
    """
    known = [None if row is None or not row[1] else row for row in figures]
    for item, row in zip(rows["id"], known, strict=True):
        if row is not None:
            refuse_infinite(item, row[0])
    columns = {
        name: pl.Series(
            [None if row is None else float(row[place]) for row in known], dtype=pl.Float64
        )
        for place, name in enumerate(FIGURES)
    }
    whole = {name: columns[name].cast(pl.Int64) for name in FIGURES[1:]}
    return pl.DataFrame({"id": rows["id"], **columns, **whole})


def refuse_infinite(item: str, *nats: float) -> None:
    """Check the losses of a row.

    Raises:
        ModelError: One is NaN or infinite.
    """
    if not all(map(math.isfinite, nats)):
        msg = (
            f"The model's loss on item {item!r} is NaN or infinite: its training diverged. Try a "
            "lower learning rate."
        )
        raise ModelError(msg)


def bits_per_byte() -> pl.Expr:
    """The bits a byte of each row, from ``FIGURES``."""
    return pl.col("nats") / math.log(2) / pl.col("bytes")


def shares_saved(rows: pl.DataFrame, answers: pl.DataFrame) -> list[float]:
    """How much of 8 bits a byte, the cost of blind guesses, each row saves; 0 without an answer.

    Example:
        >>> rows = pl.DataFrame({"id": ["a", "b"]})
        >>> answers = table_of_figures(rows, [(2 * math.log(2), 1, 1, 0), None])
        >>> [round(share, 2) for share in shares_saved(rows, answers)]
        [0.75, 0.0]
    """
    saved = aligned_answers(rows, answers).select((1 - bits_per_byte() / BITS).clip(0, 1))
    return [float(x) for x in saved.to_series().fill_null(0.0)]


def shares_recovered(rows: pl.DataFrame, answers: pl.DataFrame) -> list[float]:
    """The share of each row's tokens that the best guess recovers; 0 where there is no answer."""
    answers = aligned_answers(rows, answers)
    return [float(x) for x in (answers["recovered"] / answers["tokens"]).fill_null(0.0)]


def score_token_losses(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    *,
    share: float,
    words: Sequence[int] = (),
    split: str,
    notes: Mapping[str, str | int | float],
) -> Scores:
    """Bits a byte, which leads, then accuracy and perplexity of the tokens that were asked about.

    Args:
        rows: The rows that were answered, with ``text``.
        answers: Columns ``id``, ``answer`` (null where there is none) and those of ``FIGURES``.
        share: Of a text's bytes that a model is asked about, where a row has no answer.
        words: Words of each text, where all of it was asked about: then their perplexity is scored
            too.
        split: Name of the split.
        notes: What else belongs into the protocol.

    Example:
        Four tokens of 16 bytes, each guessed among 16 that are equally likely.

        >>> rows = pl.DataFrame({"id": ["a"], "text": ["sixteen letters."]})
        >>> answers = pl.DataFrame(
        ...     {"id": ["a"], "answer": ["x"], "nats": [4 * math.log(16)], "tokens": [4],
        ...      "bytes": [16], "recovered": [1]}
        ... )
        >>> scores = score_token_losses(rows, answers, share=1, split="test", notes={}).scores
        >>> [(score.name, round(score.value.number, 2)) for score in scores]
        [('bits_per_byte', 1.0), ('token_accuracy', 0.25), ('token_perplexity', 16.0)]
    """
    answers = aligned_answers(rows, answers)
    missing = answers["answer"].is_null()
    lost = share * rows["text"].str.len_bytes().to_numpy()
    blind = np.stack([BITS * math.log(2) * lost, lost, lost, 0 * lost], axis=1)
    figures = answers.select(pl.col(FIGURES).cast(pl.Float64).fill_null(0.0)).to_numpy()
    sums = np.where(missing.to_numpy()[:, None], blind, figures)
    counted = np.array(words, dtype=np.float64) if len(words) else np.zeros(len(rows))
    sums = np.column_stack([sums, counted])
    drawn = Resampled(csr_array(sums), documents=documents_of(rows))
    is_loss: dict[str, Any] = {"higher_is_better": False, "in_percent": False, "reason": NOTHING}
    scores: tuple[Score, ...] = (
        drawn.score("bits_per_byte", _bits, headline=True, **is_loss),
        drawn.score("token_accuracy", lambda s: ratio(s[..., 3], s[..., 1]), reason=NOTHING),
        drawn.score("token_perplexity", lambda s: _perplexity(s, 1), **is_loss),
    )
    if len(words):
        scores += (drawn.score("word_perplexity", lambda s: _perplexity(s, 4), **is_loss),)
    return Scores(
        split=split,
        items=len(rows),
        scores=scores,
        protocol={
            "averaging": "sums over tokens and bytes of all rows",
            "tokens": int(figures[:, 1].sum()),
            "bytes": int(figures[:, 2].sum()),
            "missing_answers": int(missing.sum()),
            **drawn.protocol(),
            **notes,
        },
    )


def _bits(sums: Numbers) -> Numbers:
    return ratio(sums[..., 0], sums[..., 2]) / math.log(2)


def _perplexity(sums: Numbers, of: int) -> Numbers:
    return np.asarray(np.exp(ratio(sums[..., 0], sums[..., of])))
