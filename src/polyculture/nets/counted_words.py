"""TF-IDF with logistic regression: what counting words alone can do.

Words are cut by ``nets.words``, so that single characters and pairs of characters stand for words
where a text has no spaces.
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.core.errors import need
from polyculture.nets.words import cut

STRENGTH = 10.0
"""Inverse weight of the penalty (C)."""


def words_of(text: str) -> list[str]:
    """The words of a text.

    Example:
        >>> words_of("我喜欢 this film")
        ['我', '喜', '欢', 'this', 'film']
    """
    return [text[start:end] for start, end in cut(text)]


def fit_and_predict(
    train: pl.DataFrame, rows: pl.DataFrame, known: NDArray[Any], *, classes: int
) -> NDArray[np.float64]:
    """Probabilities of each class for ``rows``, learnt from ``train``.

    Args:
        train: Rows with ``text`` and perhaps ``text_b``.
        rows: Rows to answer.
        known: Class codes of the training rows ``(rows,)``, or 0 and 1 for each of several
            labels, ``(rows, classes)``.
        classes: Number of classes.

    Returns:
        Shape ``(rows, classes)``. Codes: rows sum to 1. Several labels: each on its own.
    """
    seen, wanted = _features(train, rows)
    if known.ndim == 1:
        model = _fitted(seen, known)
        found = np.zeros((len(rows), classes))
        found[:, model.classes_] = model.predict_proba(wanted)
        return found
    columns = [
        _fitted(seen, column).predict_proba(wanted)[:, 1]
        if len(np.unique(column)) > 1
        else np.full(len(rows), float(column[0]))
        for column in known.T
    ]
    return np.stack(columns, axis=1)


def _fitted(features: Any, classes: NDArray[Any]) -> Any:
    linear = need("sklearn.linear_model", extra="train", purpose="The TF-IDF baseline")
    return linear.LogisticRegression(C=STRENGTH, max_iter=2_000).fit(features, classes.astype(int))


def _features(train: pl.DataFrame, rows: pl.DataFrame) -> tuple[Any, Any]:
    """Weighted counts; of a pair both texts, and what they share."""
    from scipy.sparse import hstack

    text = need("sklearn.feature_extraction.text", extra="train", purpose="The TF-IDF baseline")
    names = [name for name in ("text", "text_b") if name in train.columns]
    counter = text.TfidfVectorizer(
        tokenizer=words_of, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True
    )
    counter.fit([cell for name in names for cell in train[name]])
    both = []
    for frame in (train, rows):
        parts = [counter.transform(frame[name].to_list()) for name in names]
        shared = [parts[0].multiply(parts[1])] if len(parts) > 1 else []
        both.append(hstack([*parts, *shared]).tocsr())
    return both[0], both[1]
