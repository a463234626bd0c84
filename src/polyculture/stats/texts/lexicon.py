r"""Word translations learnt from pairs of sentences alone: IBM model 1.

Every word of a target is thought to come from one word of its source, or from none, each as likely
as the next. Expectation maximisation finds the likelihoods

\[ t(f \mid e) = \frac{c(f, e)}{\sum_{f'} c(f', e)}, \qquad
   c(f, e) = \sum_{\text{pairs}} \sum_{e, f \text{ in the pair}}
             \frac{t(f \mid e)}{\sum_{e'} t(f \mid e')} \]

It knows nothing of order, of words that belong together, or of meaning: what a trained translator
has to be better than.

Source: Brown et al. 1993, "The mathematics of statistical machine translation", Computational
Linguistics 19(2).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Sentences = Sequence[Sequence[str]]
Codes = NDArray[np.int64]
Cut = Callable[[str], list[tuple[int, int]]]
ROUNDS = 5


def lexicon(sources: Sentences, targets: Sentences, *, rounds: int = ROUNDS) -> dict[str, str]:
    """The likeliest target word of every source word; the first in code-point order on a tie.

    Args:
        sources: Words of each sentence.
        targets: Words of each translation, in the same order.
        rounds: Of expectation and maximisation.

    Example:
        >>> read = [["the", "house"], ["the", "book"], ["a", "book"]]
        >>> told = [["das", "Haus"], ["das", "Buch"], ["ein", "Buch"]]
        >>> sorted(lexicon(read, told).items())
        [('a', 'ein'), ('book', 'Buch'), ('house', 'Haus'), ('the', 'das')]
    """
    from_words, to_words = _inventory(sources), _inventory(targets)
    if not from_words or not to_words:
        return {}
    # each source begins with the number behind all others: no word
    source_codes = _word_codes(sources, from_words, first=len(from_words))
    target_codes = _word_codes(targets, to_words, first=None)
    pairs, place = _together(source_codes, target_codes, len(to_words))
    keys, number = np.unique(pairs, return_inverse=True)
    source = keys // len(to_words)
    likely = np.ones(len(keys))
    for _ in range(rounds):
        weights = likely[number]
        weights /= np.bincount(place, weights)[place]
        counts = np.bincount(number, weights)
        likely = counts / np.bincount(source, counts)[source]
    order = np.lexsort((keys, -likely, source))
    firsts = np.unique(source[order], return_index=True)[1]
    best = keys[order[firsts]]
    return {
        from_words[key // len(to_words)]: to_words[key % len(to_words)]
        for key in best.tolist()
        if key // len(to_words) < len(from_words)
    }


def words_of(texts: Iterable[str], cut: Cut) -> list[list[str]]:
    """The words of each text.

    Args:
        texts: Any.
        cut: A text to where its words begin and end.
    """
    return [[text[start:end] for start, end in cut(text)] for text in texts]


def word_by_word(texts: Iterable[str], known: Mapping[str, str], cut: Cut) -> list[str]:
    """Texts with each word replaced by its translation, if known.

    Args:
        texts: Any.
        known: From ``lexicon``.
        cut: A text to where its words begin and end.

    Example:
        >>> word_by_word(["a cat!"], {"a": "eine", "cat": "Katze"}, lambda _: [(0, 1), (2, 5)])
        ['eine Katze!']
    """
    translations = []
    for text in texts:
        translation, end = "", 0
        for start, after in cut(text):
            word = text[start:after]
            translation += text[end:start] + known.get(word, word)
            end = after
        translations.append(translation + text[end:])
    return translations


def _inventory(sentences: Sentences) -> list[str]:
    return sorted({word for sentence in sentences for word in sentence})


def _word_codes(sentences: Sentences, words: Sequence[str], first: int | None) -> list[Codes]:
    code = {word: number for number, word in enumerate(words)}
    start = [] if first is None else [first]
    return [np.array([*start, *(code[w] for w in s)], dtype=np.int64) for s in sentences]


def _together(sources: list[Codes], targets: list[Codes], width: int) -> tuple[Codes, Codes]:
    """Every word of a source with every word of its target, and the place of the latter."""
    starts = np.cumsum([0, *(len(target) for target in targets)])
    pairs = [
        (source[:, None] * width + target[None, :]).ravel()
        for source, target in zip(sources, targets, strict=True)
    ]
    places = [
        np.tile(np.arange(start, start + len(target)), len(source))
        for source, target, start in zip(sources, targets, starts[:-1], strict=True)
    ]
    return np.concatenate(pairs), np.concatenate(places)
