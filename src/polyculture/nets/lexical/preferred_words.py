r"""Prefer a text by its words: how much likelier each is in texts that were preferred before.

\[ s(t) = \sum_{w \in t} \ln \frac{(c_w + 1) / (n_c + v)}{(r_w + 1) / (n_r + v)} \]

where a word occurs \(c_w\) times among the \(n_c\) words of the preferred texts and \(r_w\) times
among the \(n_r\) of the others, and v words are known: naive Bayes with add-one smoothing.
"""

import math
from collections import Counter
from collections.abc import Sequence

from polyculture.nets.text.words import cut


def prefers_by_words(
    chosen: Sequence[str], rejected: Sequence[str], pairs: Sequence[tuple[str, str]]
) -> list[bool]:
    """Whether the first text of each pair has the higher score; at a tie it has not.

    Args:
        chosen: Texts that were preferred.
        rejected: Texts that were not.
        pairs: Two texts each.

    Example:
        >>> prefers_by_words(["fine, thanks"], ["go away!"], [("thanks", "away"), ("?", "fine")])
        [True, False]
    """
    good, bad = (
        Counter(word for text in texts for word in words(text)) for texts in (chosen, rejected)
    )
    known = len(good.keys() | bad.keys())
    shift = math.log((bad.total() + known) / (good.total() + known)) if known else 0.0

    def score(text: str) -> float:
        return sum(math.log((good[w] + 1) / (bad[w] + 1)) + shift for w in words(text))

    return [score(first) > score(second) for first, second in pairs]


def words(text: str) -> list[str]:
    """The words of a text in small letters, its other signs among them.

    Example:
        >>> words("Oh, 你好?")
        ['oh', ',', '你', '好', '?']
    """
    return [text[start:end].lower() for start, end in cut(text)]
