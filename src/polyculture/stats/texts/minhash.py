"""Near duplicates: MinHash signatures, bands of equal values, and exact Jaccard of candidates.

A text is its set of shingles: all runs of a few characters, so that nothing depends on spaces
between words. Two texts share one value of a signature with the probability of their Jaccard
similarity. Rows that share a whole band of values become candidates, and the similarity of each
candidate is then computed exactly: a pair that is reported is never an error of the estimate, and
only a pair that shares no band is missed (``recall``).
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from polyculture.stats.scores import Numbers

Hashes = NDArray[np.uint64]

SIZE = 5
"""Characters of a shingle."""
BANDS, WIDTH = 20, 5
"""Bands of a signature, and values of each."""
CROWD = 40
"""Rows of one bucket that are compared with each other; beyond, each with its two neighbours."""
CHUNK = 2_000_000
"""Shingles whose values are computed at once."""
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
STEP = np.uint64(0x9E3779B97F4A7C15)


def mixed(values: Hashes) -> Hashes:
    """Scatter 64-bit numbers evenly, each onto a number of its own.

    Source:
        Steele, Lea and Flood 2014, Fast splittable pseudorandom number generators (SplitMix64).
    """
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * FIRST
        values = (values ^ (values >> np.uint64(27))) * SECOND
    return values ^ (values >> np.uint64(31))


def shingles(text: str, size: int = SIZE) -> Hashes:
    """Hashes of all runs of ``size`` characters, each once and ascending.

    Letter case and spacing make no difference. A text that is shorter than a run is one shingle.

    Example:
        >>> len(shingles("Good  film")), len(shingles("好片")), len(shingles("aaaaaaaa"))
        (5, 1, 1)
    """
    text = " ".join(text.casefold().split())
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    codes = codes.astype(np.uint64)
    if not len(codes):
        return np.zeros(0, dtype=np.uint64)
    size = min(size, len(codes))
    hashed = np.zeros(len(codes) - size + 1, dtype=np.uint64)
    for place in range(size):
        hashed = mixed(hashed + codes[place : place + len(hashed)] + STEP)
    return np.unique(hashed)


def signatures(sets: Sequence[Hashes], *, seed: int = 1) -> Hashes:
    """The smallest value of each set under each of ``BANDS * WIDTH`` hash functions.

    Args:
        sets: Shingles of each text, none empty.
        seed: Which functions.

    Returns:
        Shape ``(texts, BANDS * WIDTH)``.
    """
    keys = np.random.default_rng(seed).integers(0, 2**63, BANDS * WIDTH).astype(np.uint64)
    signed = np.empty((len(sets), len(keys)), dtype=np.uint64)
    for first, last in _chunks([len(one) for one in sets]):
        some = sets[first:last]
        starts = np.cumsum([0, *(len(one) for one in some[:-1])])
        every = np.concatenate(some)
        for place, key in enumerate(keys):
            signed[first:last, place] = np.minimum.reduceat(mixed(every ^ key), starts)
    return signed


def _chunks(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    first = total = 0
    for place, size in enumerate(sizes):
        if total and total + size > CHUNK:
            yield first, place
            first, total = place, 0
        total += size
    if total:
        yield first, len(sizes)


def jaccard(a: Hashes, b: Hashes) -> float:
    """Shared shingles over all shingles of both.

    Example:
        >>> round(jaccard(shingles("abcdef"), shingles("abcdeg")), 4)
        0.3333
    """
    shared = len(np.intersect1d(a, b, assume_unique=True))
    return shared / (len(a) + len(b) - shared) if shared else 0.0


def near_pairs(
    sets: Sequence[Hashes], *, threshold: float, seed: int = 1
) -> tuple[NDArray[np.int64], Numbers, int]:
    """Pairs of texts whose shingles have at least this Jaccard similarity.

    Args:
        sets: Shingles of each text; a text without any is near none.
        threshold: From 0 to 1.
        seed: Which hash functions.

    Returns:
        Pairs ``(pairs, 2)``, the smaller place first and in ascending order, their similarities,
        and the number of candidates that were computed.

    Example:
        >>> texts = ["the cat sat on the mat today", "the cat sat on the mat, today", "a dog"]
        >>> pairs, similarity, _ = near_pairs([shingles(t) for t in texts], threshold=0.6)
        >>> pairs.tolist(), similarity.round(2).tolist()
        ([[0, 1]], [0.69])

    Source:
        Broder 1997, On the resemblance and containment of documents; Leskovec, Rajaraman and
        Ullman, Mining of Massive Datasets, chapter 3.
    """
    filled = [place for place, one in enumerate(sets) if len(one)]
    none = np.zeros((0, 2), dtype=np.int64), np.zeros(0), 0
    if not filled:
        return none
    signed = signatures([sets[place] for place in filled], seed=seed)
    candidates = _candidates(signed)
    if not len(candidates):
        return none
    pairs = np.asarray(filled)[candidates]
    similarity = np.array([jaccard(sets[a], sets[b]) for a, b in pairs])
    near = similarity >= threshold
    return pairs[near], similarity[near], len(pairs)


def _candidates(signed: Hashes) -> NDArray[np.int64]:
    """Pairs of rows that share a band, each once, in ascending order."""
    found = []
    for band in range(BANDS):
        values = signed[:, band * WIDTH : (band + 1) * WIDTH]
        joined = np.zeros(len(values), dtype=np.uint64)
        for column in values.T:
            joined = mixed(joined ^ column)
        order = np.argsort(joined, kind="stable")
        starts = np.flatnonzero(np.diff(joined[order], prepend=joined[order[0]] + np.uint64(1)))
        found += [_of_bucket(rows) for rows in np.split(order, starts[1:]) if len(rows) > 1]
    if not found:
        return np.zeros((0, 2), dtype=np.int64)
    return np.unique(np.concatenate(found), axis=0)


def _of_bucket(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(rows) <= CROWD:
        a, b = np.triu_indices(len(rows), 1)
    else:
        a = np.concatenate([np.arange(len(rows) - 1), np.arange(len(rows) - 2)])
        b = np.concatenate([np.arange(1, len(rows)), np.arange(2, len(rows))])
    pairs = np.stack([rows[a], rows[b]], axis=1)
    return np.sort(pairs, axis=1).astype(np.int64)


def recall(similarity: float) -> float:
    """Probability that a pair of this Jaccard similarity becomes a candidate.

    Example:
        >>> [round(recall(s), 3) for s in (0.3, 0.5, 0.7, 0.8, 0.9)]
        [0.047, 0.47, 0.975, 1.0, 1.0]
    """
    return float(1 - (1 - similarity**WIDTH) ** BANDS)
