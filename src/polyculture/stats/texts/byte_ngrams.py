r"""Byte n-grams: the simple models that a language model has to beat.

\[ p_k(b \mid c) = \frac{n(cb) + t(c)\, p_{k-1}(b \mid c')}{n(c) + t(c)}, \qquad
   p_{-1}(b) = 1/256 \]

where c are the k bytes before b, c' the last k - 1 of them, n counts in the training texts, and
t(c) says how many different bytes follow c there. Where c is unknown, p is that of c'. Every text
has a probability, in any script, and those of all texts of one length add up to 1.

Source: Witten and Bell 1991, The zero-frequency problem, their method C, interpolated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIGNS = 257
"""256 bytes and the sign before the first byte of a text."""
BEGIN = 256
MOST = 16_000_000
"""Bytes that are learnt from at most: more would fill the memory and change little."""
AT_ONCE = 1_000_000
"""Characters that are read at once: each takes more than a hundred bytes while it is."""
LONGEST = 7
"""Bytes of a key that fit into 64 bits."""
Integers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What followed the contexts of one length."""

    contexts: Integers
    """All that occur, in order, ``(contexts,)``."""
    counts: Integers
    kinds: Integers
    """How often each occurs, and how many different bytes follow it, ``(contexts,)``."""
    likeliest: Integers
    """The byte that follows each most often, the lowest of equal ones, ``(contexts,)``."""
    pairs: Integers
    """Contexts with the byte that follows, in order, ``(pairs,)``."""
    pair_counts: Integers


@dataclass(frozen=True, kw_only=True)
class ByteNgrams:
    """How bytes follow on the bytes before them.

    Example:
        >>> model = ByteNgrams.of(["abab", "ab"], order=2)
        >>> figures = model.figures(["ab", "ba", ""])
        >>> [int(hits) for _, _, hits in figures], figures[0][0] < figures[1][0]
        ([2, 1, 0], True)
    """

    orders: tuple[_Order, ...]

    @classmethod
    def of(cls, texts: Sequence[str], *, order: int) -> "ByteNgrams":
        """Count the bytes of some texts behind up to ``order - 1`` bytes before them.

        Args:
            texts: To learn from; of more than 16 million bytes the first texts.
            order: Bytes looked at at once, 1 to 7.
        """
        if not 1 <= order <= LONGEST:
            msg = f"order lies between 1 and {LONGEST}, got {order}"
            raise ValueError(msg)
        signs, is_text, _ = _signs(learnt_from(texts), order - 1)
        return cls(orders=tuple(_count(_keys(signs, is_text, k)[1]) for k in range(order)))

    def figures(self, texts: Sequence[str]) -> list[tuple[float, int, int]]:
        """Of each text the nats that it costs, its bytes, and how many of them are guessed.

        What is guessed is the byte that most often follows the longest context that is known.
        """
        found, first, size = [], 0, 0
        for last, text in enumerate(texts, start=1):
            size += len(text)
            if size >= AT_ONCE or last == len(texts):
                found += self._figures(texts[first:last])
                first, size = last, 0
        return found

    def _figures(self, texts: Sequence[str]) -> list[tuple[float, int, int]]:
        signs, is_text, lengths = _signs(texts, len(self.orders) - 1)
        bytes_ = signs[is_text]
        chance, guess = np.full(len(bytes_), 1 / BEGIN), np.full(len(bytes_), -1)
        for number, order in enumerate(self.orders):
            if not len(order.pairs):  # nothing was learnt from
                break
            contexts, keys = _keys(signs, is_text, number)
            place, is_known = _find(order.contexts, contexts)
            pair, has_followed = _find(order.pairs, keys)
            found = np.where(has_followed, order.pair_counts[pair], 0)
            counts, kinds = order.counts[place], order.kinds[place]
            chance = np.where(is_known, (found + kinds * chance) / (counts + kinds), chance)
            guess = np.where(is_known, order.likeliest[place], guess)
        texts_ = np.repeat(np.arange(len(texts)), lengths)
        nats = np.bincount(texts_, -np.log(chance), minlength=len(texts))
        hits = np.bincount(texts_, guess == bytes_, minlength=len(texts))
        return [(float(n), int(b), int(h)) for n, b, h in zip(nats, lengths, hits, strict=True)]


def learnt_from(texts: Sequence[str]) -> Sequence[str]:
    """The first texts, up to the one with which there are 16 million bytes."""
    until = int(np.searchsorted(np.cumsum([len(text.encode()) for text in texts]), MOST)) + 1
    return texts[:until]


def _signs(texts: Sequence[str], before: int) -> tuple[Integers, NDArray[np.bool_], Integers]:
    """The bytes of all texts, signs before each; which are bytes; the bytes of each text."""
    coded = [np.frombuffer(text.encode(), dtype=np.uint8) for text in texts]
    begin = np.full(before, BEGIN, dtype=np.int64)
    pieces = [piece for text in coded for piece in (begin, text)]
    signs = np.concatenate([np.zeros(0, dtype=np.int64), *pieces]).astype(np.int64)
    return signs, signs != BEGIN, np.array([len(text) for text in coded], dtype=np.int64)


def _keys(signs: Integers, is_text: NDArray[np.bool_], k: int) -> tuple[Integers, Integers]:
    """The k signs before each byte as one number, and these with the byte itself."""
    places = np.flatnonzero(is_text)
    contexts = np.zeros(len(places), dtype=np.int64)
    for back in range(k, 0, -1):
        contexts = contexts * SIGNS + signs[places - back]
    return contexts, contexts * SIGNS + signs[places]


def _count(keys: Integers) -> _Order:
    pairs, pair_counts = np.unique(keys, return_counts=True)
    contexts, starts, kinds = np.unique(pairs // SIGNS, return_index=True, return_counts=True)
    # by context, then the most frequent first, then the lowest
    order = np.lexsort((pairs, -pair_counts, pairs // SIGNS))
    return _Order(
        contexts=contexts,
        counts=np.add.reduceat(pair_counts, starts) if len(starts) else pair_counts,
        kinds=kinds,
        likeliest=pairs[order][starts] % SIGNS,
        pairs=pairs,
        pair_counts=pair_counts,
    )


def _find(known: Integers, wanted: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """Where each wanted number stands among the known ones, and whether it is one of them."""
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return place, known[place] == wanted
