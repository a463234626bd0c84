"""Distances of communities: closed forms, shared cards, chance and correction."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
import pytest

from polyculture.core.survey import Distance
from polyculture.core.values import Known, Undefined, Value
from polyculture.stats.inference.multiple_tests import benjamini_hochberg
from polyculture.zoo.count.likeness.distances import distances
from polyculture.zoo.count.likeness.kernel import Kernel
from polyculture.zoo.count.shares.trait_shares import trait_shares

NOTHING = Kernel(names=(), matrix=np.zeros((0, 0)))
NO_TRAITS = pl.DataFrame(schema={"name": pl.String, "trait": pl.String, "value": pl.String})


def known(value: Value) -> Known:
    assert isinstance(value, Known), value
    return value


def traits(*rows: tuple[str, str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["name", "trait", "value"], orient="row")


def cards(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{n:02}" for n in range(count)]


def of_one(trait: str, values: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Value to the cards that have it."""
    return traits(*((name, trait, value) for value, own in values.items() for name in own))


def blocks(*sizes: int) -> Kernel:
    """Designs ``a``, ``b``, ...: equal within, nothing in common between."""
    kinds = np.repeat(np.arange(len(sizes)), sizes)
    named = [n for letter, size in zip("abcd", sizes, strict=False) for n in cards(letter, size)]
    return Kernel(names=tuple(named), matrix=(kinds[:, None] == kinds).astype(float))


def test_communities_without_a_common_value_are_wholly_apart() -> None:
    """Every deal but the real one mixes them, so p is as small as deals allow."""
    a, b = cards("a", 8), cards("b", 8)

    [pair] = distances(
        blocks(8, 8), of_one("norm", {"layer": a, "rms": b}), {"A": a, "B": b}, draws=199
    )

    assert (pair.a, pair.b) == ("A", "B")
    assert known(pair.jensen_shannon).number == 1
    assert known(pair.kernel).number == pytest.approx(2)
    assert known(pair.jensen_shannon_p).number == known(pair.kernel_p).number == 1 / 200
    assert 0 < (known(pair.jensen_shannon).chance or 0) < 0.3
    assert known(pair.kernel).chance == pytest.approx(0, abs=0.05)


def test_a_community_is_no_distance_from_itself() -> None:
    """Two names for the same cards: distance 0 and a p of 1."""
    own = cards("a", 6)

    [pair] = distances(
        blocks(6, 1), of_one("norm", {"layer": own[:2], "rms": own[2:]}), {"A": own, "B": own}
    )

    assert known(pair.jensen_shannon).number == pytest.approx(0, abs=1e-12)
    assert known(pair.kernel).number == pytest.approx(0, abs=1e-12)
    assert known(pair.jensen_shannon_p).number == known(pair.kernel_p).number == 1


def test_the_divergence_is_the_mean_over_traits_that_both_have() -> None:
    """One trait wholly apart, one equal, one that only one side has: a half."""
    a, b = cards("a", 5), cards("b", 5)
    known_of = pl.concat(
        [
            of_one("norm", {"layer": a, "rms": b}),
            of_one("activation", {"gelu": [*a, *b]}),
            of_one("tokeniser", {"BPE": a}),
        ]
    )

    [pair] = distances(NOTHING, known_of, {"A": a, "B": b}, draws=50)

    assert known(pair.jensen_shannon).number == pytest.approx(0.5)


def test_several_values_of_a_card_share_its_weight() -> None:
    """A card that mixes attention and recurrence is half of each; repeated rows count once."""
    long = traits(
        ("a", "mixer", "attention"),
        ("a", "mixer", "recurrent"),
        ("a", "mixer", "recurrent"),
        ("b", "mixer", "recurrent"),
        ("b", "norm", None),
    )

    found = trait_shares(long)

    assert found.names == ("a", "b")
    assert found.votes.toarray().tolist() == [[0.5, 0.5], [0, 1]]
    assert found.bounds == (0, 2)


