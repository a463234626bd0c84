"""TF-IDF and a linear model: the baseline that a fine-tuned model has to beat, and a base of its own.

Words and word pairs where texts have spaces, characters and their n-grams where they have none, as
in Chinese. Saved as JSON and safetensors, without a pickle.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

FILE = "tfidf.json"
WEIGHTS = "tfidf.safetensors"
SPACES = 0.05
"""Below this share of spaces among characters a language is read by characters."""


class Tfidf:
    """Log-probabilities of labels from weighted counts of words or character n-grams.

    Example:
        >>> model = Tfidf.fit(["good film", "bad film"] * 5, np.array([1, 0] * 5), labels=2)
        >>> model.logits(["good"]).argmax(axis=1)
        array([1])
    """

    def __init__(
        self, analyzer: str, vocabulary: dict[str, int], arrays: dict[str, NDArray[np.float64]]
    ) -> None:
        self.analyzer = analyzer
        self.vocabulary = vocabulary
        self.arrays = arrays
        self._vectorizer = _vectorizer(analyzer, vocabulary)
        self._vectorizer.idf_ = arrays["idf"]

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        targets: NDArray[Any],
        *,
        labels: int,
        features: int = 50_000,
        strength: float = 4.0,
    ) -> "Tfidf":
        """Learn from texts.

        Args:
            texts: One text a row.
            targets: Codes ``(rows,)``, or 0 and 1 a label ``(rows, labels)``.
            labels: Number of labels; a label that no row has gets a very low score.
            features: Most frequent words or n-grams at most.
            strength: Inverse of the strength of the L2 penalty.
        """
        signs = sum(len(text) for text in texts)
        spaces = sum(text.count(" ") for text in texts)
        analyzer = "word" if spaces >= SPACES * max(1, signs) else "char"
        vectorizer = _vectorizer(analyzer, None, features)
        matrix = vectorizer.fit_transform(texts)
        coefficients, intercepts = _linear(matrix, np.asarray(targets), labels, strength)
        vocabulary = {word: int(place) for word, place in vectorizer.vocabulary_.items()}
        arrays = {"idf": vectorizer.idf_, "weight": coefficients, "bias": intercepts}
        return cls(analyzer, vocabulary, arrays)

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Scores before softmax (or sigmoid, for several labels), ``(texts, labels)``."""
        matrix = self._vectorizer.transform(texts)
        scores = matrix @ self.arrays["weight"].T + self.arrays["bias"]
        return np.asarray(scores, dtype=np.float32)

    @property
    def parameters(self) -> int:
        """How many numbers were fitted."""
        return int(self.arrays["weight"].size + self.arrays["bias"].size)

    def save(self, folder: Path) -> None:
        """Write into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        words = sorted(self.vocabulary, key=self.vocabulary.__getitem__)
        facts = {"analyzer": self.analyzer, "vocabulary": words}
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
        return cls(facts["analyzer"], vocabulary, load_file(folder / WEIGHTS))


def _vectorizer(
    analyzer: str, vocabulary: dict[str, int] | None, features: int | None = None
) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=(1, 2) if analyzer == "word" else (1, 3),
        sublinear_tf=True,
        # sklearn's own pattern drops words of one letter, "I" and "a" among them
        token_pattern=r"(?u)\b\w+\b" if analyzer == "word" else None,
        max_features=features,
        vocabulary=vocabulary,
    )


def _linear(
    matrix: Any, targets: NDArray[Any], labels: int, strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One logistic model for one label a row, one a label for several."""
    if targets.ndim > 1:
        columns = [_linear(matrix, targets[:, n].astype(int), 2, strength) for n in range(labels)]
        # the difference of both scores is what a sigmoid wants
        weight = np.stack([w[1] - w[0] for w, _ in columns])
        return weight, np.array([b[1] - b[0] for _, b in columns])
    weight = np.zeros((labels, matrix.shape[1]))
    bias = np.full(labels, -1e4)
    seen = np.unique(targets)
    if len(seen) == 1:
        bias[seen] = 0.0
        return weight, bias
    model = LogisticRegression(C=strength, max_iter=1_000, tol=1e-4).fit(matrix, targets)
    if len(seen) == 2:  # noqa: PLR2004  # sklearn keeps one row for two classes
        weight[seen[0]], weight[seen[1]] = -model.coef_[0] / 2, model.coef_[0] / 2
        bias[seen[0]], bias[seen[1]] = -model.intercept_[0] / 2, model.intercept_[0] / 2
    else:
        weight[seen], bias[seen] = model.coef_, model.intercept_
    return weight, bias
