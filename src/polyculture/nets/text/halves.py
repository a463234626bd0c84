"""Cut a text into two parts that follow one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyculture.nets.text.words import cut
from polyculture.stats.texts.sentences import sentences

if TYPE_CHECKING:
    import numpy as np


def halves(text: str, rng: np.random.Generator) -> tuple[str, str, bool] | None:
    """Two parts of a text, and whether the cut is between sentences.

    Which sentence the second part begins with is drawn; a text of one sentence is cut before the
    word in its middle.

    Args:
        text: Any text.
        rng: Where chance comes from.

    Returns:
        The parts, without spaces around them; None for a text of less than two words.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> halves("It rained. Nobody came!", rng)
        ('It rained.', 'Nobody came!', True)
        >>> halves("今天下雨", rng), halves("rain", rng)
        (('今天', '下雨', False), None)
    """
    starts = _starts(text)
    if starts:
        place = int(rng.choice(starts))
        return text[:place].strip(), text[place:].strip(), True
    words = cut(text)
    if len(words) < 2:  # noqa: PLR2004  # one for each part
        return None
    place = words[len(words) // 2][0]
    return text[:place].strip(), text[place:].strip(), False


def _starts(text: str) -> list[int]:
    """Where each sentence but the first begins."""
    starts, place = [], 0
    for sentence in sentences(text):
        place = text.index(sentence, place)
        starts.append(place)
        place += len(sentence)
    return starts[1:]
