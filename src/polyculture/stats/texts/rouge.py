"""Scores of summaries: ROUGE-1, ROUGE-2 and ROUGE-Lsum as the rouge-score package has them.

ROUGE of a set is the mean of what its items have, so the rounds of a bootstrap are exact. Of
several references the best counts, for each score by itself (``score_multi``). Figures are F1, from
0 to 1.

Source: Lin 2004, "ROUGE: a package for automatic evaluation of summaries", W04-1013.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib.metadata import version
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from polyculture.core.errors import need
from polyculture.core.run import Scores, ScoreTable
from polyculture.stats.answers import aligned_answers, documents_of
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.scores import Numbers
from polyculture.stats.texts.sentences import passages, sentences

TYPES = {"rouge_1": "rouge1", "rouge_2": "rouge2", "rouge_lsum": "rougeLsum"}
"""Our names of the scores, and the package's."""
STEMMED, WORDS = "stemmed", "words"
TOKENS = {
    STEMMED: "letters a to z and digits in lower case, Porter stemmer",
    WORDS: "words of any script in lower case, characters where words have no spaces; no stemmer",
}
"""How texts are cut into tokens, for the protocol."""
SHORTEST_STEMMED = 4
"""The package leaves shorter words as they are."""
Cut = Callable[[str], list[tuple[int, int]]]
Golds = Sequence[Sequence[str]]
"""The right summaries of each row, one at least."""


class Rouge:
    """The package's scorer with a tokenizer of ours, which remembers what it has cut.

    Example:
        >>> rouge = Rouge("stemmed")
        >>> [round(number, 4) for number in rouge.of(["testing one two"], "testing one")]
        [0.8, 0.6667, 0.8]
    """

    def __init__(self, tokenize: str, cut: Cut | None = None) -> None:
        """Choose a tokenizer.

        Args:
            tokenize: One of ``TOKENS``.
            cut: Where the words of a text begin and end; needed for ``words``.
        """
        scorers = need(
            "rouge_score.rouge_scorer", extra="train", purpose="Scoring summaries by ROUGE"
        )
        self.name = tokenize
        self.tokenize = cache(_stemmed() if cut is None else partial(_words, cut=cut))
        self._scorer: Any = scorers.RougeScorer([*TYPES.values()], tokenizer=self)
        self._unigrams: Any = scorers.RougeScorer([TYPES["rouge_1"]], tokenizer=self)

    def of(self, gold: Sequence[str], text: str | None) -> list[float]:
        """F1 of a text by each of ``TYPES``, the best over the right ones; none is an empty one."""
        found = self._scorer.score_multi([by_line(right) for right in gold], by_line(text or ""))
        return [float(found[name].fmeasure) for name in TYPES.values()]

    def grade(self, gold: Sequence[str], text: str | None) -> float:
        """The first of these alone, ROUGE-1, which takes a quarter of the time."""
        found = self._unigrams.score_multi([by_line(right) for right in gold], by_line(text or ""))
        return float(found[TYPES["rouge_1"]].fmeasure)

    def best_passage(self, gold: Sequence[str], text: str) -> str:
        """The sentence or turn of a text with the best ROUGE-1: an oracle, since it knows the gold.

        Example:
            >>> Rouge("stemmed").best_passage(["cats sleep"], "It rains. A cat sleeps. Dogs bark.")
            'A cat sleeps.'
        """
        wanted = [Counter(self.tokenize(right)) for right in gold]

        def overlap(passage: str) -> float:
            told = Counter(self.tokenize(passage))
            return max(2 * (told & w).total() / max(1, (told + w).total()) for w in wanted)

        return max(passages(text), key=overlap, default="")


def _stemmed() -> Callable[[str], list[str]]:
    """The package's own tokenizer, with a stemmer that meets each word once."""
    from nltk.stem.porter import PorterStemmer
    from rouge_score.tokenize import tokenize

    stem = cache(PorterStemmer().stem)

    def tokens(text: str) -> list[str]:
        plain: list[str] = tokenize(text, None)
        return [stem(word) if len(word) >= SHORTEST_STEMMED else word for word in plain]

    return tokens


def _words(text: str, cut: Cut) -> list[str]:
    text = text.lower()
    words = [text[start:end] for start, end in cut(text)]
    return [word for word in words if any(sign.isalnum() for sign in word)]


def by_line(text: str) -> str:
    r"""A text with a sentence a line, as ROUGE-Lsum wants it.

    Example:
        >>> by_line("It rained. Nobody came.")
        'It rained.\nNobody came.'
    """
    return "\n".join(sentences(text))


def score_summaries(
    rows: pl.DataFrame,
    gold: Golds,
    answers: pl.DataFrame,
    rouge: Rouge,
    *,
    split: str,
    notes: Mapping[str, str | int | float],
) -> Scores:
    """ROUGE-1, which leads, ROUGE-2 and ROUGE-Lsum, with what one passage of the text could reach.

    Args:
        rows: The rows that were answered, with the column ``text``.
        gold: The right summaries of each, one at least.
        answers: Columns ``id`` and ``answer``; one that is null was not given, and is empty.
        rouge: The scorer.
        split: Name of the split.
        notes: What else belongs into the protocol.
    """
    answered = aligned_answers(rows, answers)["answer"].to_list()
    found = np.array([[1.0, *rouge.of(g, a)] for g, a in zip(gold, answered, strict=True)])
    drawn = Resampled(csr_array(found), documents=documents_of(rows))
    scores = [
        drawn.score(
            name,
            partial(_mean, place=place),
            reason="there is no text to compare with",
            headline=place == 1,
        )
        for place, name in enumerate(TYPES, 1)
    ]
    counts = sorted({len(summaries) for summaries in gold})
    return Scores(
        split=split,
        items=len(rows),
        scores=tuple(scores),
        tables=(_bound(rows["text"].to_list(), gold, rouge),),
        protocol={
            "scorer": f"rouge-score {version('rouge-score')}",
            "averaging": "mean over items of F1",
            "tokens": TOKENS[rouge.name],
            "sentences": "a line each; cut behind . ! ? and their full-width forms",
            "references": " to ".join(map(str, dict.fromkeys((counts[0], counts[-1])))),
            "of_several_references": "the best, for each score by itself",
            "missing_answers": answered.count(None),
            **drawn.protocol(),
            **notes,
        },
    )


def grades(gold: Golds, answers: Sequence[str | None], rouge: Rouge) -> list[float]:
    """ROUGE-1 of each text, from 0 to 1; 0 for one that was not given."""
    return [rouge.grade(right, answer) for right, answer in zip(gold, answers, strict=True)]


def _mean(sums: Numbers, *, place: int) -> Numbers:
    return sums[..., place] / sums[..., 0]


def _bound(texts: Sequence[str], gold: Golds, rouge: Rouge) -> ScoreTable:
    best = [rouge.best_passage(right, text) for right, text in zip(gold, texts, strict=True)]
    figures = np.mean([rouge.of(g, text) for g, text in zip(gold, best, strict=True)], axis=0)
    return ScoreTable(
        name="oracle",
        title="what one sentence or turn of the text can reach, chosen with the gold in sight",
        rows=({"label": "best passage", **dict(zip(TYPES, figures.tolist(), strict=True))},),
    )
