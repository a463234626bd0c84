"""TF-IDF and a linear model, as a baseline and as a base of its own.

Words and word pairs where a text has spaces; characters, their pairs and triples where it has none,
as in Chinese; both in one text where it mixes scripts. Saved as JSON and safetensors, without a
pickle.
"""

import json
import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge

from polyculture.core.errors import DataError
from polyculture.nets.text.words import cut, is_unspaced

if TYPE_CHECKING:
    import polars as pl

FILE = "tfidf.json"
WEIGHTS = "tfidf.safetensors"
ANALYZER = "words, pairs, triples of unspaced characters"
LONGEST = 100_000
"""Characters of a text that are counted, some forty pages: a book would cost as much as hundreds of
texts and say little more about its label."""


FEATURES = 50_000
"""Most frequent words or n-grams that are counted."""
MOST_WEIGHTS = 16_000_000
"""Of all labels together: learning them takes some thirty times their 8 bytes of memory each."""


def terms(text: str) -> list[str]:
    """The terms that are counted in a text.

    Example:
        >>> terms("Good 好看吗")
        ['good', '好', '看', '吗', 'good 好', '好 看', '看 吗', '好看吗']
    """
    text = text.lower()
    words = [text[start:end] for start, end in cut(text)]
    pairs = [f"{a} {b}" for a, b in pairwise(words)]
    alone = [is_unspaced(word[0]) for word in words]
    triples = [
        words[place] + words[place + 1] + words[place + 2]
        for place, three in enumerate(zip(alone, alone[1:], alone[2:], strict=False))
        if all(three)
    ]
    return words + pairs + triples


def joined_texts(rows: "pl.DataFrame") -> list[str]:
    """One text a row; the texts of a pair joined by a space."""
    if "text_b" not in rows.columns:
        return rows["text"].to_list()
    return [f"{a} {b}" for a, b in rows.select("text", "text_b").iter_rows()]


