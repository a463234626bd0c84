"""Every measure on the shelves keeps the promises of its kind, and has its page."""

from pathlib import Path
from typing import Any, get_args

import pytest

from polyculture.checks.measures import CHECKS, Check
from polyculture.core import parts
from polyculture.core.measure import GroupMeasure, PairMeasure, ViewName

DOCS = Path(__file__).parents[2] / "docs" / "measures"
SHELVES = (*get_args(ViewName), "group")
ALL = [(shelf, name) for shelf in SHELVES for name in parts.names(f"measures.{shelf}")]
each_measure = pytest.mark.parametrize(
    ("shelf", "name"), ALL, ids=[f"{shelf}.{name}" for shelf, name in ALL]
)


@each_measure
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_measure_keeps_what_its_shelf_promises(shelf: str, name: str, check: Check) -> None:
    """One suite, run alike by us and by authors of outside measures."""
    measure: Any = parts.load(f"measures.{shelf}", name)

    check(measure, measure.reads if isinstance(measure, GroupMeasure) else shelf)


@each_measure
def test_every_measure_has_a_page_that_says_when_it_misleads(shelf: str, name: str) -> None:
    """A number without its caveats does harm."""
    page = (DOCS / f"{shelf}.{name}.md").read_text(encoding="utf-8")

    assert page.startswith(f"# {name}\n")
    assert "## When to use it" in page
    assert "## When it misleads" in page


def test_names_of_measures_are_unique_over_all_views() -> None:
    """The JSON of an audit names a measure without its view."""
    names = [name for _, name in ALL]

    assert len(names) == len(set(names))


def test_the_suite_finds_a_measure_that_breaks_its_promises() -> None:
    """A range that is too narrow, a lopsided value and a NaN are all noticed."""
    import numpy as np

    def lopsided(a: Any, b: Any) -> float:
        return float("nan") if len(a.labels) < 2 else float(np.sum(a.labels) - np.mean(b.labels))

    measure = PairMeasure(
        compare=lopsided,
        low=0.0,
        high=1.0,
        same=1.0,
        chance=0.0,
        source="nobody",
        unchanged_by=frozenset({"class_names"}),
    )

    def breaks(check: Check) -> bool:
        try:
            check(measure, "predictions")
        except (AssertionError, ValueError):
            return True
        return False

    broken = {check.__name__ for check in CHECKS if breaks(check)}

    assert broken >= {
        "states_its_facts",
        "stays_in_its_declared_range",
        "does_not_depend_on_the_order_of_models",
        "gives_a_model_with_itself_what_is_declared",
        "averages_its_chance_level_for_independent_models",
        "is_unchanged_by_what_it_declares",
        "gives_a_number_or_a_reason",
        "refuses_models_that_answered_different_items",
    }
