"""The tree of a clustering, as lines beside a heat map."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from polyculture.page.drawing import rows
from polyculture.page.palette import LIGHT

Merge = tuple[int, int, float, int]


def _positions(merges: Sequence[Merge]) -> dict[int, float]:
    """Where each leaf stands: those of the first branch before those of the second."""
    leaves = len(merges) + 1
    order: list[int] = []
    todo = [2 * leaves - 2]
    while todo:
        node = todo.pop()
        if node < leaves:
            order.append(node)
        else:
            first, second = merges[node - leaves][:2]
            todo += [second, first]
    return {leaf: place + 0.5 for place, leaf in enumerate(order)}


def brackets(merges: Sequence[Merge]) -> list[list[tuple[float, float]]]:
    """One bracket a merge: four points of (distance, place), places counted in leaves from 0.

    Example:
        >>> brackets([(0, 1, 0.2, 2)])
        [[(0.0, 0.5), (0.2, 0.5), (0.2, 1.5), (0.0, 1.5)]]
    """
    places = _positions(merges)
    heights = dict.fromkeys(places, 0.0)
    drawn = []
    for new, (first, second, distance, _) in enumerate(merges, start=len(merges) + 1):
        ends = [(heights[first], places[first]), (heights[second], places[second])]
        drawn.append([ends[0], (distance, ends[0][1]), (distance, ends[1][1]), ends[1]])
        heights[new] = distance
        places[new] = (places[first] + places[second]) / 2
    return drawn


def tree(merges: Sequence[Merge], *, width: int, height: int) -> Any:
    """The tree as a chart, leaves at its left edge, the root at the right."""
    points = [
        {"link": link, "step": step, "distance": distance, "place": place}
        for link, bracket in enumerate(brackets(merges))
        for step, (distance, place) in enumerate(bracket)
    ]
    far = max((merge[2] for merge in merges), default=0.0)
    scale = alt.Scale(domain=[0, len(merges) + 1], reverse=True, nice=False, zero=False)
    return (
        alt.Chart(rows(points), width=width, height=height)
        .mark_line(color=LIGHT["quiet"], strokeWidth=1.2, strokeJoin="round")
        .encode(
            x=alt.X("distance:Q", axis=None, scale=alt.Scale(domain=[0, far or 1.0], nice=False)),
            y=alt.Y("place:Q", axis=None, scale=scale),
            detail=alt.Detail("link:N"),
            order=alt.Order("step:O"),
        )
    )
