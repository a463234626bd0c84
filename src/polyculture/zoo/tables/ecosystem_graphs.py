"""The layout of Ecosystem Graphs: models, data sets, applications, and what each was built on.

Source:
    Bommasani et al. 2023, Ecosystem Graphs, arXiv:2303.15772.
"""

import re

from polyculture.zoo.tables.cells import items, plain, when
from polyculture.zoo.tables.layouts import (
    NO_COMMUNITY,
    Entry,
    Layout,
    name_of,
    numbers_of,
    today,
    traits_of,
)
from polyculture.zoo.tables.makers import organisations
from polyculture.zoo.tables.records import Raw

SAME = {
    "images": "image",
    "vision": "image",
    "videos": "video",
    "robot trajectories": "robotics trajectories",
    "time-series": "time series",
}
"""Modalities under their other name."""
NOTE = re.compile(r"\s*\(.*?\)")
SPARSE = re.compile(r"\bsparse\b|\bmoe\b|\bmixture\b", re.IGNORECASE)
DENSE = re.compile(r"\bdense\b", re.IGNORECASE)


def _entry(raw: Raw, _: frozenset[str]) -> Entry:
    cells = raw.cells
    size = plain(cells.get("size"))
    taken, given = _modalities(plain(cells.get("modality")))
    numbers, unread = numbers_of({"parameters": size})
    maker = plain(cells.get("organization"))
    return Entry(
        place=raw.place,
        name=name_of(cells.get("name")),
        kind=plain(cells.get("type")) or "unknown",
        communities=(_community(taken, given),),
        when=when(cells.get("created_date"), today()),
        makers=organisations(maker),
        maker=maker,
        licence=plain(cells.get("license")),
        parents=items(cells.get("dependencies"), ","),
        traits=traits_of(
            {
                "access": _lower(plain(cells.get("access"))),
                "input": taken,
                "output": given,
                "dense or sparse": _dense_or_sparse(size or ""),
                "country": items(plain(cells.get("nationality")), ","),
            }
        ),
        unread=unread,
        parameters=numbers["parameters"],
    )


def _modalities(text: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What goes in and what comes out, of "image, text; text"; sorted, in one spelling."""
    before, _, after = (text or "").casefold().partition(";")
    return _sorted(before), _sorted(after)


def _sorted(text: str) -> tuple[str, ...]:
    words = (NOTE.sub("", word).strip() for word in items(text, ","))
    return tuple(sorted({SAME.get(word, word) for word in words if word}))


def _community(taken: tuple[str, ...], given: tuple[str, ...]) -> str:
    if not taken and not given:
        return NO_COMMUNITY
    return " to ".join(" + ".join(side) or NO_COMMUNITY for side in (taken, given))


def _dense_or_sparse(size: str) -> tuple[str, ...]:
    if SPARSE.search(size):
        return ("sparse",)
    return ("dense",) if DENSE.search(size) else ()


def _lower(text: str | None) -> tuple[str, ...]:
    return () if text is None else (text.casefold(),)


LAYOUT = Layout(
    title="Ecosystem Graphs",
    keys=frozenset({"name", "type", "organization", "dependencies", "modality"}),
    year_means="year of creation",
    blind=(
        (
            "Ecosystem Graphs holds what its editors chose, fewer models after 2024: a share "
            "counted here is a share of the collection."
        ),
        (
            "A dependency is what a maker disclosed; one without a record in the collection may "
            "be a model, a data set or a tool, and stands as it is written."
        ),
    ),
    entry=_entry,
)
