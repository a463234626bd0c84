r"""Word and character errors of transcripts, against one right text each, by jiwer.

\[ \mathrm{WER} = \frac{S + D + I}{N} \]

with S words replaced, D left out, I put in, and N words of the right texts; CER likewise for
characters. Errors can outnumber the words, so both can be above 1. They are sums over rows, so that
the rounds of a bootstrap are exact.

Source: Morris, Maier and Green 2004, on measures for connected speech recognition, ICSLP.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from polyculture.core.errors import need
from polyculture.core.run import Scores
from polyculture.stats.answers import documents_of
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.scores import ratio

EMPTY = "the right texts hold nothing to compare with"
Unit = Literal["wer", "cer"]


def errors(gold: Sequence[str], said: Sequence[str | None], unit: Unit) -> NDArray[np.float64]:
    """Errors and length of each right text, ``(rows, 2)``; a text that is missing is empty.

    Example:
        >>> errors(["the cat sat", "", "a"], ["the cat sat down", "a", None], "wer").tolist()
        [[1.0, 3.0], [1.0, 0.0], [1.0, 1.0]]
        >>> errors(["我喜欢狗"], ["我喜欢猫"], "cer").tolist()
        [[1.0, 4.0]]
    """
    jiwer = need("jiwer", extra="train", purpose="Scoring transcripts")
    compare = jiwer.process_words if unit == "wer" else jiwer.process_characters
    found = [compare(right, text or "") for right, text in zip(gold, said, strict=True)]
    return np.array(
        [
            [o.substitutions + o.deletions + o.insertions, o.hits + o.substitutions + o.deletions]
            for o in found
        ],
        dtype=np.float64,
    ).reshape(-1, 2)


def transcript_grades(gold: Sequence[str], said: Sequence[str | None], unit: Unit) -> list[float]:
    """1 less the error rate of each row, 0 at least; 0 for a text that is missing.

    Example:
        >>> gold = ["hello world", "a", "", ""]
        >>> transcript_grades(gold, ["hello duck", "a b c", "", None], "wer")
        [0.5, 0.0, 1.0, 0.0]
    """
    found = errors(gold, said, unit)
    rates = found[:, 0] / np.maximum(found[:, 1], 1)
    return [
        0.0 if text is None else float(max(0.0, 1 - rate))
        for text, rate in zip(said, rates, strict=True)
    ]


def score_transcripts(
    rows: pl.DataFrame,
    gold: Sequence[str],
    said: Sequence[str | None],
    *,
    leads: Unit,
    split: str,
    notes: Mapping[str, str | int | float],
) -> Scores:
    """Word and character error rate of all answers together.

    Args:
        rows: The rows that were answered.
        gold: Their right texts, brought to one form.
        said: The answers, in the same form; one that is missing counts as empty.
        leads: Which of the two leads.
        split: Name of the split.
        notes: What else belongs into the protocol.
    """
    found = np.hstack([errors(gold, said, unit) for unit in ("wer", "cer")])
    drawn = Resampled(csr_array(found), documents=documents_of(rows))
    facts: dict[str, Any] = {"reason": EMPTY, "higher_is_better": False}
    scores = (
        drawn.score("wer", lambda s: ratio(s[..., 0], s[..., 1]), headline=leads == "wer", **facts),
        drawn.score("cer", lambda s: ratio(s[..., 2], s[..., 3]), headline=leads == "cer", **facts),
    )
    _, words, _, characters = found.sum(axis=0)
    return Scores(
        split=split,
        items=len(rows),
        scores=scores,
        protocol={
            "scorer": "jiwer",
            "version": version("jiwer"),
            "words": int(words),
            "characters": int(characters),
            "missing_answers": sum(text is None for text in said),
            **drawn.protocol(),
            **notes,
        },
    )
