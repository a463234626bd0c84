"""A lexicon is learnt from pairs of sentences alone."""

import numpy as np

from polyculture.stats.texts.lexicon import lexicon


def test_a_lexicon_finds_what_pairs_alone_can_tell() -> None:
    """Words that always come together, among many that do not; the order of pairs is nothing."""
    rng = np.random.default_rng(1)
    drawn = [rng.choice(20, 4, replace=False).tolist() for _ in range(300)]
    read = [[f"e{n}" for n in words] for words in drawn]
    told = [[f"f{n}" for n in reversed(words)] for words in drawn]

    known = lexicon(read, told)

    assert known == {f"e{n}": f"f{n}" for n in range(20)}
    assert known == lexicon(read[::-1], told[::-1])


def test_nothing_is_known_where_there_is_nothing_to_learn_from() -> None:
    """Empty sides give an empty lexicon."""
    assert lexicon([], []) == {}
    assert lexicon([["a"]], [[]]) == {}
