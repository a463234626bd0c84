"""Roots, descendants and chance of lineages: closed forms, and counting by other means."""

from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.core.values import Known, Undefined, Value
from polyculture.zoo.count.lineages.attachment import attachments
from polyculture.zoo.count.lineages.descendants import descent
from polyculture.zoo.count.lineages.lineage import descendants, forest, graph_roots, root_shares
from polyculture.zoo.count.lineages.lineage_repair import Graph
from polyculture.zoo.count.shares.concentration_figures import FIGURES

Edge = tuple[int, int, int]


def graph_of(
    cards: int, edges: list[Edge], *, outside: int = 0, years: list[int] | None = None
) -> Graph:
    """A graph of (child, parent, weight); nodes are named n00, n01 and so on."""
    rows = np.array(sorted(edges), dtype=np.int64).reshape(-1, 3)
    nodes = cards + outside
    return Graph(
        kind="any",
        names=pl.Series([f"n{node:02}" for node in range(nodes)]),
        cards=cards,
        years=np.array(years if years is not None else [-1] * cards),
        child=rows[:, 0],
        parent=rows[:, 1],
        weights=rows[:, 2].astype(float),
        named_by=np.bincount(rows[:, 1], minlength=nodes),
    )


def known(value: Value) -> Known:
    assert isinstance(value, Known), value
    return value


CHAIN = graph_of(4, [(1, 0, 1), (2, 1, 1), (3, 2, 1)])
STAR = graph_of(5, [(child, 0, 1) for child in range(1, 5)])
DIAMOND = graph_of(5, [(2, 0, 1), (2, 1, 3), (3, 0, 1), (4, 2, 1), (4, 3, 1)])
"""2 is one quarter from 0 and three from 1; 4 comes from 2 and from 3, which comes from 0."""


def test_a_chain_has_one_root() -> None:
    """All votes go to the start, and each card has those after it below."""
    found = forest(CHAIN, draws=3, resamples=10)

    assert root_shares(CHAIN).toarray()[:, 0].tolist() == [1, 1, 1, 1]
    assert descendants(CHAIN).tolist() == [3, 2, 1, 0]
    assert (found.depth, found.roots, found.alone, found.edges) == (3, 1, 0, 3)
    assert [one.depth for one in found.ancestors] == [3, 2, 1]
    assert [one.sole for one in found.ancestors] == [3, 2, 1]


def test_a_star_has_one_ancestor() -> None:
    """All others are its children."""
    found = forest(STAR, draws=3, resamples=10)

    [center] = found.ancestors
    assert (center.name, center.children, center.descendants, center.depth) == ("n00", 4, 4, 1)
    assert center.share == known(found.largest).number == 4 / 5
    assert found.parents == {"n00": 4}


def test_a_vote_is_divided_in_proportion_to_the_weights_of_edges() -> None:
    """Each part goes on to that parent's roots."""
    shares = root_shares(DIAMOND).toarray()

    assert shares[2].tolist() == [0.25, 0.75, 0, 0, 0]
    assert shares[4].tolist() == [0.625, 0.375, 0, 0, 0]
    assert shares[3].tolist() == shares[0].tolist() == [1, 0, 0, 0, 0]


def test_a_descendant_by_two_paths_counts_once() -> None:
    """And it is nobody's sole descendant if it has another root."""
    found = {one.name: one for one in forest(DIAMOND, draws=2, resamples=5).ancestors}

    assert {name: one.descendants for name, one in found.items()} == {
        "n00": 3, "n01": 2, "n02": 1, "n03": 1
    }  # fmt: skip
    assert {name: one.sole for name, one in found.items()} == {
        "n00": 1, "n01": 0, "n02": 1, "n03": 0
    }  # fmt: skip


def test_the_most_fruitful_come_first_and_equal_ones_by_name() -> None:
    """Outsiders are ancestors too, and are told apart."""
    graph = graph_of(5, [(1, 0, 1), (3, 5, 1), (4, 5, 1)], outside=1)

    found = forest(graph, draws=2, resamples=5)

    assert [(one.name, one.is_card) for one in found.ancestors] == [("n05", False), ("n00", True)]
    assert (found.roots, found.alone, found.several_parents) == (1, 1, 0)


