"""Every task, head and adaptation has a page that says when to use it and when it misleads."""

from pathlib import Path

import pytest

from polyculture.core import parts

DOCS = Path(__file__).parents[2] / "docs"
PARTS = [
    (shelf, name)
    for shelf in ("tasks", "heads", "adaptations", "optimizers")
    for name in parts.names(shelf)
]


@pytest.mark.parametrize(("shelf", "name"), PARTS)
def test_a_part_has_a_page_that_says_when_it_misleads(shelf: str, name: str) -> None:
    """The page is named as the part."""
    text = (DOCS / shelf / f"{name}.md").read_text(encoding="utf-8")

    assert text.startswith(f"# {name}\n")
    assert "\n## When to use it\n" in text
    assert "\n## When it misleads\n" in text
