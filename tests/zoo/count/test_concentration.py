"""Concentration of a zoo: closed forms, published data, chance that can be counted by hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from polyculture.checks.zoo import made_up
from polyculture.core import parts
from polyculture.core.cards import Cards
from polyculture.core.survey import Concentration
from polyculture.core.values import Known, Undefined, Value
from polyculture.stats.groups.concentration import gini, hhi, hhi_unbiased, hill, top_share
from polyculture.zoo.count.draws.intervals import with_interval
from polyculture.zoo.count.lineages.lineage_repair import mend
from polyculture.zoo.count.shares.concentration import concentrations
from polyculture.zoo.count.shares.concentration_figures import FIGURES, spread
from polyculture.zoo.count.shares.random_subsets import Pool, random_sets, resampled

ROOT = Path(__file__).parents[3]
ASSETS = ROOT.parent / "shared" / "data" / "ecosystem-graphs" / "resources" / "all_assets.csv"


def zoo(
    makers: Sequence[str | None],
    *,
    communities: Mapping[str, Sequence[int]] | None = None,
    parents: Sequence[tuple[int, int, str, int]] = (),
    traits: Sequence[tuple[int, str, str]] = (),
    **columns: Sequence[Any],
) -> Cards:
    """Cards ``n000``, ``n001``, … with their makers."""
    names = [f"n{number:03}" for number in range(len(makers))]
    groups = communities or {}
    belongs = [[g for g, own in groups.items() if n in own] for n in range(len(names))]
    nothing: list[None] = [None] * len(names)
    text = dict.fromkeys(("maker", "licence", "library"), pl.String)
    table = pl.DataFrame(
        {
            "name": names,
            "communities": belongs,
            "year": nothing,
            "maker": makers,
            "licence": nothing,
            "library": nothing,
            "downloads": columns.get("downloads", nothing),
            "parameters": columns.get("parameters", nothing),
        },
        schema_overrides={
            "communities": pl.List(pl.String), "year": pl.Int32, "downloads": pl.Float64,
            "parameters": pl.Float64, **text,
        },
    )  # fmt: skip
    edges = [(names[c], names[p], kind, count) for c, p, kind, count in parents]
    told = [(names[n], trait, value) for n, trait, value in traits]
    return Cards(
        source="numbers",
        unit="card",
        table=table,
        parents=pl.DataFrame(
            edges, orient="row",
            schema={"child": pl.String, "parent": pl.String, "kind": pl.String, "count": pl.Int32},
        ),
        traits=pl.DataFrame(
            told, orient="row", schema=dict.fromkeys(("name", "trait", "value"), pl.String)
        ),
    )  # fmt: skip


def known(value: Value) -> Known:
    assert isinstance(value, Known), value
    return value


def reason(value: Value) -> str:
    assert isinstance(value, Undefined), value
    return value.reason


def found(
    cards: Cards, over: str, community: str = "", weight: str = "count", **asked: int
) -> Concentration:
    draws, resamples = asked.get("draws", 50), asked.get("resamples", 50)
    [one] = [
        one
        for one in concentrations(cards, draws=draws, resamples=resamples)
        if (one.over, one.community, one.weight) == (over, community, weight)
    ]
    return one


def numbers(one: Concentration) -> list[float]:
    """HHI, HHI without bias, both Hill numbers, Gini, share of the top."""
    values = (one.hhi, one.hhi_unbiased, one.hill1, one.hill2, one.gini, one.top_share)
    return [known(value).number for value in values]


def test_equal_classes_count_fully() -> None:
    """Four makers of five cards each are four makers; ties of the largest go by code point."""
    one = found(zoo(["d", "c", "b", "a"] * 5), "maker")

    assert numbers(one) == pytest.approx([1 / 4, 4 * 20 / 380, 4, 4, 0, 1 / 4])
    assert (one.members, one.unknown, one.classes, one.top) == (20, 0, 4, "a")


def test_one_class_is_one() -> None:
    """Whoever made everything has all of it."""
    one = found(zoo(["a"] * 6), "maker")

    assert numbers(one) == pytest.approx([1, 1, 1, 1, 0, 1])


def test_published_assets_give_the_published_figures() -> None:
    """Ecosystem Graphs, organisations as written: computed before from the same table."""
    if not ASSETS.is_file():
        pytest.skip(f"{ASSETS} is not here")
    rows = pl.read_csv(ASSETS, infer_schema=False).filter(pl.col("type") == "model")

    one = found(zoo(rows.get_column("organization").to_list()), "maker")

    assert (one.members, one.classes) == (429, 166)
    assert known(one.hhi).number == pytest.approx(0.0258475014, abs=5e-11)
    assert known(one.hhi_unbiased).number == pytest.approx(0.0235714441, abs=5e-11)
    assert known(one.hill1).number == pytest.approx(84.847374, abs=5e-7)
    assert known(one.gini).number == pytest.approx(0.518592, abs=5e-7)


def test_cards_without_a_class_are_left_out_and_counted() -> None:
    """They neither share nor differ."""
    one = found(zoo(["a", None, "a", "b", None]), "maker")

    assert (one.members, one.unknown) == (3, 2)
    assert known(one.top_share).number == pytest.approx(2 / 3)


def test_lineages_count_by_roots() -> None:
    """Three of five cards come from the first; the others are lineages of their own."""
    one = found(zoo([None] * 5, parents=[(1, 0, "base", 1), (2, 1, "base", 1)]), "lineage")

    assert (one.classes, one.top) == (3, "n000")
    assert numbers(one)[:2] == pytest.approx([(9 + 1 + 1) / 25, 6 / 20])


def test_a_vote_is_divided_among_several_roots() -> None:
    """A quarter to one and three to the other; pairs of cards then have no meaning."""
    edges = [(2, 0, "base", 1), (2, 1, "base", 3)]

    one = found(zoo([None] * 3, parents=edges), "lineage")

    assert known(one.hhi).number == pytest.approx((1.25**2 + 1.75**2) / 9)
    assert known(one.top_share).number == pytest.approx(1.75 / 3)
    assert "divide their vote" in reason(one.hhi_unbiased)


def test_bases_and_copies_are_lineages_of_their_own_where_both_occur() -> None:
    """One card copied from a second base counts for both in the lineage of any kind."""
    edges = [(1, 0, "base", 1), (3, 2, "copy", 1)]

    overs = {one.over for one in concentrations(zoo([None] * 4, parents=edges), resamples=10)}
    only = {one.over for one in concentrations(zoo([None] * 4, parents=edges[:1]), resamples=10)}

    assert overs == {"lineage", "lineage of bases", "lineage of copies", "maker", "licence",
                     "library"}  # fmt: skip
    assert only == overs - {"lineage of bases", "lineage of copies"}


def test_several_values_of_a_trait_share_a_vote() -> None:
    """A card that is both, and a card that is one of them."""
    traits = [(0, "norm", "rms"), (0, "norm", "layer"), (1, "norm", "rms"), (0, "size", "big")]

    one = found(zoo([None] * 2, traits=traits), "norm")

    assert (one.top, known(one.top_share).number) == ("rms", 0.75)


def test_what_no_card_says_is_one_entry_with_its_reason() -> None:
    """Communities are not listed for it."""
    ours = zoo([None] * 3, communities={"x": [0, 1]})

    entries = [one for one in concentrations(ours, resamples=10) if one.over == "maker"]

    assert len(entries) == 1
    assert reason(entries[0].hhi) == "no card has a maker"
    assert reason(found(ours, "lineage").hill1) == "no card has a parent"


def test_chance_of_a_community_is_that_of_sets_of_its_size() -> None:
    """Two of a, a, b, b: one pair in three is of one maker, and HHI is 1 then, else 1/2."""
    one = found(zoo(["a", "a", "b", "b"], communities={"x": [0, 1]}), "maker", "x", draws=4_000)

    assert known(one.hhi).chance == pytest.approx(1 / 3 + 2 / 3 * 1 / 2, abs=0.01)
    assert known(one.p_value).number == pytest.approx(1 / 3, abs=0.03)


def test_chance_is_the_same_whether_cards_or_their_numbers_are_drawn() -> None:
    """Large classes are drawn as numbers; the mean of HHI is known in closed form."""
    makers = ["a"] * 60 + ["b"] * 40
    one = found(zoo(makers, communities={"x": range(20, 70)}), "maker", "x", draws=4_000)

    mean, variance = 50 * 0.6, 50 * 0.6 * 0.4 * 50 / 99  # hypergeometric
    expected = (2 * variance + mean**2 + 20**2) / 50**2
    assert known(one.hhi).chance == pytest.approx(expected, abs=0.001)


def test_resampling_is_the_same_whether_cards_or_their_numbers_are_drawn() -> None:
    """Mean and spread of all figures agree between both ways."""
    code = np.repeat([0, 1, 2], [30, 20, 10])
    votes = csr_array((np.ones(60), (np.arange(60), code)), shape=(60, 3))
    split = csr_array((np.ones(60), (np.arange(60), code)), shape=(60, 300))  # too many classes
    rng = np.random.default_rng(5)

    by_number, by_card = (
        resampled(
            Pool(votes=one, classes=np.arange(one.shape[1]), counts_cards=True),
            rounds=4_000,
            rng=rng,
        )
        for one in (votes, split)
    )

    np.testing.assert_allclose(by_number.mean(axis=0), by_card.mean(axis=0), rtol=0.02)
    np.testing.assert_allclose(by_number.std(axis=0), by_card.std(axis=0), rtol=0.1)


def test_sets_hold_no_card_twice() -> None:
    """Where each card is a class of its own, a set of any size has as many classes."""
    votes = csr_array(np.eye(30))
    pool = Pool(votes=votes, classes=np.arange(30), counts_cards=True)
    sizes = {"x": 20, "y": 20, "z": 29}  # the second does not fit behind the first

    drawn = random_sets(pool, sizes, draws=40, rng=np.random.default_rng(1))

    for name, size in sizes.items():
        np.testing.assert_allclose(drawn[name][:, FIGURES.index("hill1")], size)


def test_a_community_of_all_cards_has_nothing_to_be_compared_with() -> None:
    """Nor have all cards together, except for lineages."""
    edges = [(1, 0, "base", 1), (2, 0, "base", 1)]
    ours = zoo(["a", "a", "b"], communities={"x": [0, 1, 2]}, parents=edges)

    assert "every card" in reason(found(ours, "maker", "x").p_value)
    assert "nothing to be compared with" in reason(found(ours, "maker").p_value)
    assert known(found(ours, "lineage").p_value).number > 0
    assert known(found(ours, "maker").hill1).chance is None


def test_lineages_of_all_cards_are_compared_with_uniform_attachment() -> None:
    """Nineteen children of one card are more than chance makes of nineteen edges."""
    edges = [(child, 0, "base", 1) for child in range(1, 20)]
    ours = zoo([None] * 40, parents=edges)

    one = found(ours, "lineage", draws=199)

    assert known(one.p_value).number == 1 / 200
    assert (known(one.hill1).chance or 0) > known(one.hill1).number


@pytest.mark.parametrize(("rows", "told"), [([], "none"), ([3], "one")])
def test_fewer_than_two_cards_have_no_concentration(rows: list[int], told: str) -> None:
    """Every figure says why."""
    ours = zoo(["a", "b", None, "b"], communities={"x": [2, *rows]})

    one = found(ours, "maker", "x")

    assert reason(one.hhi) == f"it takes 2 cards with a class, and there is {told}"
    assert reason(one.p_value) == reason(one.gini) == reason(one.hhi)
    assert (one.members, one.unknown) == (len(rows), 1)


def test_downloads_weigh_where_half_of_the_cards_know_them() -> None:
    """One card with most downloads makes its maker the largest; unknown ones are left out."""
    makers = ["a", "a", "b", "c"]
    ours = zoo(makers, downloads=[1, 1, 8, None], parameters=[1, None, None, None])

    one = found(ours, "maker", weight="downloads")

    assert (one.top, known(one.top_share).number, one.unknown) == ("b", 0.8, 1)
    assert known(one.hhi).number == pytest.approx(0.8**2 + 0.2**2)
    assert "pairs of cards" in reason(one.hhi_unbiased)
    assert "parameters" not in {each.weight for each in concentrations(ours, resamples=10)}


def test_cards_that_nobody_downloads_have_no_concentration_of_downloads() -> None:
    """A community of zeros is told; a zoo of zeros has no such weight."""
    ours = zoo(["a", "b", "c"], downloads=[0, 0, 5], communities={"x": [0, 1]})

    assert "0 downloads" in reason(found(ours, "maker", "x", "downloads").hhi)
    nobody = zoo(["a", "b"], downloads=[0, 0])
    assert {one.weight for one in concentrations(nobody, resamples=10)} == {"count"}


def test_every_interval_holds_its_value_and_stays_in_range() -> None:
    """Also where all cards differ and resampled sets lack a third of them."""
    one = found(zoo([f"m{n}" for n in range(30)]), "maker", resamples=400)
    other = found(zoo(["a"] * 5 + [f"m{n}" for n in range(25)]), "maker", resamples=400)

    for value in (other.hhi, other.hill1, other.hill2, other.gini, other.top_share):
        known_one = known(value)
        assert known_one.low is not None
        assert known_one.high is not None
        assert known_one.low <= known_one.number <= known_one.high
    assert known(one.hill1).high is None or known(one.hill1).high == 30
    assert known(one.hill1).number == pytest.approx(30)


def test_few_rounds_give_a_normal_interval() -> None:
    """As for zoos of millions of cards: 1.96 standard deviations to each side."""
    rounds = np.random.default_rng(1).normal(4.0, 0.1, size=39)

    value = with_interval(5.0, rounds, low=1.0, high=9.0)

    assert (value.high or 0) - 5 == pytest.approx(1.96 * rounds.std(ddof=1), rel=1e-4)
    assert with_interval(5.0, rounds, low=4.9, high=5.1).high == 5.1


def test_one_seed_gives_one_set_of_figures() -> None:
    """Nothing depends on what was drawn before."""
    ours = zoo(["a", "b", "b"] * 4, communities={"x": range(5)}, parents=[(1, 0, "base", 1)])

    assert concentrations(ours, draws=20, resamples=20) == concentrations(
        ours, draws=20, resamples=20
    )


@pytest.mark.slow
def test_a_made_up_hub_has_every_figure_in_each_community(tmp_path: Path) -> None:
    """With cycles, self-parents, strangers, merges and missing dates in it."""
    made_up(20_000).write_parquet(tmp_path / "models.parquet")
    ours = parts.load("zoo.sources", "hub").read([tmp_path / "models.parquet"])

    every = concentrations(ours, draws=40, resamples=40)

    lineages = [one for one in every if one.over == "lineage" and one.weight == "count"]
    assert len(lineages) == 41
    for one in lineages:
        assert 1 / one.members <= known(one.hhi).number < known(one.top_share).number
        assert known(one.hill2).number <= known(one.hill1).number <= one.members
    assert known(lineages[0].hill1).number < (known(lineages[0].hill1).chance or 0)
    assert any(one.weight == "downloads" for one in every)


def test_a_made_up_hub_has_all_that_goes_wrong(tmp_path: Path) -> None:
    """What a survey must live with is in the snapshot that it is measured on."""
    table = made_up(5_000)
    table.write_parquet(tmp_path / "models.parquet")
    graph = mend(parts.load("zoo.sources", "hub").read([tmp_path / "models.parquet"]))

    told = " ".join(graph.notes)
    assert "names itself as its parent" in told
    assert "lie on cycles" in told
    assert "are not among the cards" in told
    assert (np.bincount(graph.child) > 1).sum() > 50
    assert table.get_column("created").null_count() > 0
    assert (
        table.get_column("parents").list.len() == table.get_column("relations").list.len()
    ).all()
    assert table.get_column("created").drop_nulls().is_sorted()


@given(st.lists(st.lists(st.integers(0, 6), min_size=5, max_size=5), min_size=1, max_size=6))
def test_figures_of_many_draws_are_those_of_each(rows: list[list[int]]) -> None:
    """Computed together, they agree with the definitions; a draw without members has none."""
    totals = np.array(rows, dtype=float)

    figures = spread(totals, whole=True)

    for counts, found_here in zip(totals, figures, strict=True):
        if not counts.sum():
            assert np.isnan(found_here).all()
            continue
        one = [hhi(counts), hill(counts, 1), hill(counts, 2), gini(counts), top_share(counts)]
        np.testing.assert_allclose(found_here[[0, 2, 3, 4, 5]], one, atol=1e-12)
        pairs = hhi_unbiased(counts) if counts.sum() > 1 else np.nan
        np.testing.assert_allclose(found_here[1], pairs, atol=1e-12)