def test_a_forest_without_edges_has_no_largest_ancestor() -> None:
    """The reason is told."""
    found = forest(graph_of(3, []))

    assert found.largest == Undefined(reason="no card has a parent")
    assert (found.alone, found.depth, found.ancestors, found.parents) == (3, 0, (), {})


def acyclic(*, outside: int = 3, most: int = 9) -> st.SearchStrategy[Graph]:
    """Small graphs: a card's parents are earlier cards, or outsiders."""

    @st.composite
    def made(draw: st.DrawFn) -> Graph:
        cards = draw(st.integers(1, most))
        edges: list[Edge] = []
        for child in range(cards):
            before = [*range(child), *range(cards, cards + outside)]
            parents = draw(st.lists(st.sampled_from(before), max_size=4, unique=True))
            edges += [(child, parent, draw(st.integers(1, 5))) for parent in parents]
        return graph_of(cards, edges, outside=outside)

    return made()


def parents_of(graph: Graph, node: int) -> list[tuple[int, Fraction]]:
    here = graph.child == node
    return [
        (int(parent), Fraction(int(weight)))
        for parent, weight in zip(graph.parent[here], graph.weights[here], strict=True)
    ]


def votes_by_hand(graph: Graph, node: int) -> dict[int, Fraction]:
    """The rule as it is written, in exact fractions."""
    parents = parents_of(graph, node)
    if not parents:
        return {node: Fraction(1)}
    total = sum(weight for _, weight in parents)
    votes: dict[int, Fraction] = {}
    for parent, weight in parents:
        for root, part in votes_by_hand(graph, parent).items():
            votes[root] = votes.get(root, Fraction(0)) + part * weight / total
    return votes


def ancestors_by_hand(graph: Graph, node: int) -> set[int]:
    parents = {parent for parent, _ in parents_of(graph, node)}
    return parents.union(*(ancestors_by_hand(graph, parent) for parent in parents))


def height_by_hand(graph: Graph, node: int) -> int:
    children = graph.child[graph.parent == node]
    return max((1 + height_by_hand(graph, int(child)) for child in children), default=0)


@settings(max_examples=60)
@given(acyclic())
def test_votes_follow_the_rule_on_any_graph(graph: Graph) -> None:
    """Against exact fractions by recursion."""
    shares = root_shares(graph).toarray()

    for card in range(graph.cards):
        expected = np.zeros(graph.nodes)
        for root, part in votes_by_hand(graph, card).items():
            expected[root] = float(part)
        np.testing.assert_allclose(shares[card], expected, atol=1e-12)


@settings(max_examples=60)
@given(acyclic())
def test_descendants_depth_and_sole_are_exact_on_any_graph(graph: Graph) -> None:
    """Against sets of ancestors by recursion."""
    above = {card: ancestors_by_hand(graph, card) for card in range(graph.cards)}
    roots = {card: set(votes_by_hand(graph, card)) for card in range(graph.cards)}

    found = descent(graph, graph_roots(graph))

    for node in range(graph.nodes):
        below = [card for card in above if node in above[card]]
        own = {node} | (above[node] if node < graph.cards else set())
        assert found.descendants[node] == len(below)
        assert found.depth[node] == height_by_hand(graph, node)
        assert found.sole[node] == sum(roots[card] <= own for card in below)


def test_a_long_chain_takes_no_recursion() -> None:
    """Five thousand generations."""
    many = 5_000
    line = np.arange(many - 1)
    graph = Graph(
        kind="any", names=pl.Series(range(many)).cast(pl.String), cards=many,
        years=np.full(many, -1), child=line + 1, parent=line, weights=np.ones(many - 1),
        named_by=np.bincount(line, minlength=many),
    )  # fmt: skip

    found = descent(graph, graph_roots(graph))

    assert found.depth[0] == found.descendants[0] == found.sole[0] == many - 1


