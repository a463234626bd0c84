"""From cards to a survey: small zoos whose figures are known, and whatever odd cards hold."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

from polyculture.core.cards import CARD_COLUMNS, Cards
from polyculture.core.errors import DataError
from polyculture.core.survey import Survey, Trend
from polyculture.core.values import Known, Undefined, Value
from polyculture.core.views import Architecture, Module
from polyculture.zoo.count.assemble import survey
from polyculture.zoo.count.merge_sources import joined
from polyculture.zoo.count.summary import summary

TYPES = {
    name: pl.List(pl.String) if kind.startswith("List") else getattr(pl, kind)
    for name, kind in CARD_COLUMNS.items()
}


def cards(
    rows: Sequence[dict[str, Any]],
    parents: Sequence[tuple[str, str, str]] = (),
    traits: Sequence[tuple[str, str, str]] = (),
    graphs: dict[str, Architecture] | None = None,
    source: str = "made up",
) -> Cards:
    usual = {**dict.fromkeys(CARD_COLUMNS), "communities": ["x"], "is_built": False}
    table = pl.DataFrame([{**usual, **row} for row in rows], schema=TYPES).sort("name")
    edges = [(*parent, 1) for parent in parents]
    return Cards(
        source=source,
        unit="model",
        table=table,
        parents=pl.DataFrame(
            edges,
            schema={
                "child": pl.String, "parent": pl.String, "kind": pl.String, "count": pl.Int32,
            },
            orient="row",
        ),
        traits=pl.DataFrame(
            list(traits),
            schema=dict.fromkeys(("name", "trait", "value"), pl.String),
            orient="row",
        ),
        graphs=graphs or {},
        listed=len(rows),
    )  # fmt: skip


def chain(*kinds: str) -> Architecture:
    modules = tuple(
        Module(kind=kind, parents=(n - 1,) if n else ()) for n, kind in enumerate(kinds)
    )
    return Architecture(modules=modules, parameters=1, configuration={})


def count(zoo: Cards, **more: Any) -> Survey:
    return survey(zoo, draws=99, resamples=50, **more)


def number(value: Value) -> float:
    assert isinstance(value, Known), value
    return value.number


def trend_of(found: Survey, figure: str, trait: str = "") -> Trend:
    (one,) = [t for t in found.trends if (t.figure, t.trait, t.community) == (figure, trait, "")]
    return one


def test_two_lineages_of_equal_size_count_as_two() -> None:
    """Four cards come from ``a`` and four from ``b``, roots included."""
    rows = [{"name": f"{root}{n}"} for root in "ab" for n in range(4)]
    parents = [(f"{root}{n}", f"{root}0", "base") for root in "ab" for n in range(1, 4)]

    found = summary(count(cards(rows, parents)))

    assert found["all"]["hill1"] == pytest.approx(2)
    assert found["communities"]["x"]["hhi"] == pytest.approx(0.5)
    assert found["lineage"] == {"a0": 3, "b0": 3}
    assert found["all"]["similarity_sensitive"] == {"reason": "no card of it was built"}


def test_renamed_copies_of_one_architecture_count_as_one() -> None:
    """Twenty equal networks under twenty names are one architecture."""
    rows = [{"name": f"m{n:02}", "is_built": True} for n in range(20)]
    graphs = {f"m{n:02}": chain("embedding", "linear", "gelu") for n in range(20)}

    found = summary(count(cards(rows, graphs=graphs)))

    assert found["built"] == 20
    assert found["all"]["similarity_sensitive"] == pytest.approx(1)
    assert found["all"]["hill1"] == {"reason": "no card has a parent"}


def test_where_no_lineage_is_known_every_community_says_so() -> None:
    """The reason is the true one, and not that a community of ten has no cards."""
    rows = [{"name": f"m{n}", "communities": [["x"], ["y"]][n % 2]} for n in range(20)]

    found = summary(count(cards(rows)))

    for community in ("x", "y"):
        assert found["communities"][community]["families"] == 10
        assert found["communities"][community]["hill1"] == {"reason": "no card has a parent"}


def test_copies_alone_are_printed_as_copies() -> None:
    """A source that only knows copies has no bases."""
    parents = [(f"m{n}", "m0", "copy") for n in range(1, 5)]

    found = summary(count(cards([{"name": f"m{n}"} for n in range(5)], parents)))

    assert (found["lineage"], found["copies"]) == ({}, {"m0": 4})


def test_odd_cards_are_counted_and_told_and_never_stop_a_survey() -> None:
    """Cycles, self-parents, unknown parents, no dates, dates to come, no trait, no community."""
    rows: list[dict[str, Any]] = [
        {"name": "a", "year": 2020}, {"name": "b", "year": 2999}, {"name": "c"},
        {"name": "d", "communities": []}, {"name": "e", "communities": None},
    ]  # fmt: skip
    parents = [
        ("a", "b", "base"), ("b", "a", "base"), ("c", "c", "base"), ("d", "nobody", "base"),
    ]  # fmt: skip

    found = count(cards(rows, parents, traits=[("a", "norm", "layer")]))

    notes = " ".join((*found.notes, *found.forests[0].mended))
    assert "Years that lie in the future, taken as not known: 1." in notes
    assert "Cards without a year, which trends leave out: 4 of 5." in notes
    assert "Cards in no community, which count among all cards only: 2." in notes
    assert "There is one community only" in notes
    assert "Cards without any trait, which figures of traits leave out: 4." in notes
    for word in ("cycle", "itself", "nobody"):
        assert word in notes, word
    assert summary(found)["lineage"] == {"a": 1, "b": 1, "nobody": 1}
    assert "cycle" in " ".join(summary(found)["forests"]["any"]["mended"])


def test_an_empty_zoo_is_refused_in_one_sentence() -> None:
    """Nothing was read, so nothing can be counted."""
    with pytest.raises(DataError, match="made up has no cards, so there is nothing to survey"):
        count(cards([]))


def test_a_growing_monoculture_shows_as_a_rising_trend() -> None:
    """From year to year more cards come from ``a``; two of a year share it ever more often."""
    rows, parents = [{"name": "a", "year": 2010}], []
    for year in range(2010, 2018):
        for n in range(10):
            name = f"m{year}-{n}"
            rows.append({"name": name, "year": year})
            if n < year - 2008:
                parents.append((name, "a", "base"))

    trend = trend_of(count(cards(rows, parents)), "same lineage")

    k = np.arange(3, 10)  # members of a's lineage in 2011 and later
    expected = k * (k - 1) / 90
    assert [number(point.value) for point in trend.points[1:]] == pytest.approx(expected)
    assert number(trend.tau) == pytest.approx(1)
    assert number(trend.p_value) < 0.01


def test_a_trait_that_took_over_is_dated() -> None:
    """``rms`` holds half of each year's cards from 2014 on, and for good."""
    rows, traits = [], []
    for year in range(2010, 2018):
        for n in range(10):
            name = f"m{year}-{n}"
            rows.append({"name": name, "year": year})
            traits.append((name, "norm", "rms" if n < (year - 2010) + 1 else "layer"))

    (history,) = count(cards(rows, traits=traits)).histories

    assert (history.value, history.first_year) == ("rms", 2014)
    assert history.share == pytest.approx((6 + 7 + 8) / 30)
    assert isinstance(history.effective_first, Known)


