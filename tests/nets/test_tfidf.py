"""Counting words learns in any script, and comes back from disk as it was."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

from polyculture.core.errors import DataError
from polyculture.nets.lexical.tfidf import Tfidf

GOOD, BAD = "very good food", "very bad food"


def test_logits_are_those_of_scikit_learn() -> None:
    """Probabilities equal scikit-learn's own, for two labels and for three."""
    rng = np.random.default_rng(1)
    words = np.array(["red", "blue", "好", "tree", "42", "!"])
    texts = [" ".join(rng.choice(words, 4)) for _ in range(60)]
    for labels in (2, 3):
        targets = rng.integers(labels, size=60)
        model = Tfidf.fit(texts, targets, labels=labels)
        matrix = model._vectorizer.transform(texts)

        theirs = LogisticRegression(C=4.0, max_iter=1_000, tol=1e-4).fit(matrix, targets)

        ours = softmax(model.logits(texts), axis=1)
        np.testing.assert_allclose(ours, theirs.predict_proba(matrix), atol=1e-5)


def test_several_labels_are_learnt_each_on_its_own() -> None:
    """A label that every row has is certain, one that no row has is out."""
    targets = np.array([[1, 1, 0], [1, 0, 0]] * 10)

    found = expit(Tfidf.fit([GOOD, BAD] * 10, targets, labels=3).logits([GOOD, BAD]))

    assert (found > 0.5).tolist() == [[True, True, False], [True, False, False]]


def test_english_and_chinese_are_learnt_from_one_set() -> None:
    """A few Chinese rows among many English ones are read by character all the same."""
    texts = [GOOD, BAD] * 20 + ["这个菜很好吃啊", "这个菜真难吃啊"] * 3
    targets = np.array([1, 0] * 23)

    found = Tfidf.fit(texts, targets, labels=2).logits(["那家店好吃", "那家店难吃", GOOD])

    assert found.argmax(axis=1).tolist() == [1, 0, 1]


def test_a_saved_model_gives_equal_logits(tmp_path: Path) -> None:
    """Not one bit differs, and no pickle is written."""
    texts = ["a b", "c d", "一二三"] * 4
    model = Tfidf.fit(texts, np.array([0, 1, 2] * 4), labels=3)
    model.save(tmp_path / "model")

    again = Tfidf.load(tmp_path / "model")

    np.testing.assert_array_equal(again.logits(texts), model.logits(texts))
    assert Tfidf.lies_in(tmp_path / "model")
    names = sorted(path.name for path in (tmp_path / "model").iterdir())
    assert names == ["tfidf.json", "tfidf.safetensors"]


def test_texts_without_a_word_are_refused() -> None:
    """There is nothing to count, and the sentence says so."""
    with pytest.raises(DataError, match="No training text holds a word"):
        Tfidf.fit([" ", ""], np.array([0, 1]), labels=2)
