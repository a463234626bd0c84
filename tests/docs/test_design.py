"""Decisions are numbered pages of one form, and the index lists them all."""

from collections.abc import Callable
from pathlib import Path

import pytest

DESIGN = Path(__file__).parents[2] / "docs" / "design"
PAGES = sorted(DESIGN.glob("[0-9]*.md"))
FORM = ["Question.", "Choice.", "Why.", "What else was tried.", "When to think again."]
HEAD = """# Decisions

One page a decision, in one form: *question, choice, why, what else was tried, when to think again*.
A page says what is built; when the choice changes, the page changes with it. An alternative without
a measurement was thought through, not run; what was run is in the [log](../log.md). This list is
made by `make docs`.
"""


def test_the_index_lists_every_page(page: Callable[[str, str], None]) -> None:
    """By number, with its title."""
    lines = [f"- [{path.name[:4]}]({path.name}) {_title(path)}" for path in PAGES]
    page("design/README.md", "\n".join([HEAD, *lines, ""]))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_has_the_form(path: Path) -> None:
    """All five questions are answered, in order, and the title bears the file's number."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(path.name[:4])}. ")
    places = [text.find(f"**{words}**") for words in FORM]
    assert -1 not in places
    assert places == sorted(places)


def _title(path: Path) -> str:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.partition(". ")[2]
