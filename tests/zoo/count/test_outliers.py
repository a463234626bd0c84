"""What is built like no other."""

import numpy as np
import polars as pl

from polyculture.zoo.count.likeness.kernel import Kernel
from polyculture.zoo.count.likeness.outliers import outliers, traits_of

KERNEL = Kernel(
    names=("a", "b", "c", "d"),
    matrix=np.array([[1, 0.9, 0.3, 0.2], [0.9, 1, 0.3, 0.1], [0.3, 0.3, 1, 0.0], [0.2, 0.1, 0, 1]]),
)
TABLE = pl.DataFrame(
    {
        "name": ["a", "b", "c", "d", "never built"],
        "communities": [["text"], [], ["x", "y"], None, []],
    }
)
TRAITS = pl.DataFrame(
    [
        ("c", "mixer", "recurrent"),
        ("c", "mixer", "attention"),
        ("c", "norm", "rms"),
        ("a", "norm", "layer"),
        ("d", "norm", None),
    ],
    schema=["name", "trait", "value"],
    orient="row",
)


def test_the_most_lonely_comes_first() -> None:
    """Each with its nearest other card; ties go to the first name."""
    found = outliers(KERNEL, TABLE, TRAITS)

    assert [(one.name, one.nearest, one.similarity) for one in found] == [
        ("d", "a", 0.2),
        ("c", "a", 0.3),
        ("a", "b", 0.9),
        ("b", "a", 0.9),
    ]


def test_it_says_what_the_card_is() -> None:
    """Communities and traits stand beside it; several values are joined."""
    d, c = outliers(KERNEL, TABLE, TRAITS, count=2)

    assert c.communities == ("x", "y")
    assert c.traits == {"mixer": "attention + recurrent", "norm": "rms"}
    assert (d.communities, d.traits) == ((), {})


def test_one_card_is_no_outlier() -> None:
    """Loneliness takes others."""
    for cards in (0, 1):
        kernel = Kernel(names=KERNEL.names[:cards], matrix=np.eye(cards))
        assert outliers(kernel, TABLE, TRAITS) == ()


def test_copies_of_the_strangest_hide_one_another() -> None:
    """Two equal cards have a nearest neighbour of similarity 1, and come last."""
    matrix = np.array([[1, 1, 0.1], [1, 1, 0.1], [0.1, 0.1, 1]])

    found = outliers(Kernel(names=("a", "b", "c"), matrix=matrix), TABLE, TRAITS)

    assert [one.name for one in found] == ["c", "a", "b"]


def test_traits_of_cards_that_have_none() -> None:
    """They are not there."""
    assert traits_of(TRAITS, ["b", "d"]) == {}