FOUR = graph_of(4, [(2, 0, 1), (3, 2, 1)], years=[2020, 2021, 2022, 2023])
"""Two roots; then 2 chooses one of two, and 3 one of three."""


def test_chance_is_what_counting_all_lineages_gives() -> None:
    """3 chooses 2, or 2's parent, in two of three cases; the largest then has two below it."""
    found = attachments(FOUR, draws=6_000, seed=4)

    two = found.largest == 2 / 4
    assert set(found.largest) == {1 / 4, 2 / 4}
    assert two.mean() == pytest.approx(2 / 3, abs=0.02)
    hill1 = found.spreads["count"][:, FIGURES.index("hill1")]
    uneven = np.exp(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    np.testing.assert_allclose(hill1, np.where(two, uneven, 2.0))


def test_the_chance_of_a_forest_is_the_mean_of_such_draws() -> None:
    """(2/3 x 2 + 1/3 x 1) / 4 = 5/12, beside an observed 2/4."""
    largest = known(forest(FOUR, draws=6_000, resamples=50, seed=4).largest)

    assert largest.number == 2 / 4
    assert largest.chance == pytest.approx(5 / 12, abs=0.01)


def test_within_a_year_the_order_is_drawn() -> None:
    """Of two cards of one year, one with a parent, that one comes first in half of the draws."""
    graph = graph_of(2, [(1, 0, 1)], years=[2020, 2020])

    found = attachments(graph, draws=2_000)

    assert set(found.largest) == {0.0, 0.5}
    assert found.largest.mean() == pytest.approx(0.25, abs=0.02)


def test_cards_without_a_year_stand_anywhere_in_the_order() -> None:
    """With one dated root, an undated card may come before it or after it."""
    dated = graph_of(2, [(1, 0, 1)], years=[2020, -1])
    undated = graph_of(2, [(1, 0, 1)])

    assert attachments(dated, draws=2_000).largest.mean() == pytest.approx(0.25, abs=0.02)
    assert attachments(undated, draws=2_000).largest.mean() == pytest.approx(0.25, abs=0.02)


def test_outsiders_come_before_all_cards() -> None:
    """Two cards, each with an outsider as its parent; the second may also choose the first."""
    graph = graph_of(2, [(0, 2, 1), (1, 2, 1)], outside=1, years=[2020, 2021])

    found = attachments(graph, draws=50)

    assert set(found.largest) == {1.0}  # the outsider is above both in any case


def test_draws_of_many_cards_at_once_are_apart() -> None:
    """Draws that are grown side by side in one graph never share a root."""
    graph = graph_of(3, [(2, 0, 1)], years=[2020, 2020, 2021])

    found = attachments(graph, draws=500, weights={"count": np.ones(3)})

    np.testing.assert_allclose(found.largest, 1 / 3)
    np.testing.assert_allclose(found.spreads["count"][:, FIGURES.index("hhi")], 5 / 9)
    np.testing.assert_allclose(found.spreads["count"][:, FIGURES.index("hhi_unbiased")], 1 / 3)


def test_one_seed_gives_one_forest() -> None:
    """And another seed draws other lineages."""
    largest = [attachments(DIAMOND, draws=20, seed=seed).largest.tolist() for seed in (3, 3, 4)]

    assert largest[0] == largest[1] != largest[2]
    assert forest(DIAMOND, draws=20, seed=3) == forest(DIAMOND, draws=20, seed=3)


def test_the_interval_of_the_largest_is_that_of_a_share() -> None:
    """With one root, the number of its descendants in a resampled set is binomial."""
    graph = graph_of(100, [(child, 0, 1) for child in range(1, 61)])

    largest = known(forest(graph, draws=5, resamples=4_000).largest)

    assert largest.low == pytest.approx(0.6 - 1.96 * np.sqrt(0.6 * 0.4 / 100), abs=0.015)
    assert largest.high == pytest.approx(0.6 + 1.96 * np.sqrt(0.6 * 0.4 / 100), abs=0.015)
