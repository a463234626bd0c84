"""Signatures estimate Jaccard similarity without bias, and bands find what they promise."""

import numpy as np
import pytest

from polyculture.stats.texts.minhash import (
    BANDS,
    WIDTH,
    Hashes,
    jaccard,
    mixed,
    near_pairs,
    recall,
    shingles,
    signatures,
)


def pairs_of_sets(similarity: float, count: int, size: int = 60) -> list[Hashes]:
    """Pairs of random sets, one after another, of about this Jaccard similarity."""
    rng = np.random.default_rng(7)
    shared = round(2 * size * similarity / (1 + similarity))
    sets = []
    for _ in range(count):
        drawn = rng.choice(2**62, 2 * size - shared, replace=False).astype(np.uint64)
        a, b = mixed(drawn[:size]), mixed(np.r_[drawn[:shared], drawn[size:]])
        sets += [np.unique(a), np.unique(b)]
    return sets


@pytest.mark.parametrize("similarity", [0.3, 0.5, 0.8])
def test_the_share_of_equal_values_estimates_the_similarity(similarity: float) -> None:
    """Over 200 pairs the mean is right to 0.01; the spread is that of 100 coin throws."""
    sets = pairs_of_sets(similarity, 200)
    true = np.array([jaccard(a, b) for a, b in zip(sets[::2], sets[1::2], strict=True)])

    signed = signatures(sets)
    estimate = (signed[::2] == signed[1::2]).mean(axis=1)

    assert abs((estimate - true).mean()) < 0.01
    spread = np.sqrt(similarity * (1 - similarity) / (BANDS * WIDTH))
    assert (estimate - true).std() == pytest.approx(spread, rel=0.25)


@pytest.mark.parametrize("similarity", [0.4, 0.5, 0.6, 0.8])
def test_bands_find_the_share_of_pairs_that_theory_promises(similarity: float) -> None:
    """Within four standard errors of 300 pairs."""
    sets = pairs_of_sets(similarity, 300)
    true = jaccard(sets[0], sets[1])

    pairs, _, _ = near_pairs(sets, threshold=0.0)
    found = sum(int(a) % 2 == 0 and int(b) == int(a) + 1 for a, b in pairs) / 300

    error = np.sqrt(recall(true) * (1 - recall(true)) / 300)
    assert abs(found - recall(true)) <= 4 * error + 1e-9


def test_what_is_reported_has_the_similarity_that_is_reported() -> None:
    """A pair is never reported by an estimate: its similarity is computed."""
    texts = [f"the quick brown fox number {n} jumps over the lazy dog" for n in range(30)]
    sets = [shingles(text) for text in texts]

    pairs, similarity, _ = near_pairs(sets, threshold=0.6)

    assert len(pairs) == 30 * 29 // 2
    assert similarity.tolist() == [jaccard(sets[a], sets[b]) for a, b in pairs]
    assert similarity.min() >= 0.6


def test_texts_without_spaces_and_short_ones_have_shingles() -> None:
    """Chinese needs no words, a single emoji is a shingle, and an empty text is near nothing."""
    texts = ["这家酒店的早餐非常好吃下次还来", "这家酒店的早餐非常好吃下次再来", "😀", "😀", "", ""]
    sets = [shingles(text) for text in texts]

    pairs, similarity, _ = near_pairs(sets, threshold=0.4)

    assert pairs.tolist() == [[0, 1], [2, 3]]
    assert similarity[1] == 1.0