def test_a_year_of_ten_cards_has_no_interval_of_sets_of_ten() -> None:
    """Its halves would be the year itself, and an interval without width looks like certainty."""
    rows = [{"name": f"m{n:02}", "year": 2010 + n // 10} for n in range(50)]
    parents = [(f"m{n:02}", f"m{n % 3:02}", "base") for n in range(3, 50)]

    trend = trend_of(count(cards(rows, parents)), "hill1 of lineage")

    for point in trend.points:
        assert isinstance(point.value, Known)
        assert point.value.low is None
        assert point.value.no_interval == "half of the cards are too few for it"


def test_too_few_years_are_no_trend_and_no_history_of_numbers() -> None:
    """Three years of five cards: no trend; the effective values say why they are undefined."""
    rows = [{"name": f"m{n:02}", "year": 2010 + n // 5} for n in range(15)]
    traits = [(f"m{n:02}", "norm", "rms") for n in range(15)]

    found = count(cards(rows, traits=traits))

    assert found.trends == ()
    assert isinstance(found.histories[0].effective_last, Undefined)


def test_a_name_of_two_sources_is_two_cards() -> None:
    """Neither takes the other's parents, traits or graph."""
    own = {"name": "bert", "is_built": True}
    first, second = (
        cards([own], traits=[("bert", "t", source)], graphs={"bert": chain(source)}, source=source)
        for source in ("left", "right")
    )

    zoo = joined([first, second])

    assert zoo.table.get_column("name").to_list() == ["bert (left)", "bert (right)"]
    assert set(zoo.graphs) == {"bert (left)", "bert (right)"}
    assert dict(zoo.traits.select("name", "value").iter_rows()) == {
        "bert (left)": "left", "bert (right)": "right",
    }  # fmt: skip
    assert "Names that occur in two sources, and carry theirs: 1." in zoo.notes


@pytest.mark.slow
def test_the_same_cards_give_the_same_survey() -> None:
    """All drawing follows the seed."""
    rows = [{"name": f"m{n:02}", "year": 2010 + n % 6, "maker": "ab"[n % 2]} for n in range(60)]
    parents = [(f"m{n:02}", f"m{n // 3:02}", "base") for n in range(1, 60)]
    made = cards(rows, parents)

    first, second = (count(made, seed=4).model_dump(exclude={"seconds"}) for _ in range(2))

    assert first == second
    assert first != count(made, seed=5).model_dump(exclude={"seconds"})


@pytest.mark.slow
def test_communities_that_come_to_build_alike_come_closer() -> None:
    """Each year fewer cards of ``y`` have another value than those of ``x``."""
    rows, traits = [], []
    for year in range(2010, 2016):
        for n in range(12):
            for community in "xy":
                name = f"{community}{year}-{n:02}"
                rows.append({"name": name, "year": year, "communities": [community]})
                differs = community == "y" and n < 2 * (2016 - year)
                traits.append((name, "norm", "layer" if differs else "rms"))

    trend = trend_of(count(cards(rows, traits=traits)), "distance")

    assert number(trend.points[0].value) == pytest.approx(1)  # nothing in common
    assert number(trend.points[-1].value) < 0.2
    assert number(trend.tau) == pytest.approx(-1)
