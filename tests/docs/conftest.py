"""Pages that are made from the code."""

from collections.abc import Callable
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the page of that name under ``docs``, or accept it as the new one."""

    def check(name: str, text: str) -> None:
        path = DOCS / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"There is no {path}. Make it: make docs"
        assert text == path.read_text(encoding="utf-8"), f"{path} is out of date: make docs"

    return check
