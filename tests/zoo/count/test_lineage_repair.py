"""Parents that contradict one another, or that nobody knows, are mended and told."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.core.cards import CARD_COLUMNS, PARENT_COLUMNS, TRAIT_COLUMNS, Cards
from polyculture.zoo.count.lineages.lineage_repair import Graph, mend

Row = tuple[str | None, str | None, str, int | None]


def cards(names: str, rows: list[Row]) -> Cards:
    """Cards named by single letters, with rows of parents."""
    table = pl.DataFrame({"name": list(names)}).with_columns(
        pl.lit(None, dtype=getattr(pl, kind) if "(" not in kind else pl.List(pl.String)).alias(name)
        for name, kind in CARD_COLUMNS.items()
        if name != "name"
    )
    schema = dict(zip(PARENT_COLUMNS, (pl.String, pl.String, pl.String, pl.Int32), strict=True))
    return Cards(
        source="letters",
        unit="card",
        table=table,
        parents=pl.DataFrame(rows, schema=schema, orient="row"),
        traits=pl.DataFrame(schema=dict.fromkeys(TRAIT_COLUMNS, pl.String)),
    )


def edges(graph: Graph) -> dict[str, float]:
    """Child and parent, like ``ba``, to weight."""
    names = graph.names.to_list()
    return {
        names[child] + names[parent]: weight
        for child, parent, weight in zip(graph.child, graph.parent, graph.weights, strict=True)
    }


def base(*pairs: str) -> list[Row]:
    return [(pair[0], pair[1], "base", 1) for pair in pairs]


def test_a_lineage_without_faults_is_taken_as_it_is() -> None:
    """Nothing is cut, and nothing is told."""
    graph = mend(cards("abc", base("ba", "cb")))

    assert edges(graph) == {"ba": 1, "cb": 1}
    assert graph.notes == ()
    assert graph.outside.is_empty()
    assert graph.years.tolist() == [-1, -1, -1]


def test_a_card_that_names_itself_loses_that_edge() -> None:
    """Its other parents stay."""
    graph = mend(cards("ab", base("aa", "bb", "ba")))

    assert edges(graph) == {"ba": 1}
    assert graph.notes == ("2 cards name themselves as their parent, which was dropped: a, b.",)
    assert graph.named_by.tolist() == [1, 0]


def test_a_cycle_is_cut_whole_and_what_hangs_on_it_stays() -> None:
    """No edge of a circle says who came first, but its descendants and ancestors are clear."""
    graph = mend(cards("abcde", base("ba", "cb", "ac", "dc", "ae")))

    assert edges(graph) == {"dc": 1, "ae": 1}
    assert graph.notes == ("3 edges lie on cycles and were cut, among 3 cards: a, b, c.",)


def test_children_are_counted_before_cycles_are_cut() -> None:
    """That b and c name each other is what the source says."""
    graph = mend(cards("abc", base("bc", "cb", "ca")))

    assert graph.named_by.tolist() == [1, 1, 1]
    assert edges(graph) == {"ca": 1}


def test_a_parent_that_is_no_card_is_kept_as_a_root() -> None:
    """It stands after the cards, in code-point order."""
    graph = mend(cards("ab", base("az", "bz", "by")))

    assert graph.names.to_list() == ["a", "b", "y", "z"]
    assert edges(graph) == {"az": 1, "by": 1, "bz": 1}
    assert graph.notes == (
        "2 parents are not among the cards and are kept as roots of their own: y, z.",
    )


def test_an_edge_given_twice_is_one_edge_with_both_counts() -> None:
    """A count that is missing, or below 1, is 1."""
    rows: list[Row] = [("b", "a", "base", 3), ("b", "a", "base", None), ("c", "a", "base", 0)]

    graph = mend(cards("abc", rows))

    assert edges(graph) == {"ba": 4, "ca": 1}
    assert graph.notes == ("1 edge is given more than once and joined, to: a.",)


def test_bases_and_copies_are_joined_or_told_apart() -> None:
    """An edge of both kinds is no fault."""
    zoo = cards("abc", [("b", "a", "base", 3), ("b", "a", "copy", 2), ("c", "a", "copy", 1)])

    assert edges(mend(zoo)) == {"ba": 5, "ca": 1}
    assert edges(mend(zoo, "base")) == {"ba": 3}
    assert edges(mend(zoo, "copy")) == {"ba": 2, "ca": 1}
    assert mend(zoo).notes == ()


def test_rows_that_name_nobody_are_dropped_and_counted() -> None:
    """Neither an unknown child nor a missing parent makes an edge."""
    graph = mend(cards("ab", [("b", None, "base", 1), ("x", "a", "base", 1), *base("ba")]))

    assert edges(graph) == {"ba": 1}
    assert graph.notes == (
        "Dropped, for want of a parent's name or of a child among the cards: 2 rows of parents.",
    )


def test_a_note_shows_five_names_at_most() -> None:
    """The count tells how many there are."""
    graph = mend(cards("abcdefg", base("aa", "bb", "cc", "dd", "ee", "ff")))

    assert graph.notes[0].endswith(": a, b, c, d, e, ….")


def test_a_zoo_without_parents_is_a_graph_without_edges() -> None:
    """Nothing is mended."""
    graph = mend(cards("ab", []))

    assert (len(graph.child), graph.nodes, graph.notes) == (0, 2, ())


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=24))
def test_exactly_the_edges_on_cycles_are_cut(pairs: list[tuple[int, int]]) -> None:
    """An edge lies on a cycle if its child can be reached from its parent, by steps up."""
    letters = "abcdefgh"
    zoo = cards(letters, base(*(letters[child] + letters[parent] for child, parent in pairs)))

    graph = mend(zoo)

    up = np.eye(8, dtype=bool)
    for child, parent in pairs:
        up[child, parent] = True
    for middle in range(8):  # Warshall
        up |= up[:, [middle]] & up[[middle], :]
    expected = {
        letters[child] + letters[parent]
        for child, parent in pairs
        if child != parent and not up[parent, child]
    }
    assert set(edges(graph)) == expected
