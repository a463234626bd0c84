"""A survey of a library is counted once for each version of the library and of our own code."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from polyculture.core.cards import Cards
from polyculture.core.survey import Survey
from polyculture.store.cache import key_of
from polyculture.store.digest import of_frame
from polyculture.store.home import home, keep

CODE = ("zoo", "stats", "measures/architecture", "core/survey.py", "nets/graph.py")
"""What networks are read and figures are made by."""
LIBRARIES = ("torch", "scikit-learn", "scipy", "numpy")
"""What builds the networks and draws the map; they may be missing."""


def kept_or_counted(
    cards: Cards, count: Callable[[], Survey], *, fresh: bool, **settings: Any
) -> Survey:
    """The survey as it was counted last time, where the same would be counted again.

    Only a library is kept: it is large, and the same until another version is installed.

    Args:
        cards: What is surveyed.
        count: Counts it.
        fresh: Count again in any case.
        settings: What ``count`` depends on beside the cards.
    """
    if not cards.is_census or not cards.digest:
        return count()
    path = home() / "survey" / f"counted-{_key(cards, settings)[:16]}.json"
    found = None if fresh else _read(path)
    if found is None:
        found = count()
        keep(path, found.model_dump_json() + "\n")
    return found


def _read(path: Path) -> Survey | None:
    try:
        return Survey.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None  # it is counted again


def _key(cards: Cards, settings: dict[str, Any]) -> str:
    facts = {
        "cards": [cards.digest, sorted(cards.graphs)],
        "tables": [of_frame(table) for table in (cards.table, cards.parents, cards.traits)],
        "facts": [cards.source, cards.listed, cards.year_means, cards.blind, cards.notes],
        "joined": cards.joined,
        "settings": settings,
        "year": datetime.now(tz=UTC).year,  # a later year is taken as not known
    }
    return key_of(code=CODE, libraries=LIBRARIES, facts=facts)