class Tfidf:
    """Log-probabilities of labels from weighted counts of words and short runs of words.

    Example:
        >>> model = Tfidf.fit(["good film", "bad film"] * 5, np.array([1, 0] * 5), labels=2)
        >>> model.logits(["good"]).argmax(axis=1)
        array([1])
    """

    analyzer = ANALYZER

    def __init__(self, vocabulary: dict[str, int], arrays: dict[str, NDArray[np.float64]]) -> None:
        self.vocabulary = vocabulary
        self.arrays = arrays
        self._vectorizer = vectorizer(vocabulary)
        self._vectorizer.idf_ = arrays["idf"]

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        targets: NDArray[Any],
        *,
        labels: int,
        features: int = FEATURES,
        strength: float = 4.0,
    ) -> "Tfidf":
        """Learn from texts.

        Args:
            texts: One text a row.
            targets: Codes ``(rows,)``, or 0 and 1 a label ``(rows, labels)``.
            labels: Number of labels; a label that no row has gets a very low score.
            features: Most frequent words or n-grams at most.
            strength: Inverse of the strength of the L2 penalty.

        Raises:
            DataError: No text holds a word.
        """
        if not any(cut(text) for text in texts):
            msg = "No training text holds a word, so there is nothing to count. Check the texts."
            raise DataError(msg)
        if np.ndim(targets) == 1:  # several labels are learnt one by one
            features = min(features, max(1, MOST_WEIGHTS // labels))
        counter = vectorizer(None, features)
        matrix = counter.fit_transform(texts)
        coefficients, intercepts = linear(matrix, np.asarray(targets), labels, strength)
        vocabulary = {word: int(place) for word, place in counter.vocabulary_.items()}
        arrays = {"idf": counter.idf_, "weight": coefficients, "bias": intercepts}
        return cls(vocabulary, arrays)

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Scores before softmax (or sigmoid, for several labels), ``(texts, labels)``."""
        return self.scores(self.count(texts))

    def count(self, texts: Sequence[str]) -> Any:
        """Weighted counts, sparse, ``(texts, features)``; a text of no known word has none."""
        return self._vectorizer.transform(texts)

    def scores(self, counts: Any) -> NDArray[np.float32]:
        """``logits`` of what ``count`` gave."""
        scores = counts @ self.arrays["weight"].T + self.arrays["bias"]
        return np.asarray(scores, dtype=np.float32)

    @property
    def parameters(self) -> int:
        """How many numbers were fitted."""
        return int(self.arrays["weight"].size + self.arrays["bias"].size)

    def save(self, folder: Path) -> None:
        """Write into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        words = sorted(self.vocabulary, key=self.vocabulary.__getitem__)
        facts = {"analyzer": ANALYZER, "vocabulary": words}
        (folder / FILE).write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
        save_file(
            {name: np.ascontiguousarray(array) for name, array in self.arrays.items()},
            folder / WEIGHTS,
        )

    @staticmethod
    def lies_in(folder: Path) -> bool:
        """Whether ``save`` wrote into this folder."""
        return (folder / FILE).exists()

    @classmethod
    def load(cls, folder: Path) -> "Tfidf":
        """Read what ``save`` wrote."""
        facts = json.loads((folder / FILE).read_text(encoding="utf-8"))
        vocabulary = {word: place for place, word in enumerate(facts["vocabulary"])}
        return cls(vocabulary, load_file(folder / WEIGHTS))


def logits_of_differences(
    known: Sequence[tuple[str, str]],
    targets: NDArray[Any],
    pairs: Sequence[tuple[str, str]],
    *,
    labels: int,
) -> NDArray[np.float32]:
    """Logits of pairs of texts, from what their weighted counts differ in, ``(pairs, labels)``.

    A pair that is turned round has the opposite differences, so this can learn what stands first.

    Args:
        known: Pairs to learn from.
        targets: Their codes, ``(known,)``.
        pairs: Pairs to answer.
        labels: Number of labels.

    Example:
        >>> known = [("hello", "goodbye"), ("goodbye", "hello")] * 4
        >>> codes = np.array([0, 1] * 4)
        >>> logits = logits_of_differences(known, codes, [("goodbye", "hello you")], labels=2)
        >>> logits.argmax(axis=1)
        array([1])
    """
    counter = vectorizer(None, 50_000)
    if not any(cut(text) for pair in known for text in pair):
        msg = "No training text holds a word, so there is nothing to count. Check the texts."
        raise DataError(msg)
    counter.fit([text for pair in known for text in pair])

    def differences(of: Sequence[tuple[str, str]]) -> Any:
        firsts, seconds = ([pair[place] for pair in of] for place in (0, 1))
        return counter.transform(firsts) - counter.transform(seconds)

    coefficients, intercepts = linear(differences(known), np.asarray(targets), labels, 4.0)
    return np.asarray(differences(pairs) @ coefficients.T + intercepts, dtype=np.float32)


def vectorizer(vocabulary: dict[str, int] | None, features: int | None = None) -> TfidfVectorizer:
    """What counts words: all that it meets, or those of a vocabulary."""

    def counted(text: str) -> list[str]:
        words = terms(text[:LONGEST])
        # scikit-learn would raise and catch an error for each unknown one
        return words if vocabulary is None else [word for word in words if word in vocabulary]

    return TfidfVectorizer(
        analyzer=counted, sublinear_tf=True, max_features=features, vocabulary=vocabulary
    )


def logits_from_counts(
    train: "pl.DataFrame", rows: "pl.DataFrame", known: Sequence[NDArray[Any]], labels: int
) -> list[NDArray[Any]]:
    """The logits of a linear model on word counts, ``(labels,)`` a row: a baseline.

    Args:
        train: Rows to learn from.
        rows: To answer.
        known: Code of each training row, or 0 and 1 for each label.
        labels: How many there are.
    """
    model = Tfidf.fit(joined_texts(train), np.array(known), labels=labels)
    return list(model.logits(joined_texts(rows)))


def numbers_from_counts(
    train: "pl.DataFrame", rows: "pl.DataFrame", known: NDArray[Any]
) -> NDArray[np.float64]:
    """The numbers of a ridge regression on word counts, ``(rows,)``: a baseline.

    Args:
        train: Rows to learn from.
        rows: To answer.
        known: The number of each training row.
    """
    counter = vectorizer(None, FEATURES)
    matrix = counter.fit_transform(joined_texts(train))
    model = Ridge(alpha=1.0).fit(matrix, known)
    return np.asarray(model.predict(counter.transform(joined_texts(rows))), dtype=np.float64)


def linear(
    matrix: Any, targets: NDArray[Any], labels: int, strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One logistic model for one label a row, one a label for several."""
    if targets.ndim > 1:
        columns = [linear(matrix, targets[:, n].astype(int), 2, strength) for n in range(labels)]
        # the difference of both scores is what a sigmoid wants
        weight = np.stack([w[1] - w[0] for w, _ in columns])
        return weight, np.array([b[1] - b[0] for _, b in columns])
    weight = np.zeros((labels, matrix.shape[1]))
    bias = np.full(labels, -1e4)
    present = np.unique(targets)
    if len(present) == 1:
        bias[present] = 0.0
        return weight, bias
    model = LogisticRegression(C=strength, max_iter=1_000, tol=1e-4)
    with warnings.catch_warnings():
        # labels that occur once each are no mistake of a small set, and the text shows our path
        warnings.filterwarnings("ignore", "The number of unique classes is greater", UserWarning)
        model.fit(matrix, targets)
    if len(present) == 2:  # noqa: PLR2004  # sklearn keeps one row for two classes
        weight[present[0]], weight[present[1]] = -model.coef_[0] / 2, model.coef_[0] / 2
        bias[present[0]], bias[present[1]] = -model.intercept_[0] / 2, model.intercept_[0] / 2
    else:
        weight[present], bias[present] = model.coef_, model.intercept_
    return weight, bias