def test_shares_in_the_divergence_are_by_hand() -> None:
    """(.5, .3, .2) against (.2, .3, .5), once made of cards."""
    a, b = cards("a", 10), cards("b", 10)
    values = {"x": a[:5] + b[:2], "y": a[5:8] + b[2:5], "z": a[8:] + b[5:]}

    [pair] = distances(NOTHING, of_one("norm", values), {"A": a, "B": b}, draws=50)

    assert known(pair.jensen_shannon).number == pytest.approx(0.0958156020)


def test_shared_cards_stay_shared_in_every_deal() -> None:
    """Where nearly all cards are shared, little is left to deal, and nothing looks special."""
    own, extra = cards("a", 20), cards("b", 1)
    values = of_one("norm", {"layer": own, "rms": extra})

    [pair] = distances(blocks(20, 1), values, {"A": own, "B": own[1:] + extra}, draws=200)

    assert known(pair.jensen_shannon_p).number > 0.05


def test_all_pairs_are_corrected_together() -> None:
    """The q values are Benjamini and Hochberg's over the defined p values of all pairs."""
    rng = np.random.default_rng(3)
    members = {c: cards(c, 12) for c in "abcd"}
    everyone = [name for own in members.values() for name in own]
    values = traits(
        *((n, "norm", str(v)) for n, v in zip(everyone, rng.integers(3, size=48), strict=True))
    )

    found = distances(blocks(12, 12, 12), values, members, draws=99)

    assert [(one.a, one.b) for one in found] == [
        ("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d"),
    ]  # fmt: skip
    p = np.array([known(one.jensen_shannon_p).number for one in found])
    q = [known(one.jensen_shannon_q).number for one in found]
    assert q == pytest.approx(benjamini_hochberg(p).tolist())
    built = [one for one in found if "d" not in (one.a, one.b)]
    assert [known(one.kernel_q).number for one in built] == pytest.approx([0.01] * 3)
    assert sum(isinstance(one.kernel_q, Undefined) for one in found) == 3


def reason(value: Value) -> str:
    assert isinstance(value, Undefined), value
    return value.reason


def test_what_cannot_be_told_has_its_reason() -> None:
    """Too few built cards, too few traits, no trait in common; small communities make no pair."""
    a, b, c = cards("a", 6), cards("b", 6), cards("c", 6)
    values = pl.concat([of_one("norm", {"layer": a}), of_one("activation", {"gelu": b})])
    members = {"A": a, "B": b, "C": c, "small": a[:4], "twice": [a[0]] * 9}

    found = {(d.a, d.b): d for d in distances(blocks(6, 4), values, members, draws=20)}

    assert set(found) == {("A", "B"), ("A", "C"), ("B", "C")}
    assert reason(found["A", "B"].jensen_shannon) == "there is no trait that both A and B have"
    assert reason(found["A", "C"].jensen_shannon_p) == (
        "it takes at least 5 cards with traits in each, but C has 0"
    )
    assert reason(found["A", "B"].kernel) == (
        "it takes at least 5 built cards in each, but B has 4"
    )
    assert reason(found["A", "B"].kernel_q) == reason(found["A", "B"].kernel)


def test_nothing_to_compare_is_no_error() -> None:
    """No traits and nothing built, one community, none: reasons or no pairs."""
    members = {"A": cards("a", 6), "B": cards("b", 6)}

    [pair] = distances(NOTHING, NO_TRAITS, members)

    assert isinstance(pair.jensen_shannon, Undefined)
    assert isinstance(pair.kernel, Undefined)
    assert distances(NOTHING, NO_TRAITS, {"A": members["A"]}) == ()
    assert distances(NOTHING, NO_TRAITS, {}) == ()


def test_a_pair_keeps_its_numbers_whatever_others_there_are() -> None:
    """Deals are drawn for each pair by itself, and the same each time."""
    a, b, c = cards("a", 9), cards("b", 9), cards("c", 9)
    values = of_one("norm", {"layer": a[:6] + b[:3], "rms": a[6:] + b[3:] + c})

    def p_of(**members: list[str]) -> Distance:
        found = {(d.a, d.b): d for d in distances(blocks(9, 9, 9), values, members, draws=99)}
        return found["a", "b"]

    alone, among = p_of(a=a, b=b), p_of(c=c, a=a, b=b)
    assert alone.jensen_shannon_p == among.jensen_shannon_p
    assert alone.kernel == among.kernel
