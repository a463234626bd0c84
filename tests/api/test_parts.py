"""What is on the shelves, ours and what other packages bring."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from polyculture import api
from polyculture.core import parts
from polyculture.core.errors import RecipeError

GROUPS = ["polyculture.zoo.sources", "polyculture.sources.cards"]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on Python's path, as an installation of other packages."""
    monkeypatch.syspath_prepend(str(tmp_path))
    parts._outside.cache_clear()
    yield tmp_path
    parts._outside.cache_clear()
    for name in ("a_zoo_of_others", "odd_tasks"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", ["sources.cards", "cards", "zoo", "zoo.sources"])
def test_the_shelf_of_cards_is_found_by_its_former_names_too(name: str) -> None:
    """What a script asked for before the shelf moved is still listed."""
    assert api.list_parts(name) == [f"zoo.sources.{part}" for part in parts.names("zoo.sources")]
    assert parts.load("sources.cards", "table") is parts.load("zoo.sources", "table")


@pytest.mark.parametrize("name", ["sources.texts", "texts", "data", "sources.data"])
def test_the_shelf_of_data_is_found_by_its_former_names_too(name: str) -> None:
    """Recipes name a source, not its shelf, so only scripts and other packages notice."""
    assert api.list_parts(name) == [f"sources.data.{part}" for part in parts.names("sources.data")]
    assert parts.load("sources.texts", "table") is parts.load("sources.data", "table")


@pytest.mark.parametrize("group", GROUPS)
def test_a_source_of_another_package_is_found(installed: Path, group: str) -> None:
    """By the shelf's entry points, those of its former name among them."""
    (installed / "a_zoo_of_others.py").write_text("PLUGIN = 'theirs'\n", encoding="utf-8")
    place = installed / "a_zoo_of_others-1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("Name: a-zoo-of-others\nVersion: 1.0\n", encoding="utf-8")
    points = f"[{group}]\nothers = a_zoo_of_others:PLUGIN\n"
    (place / "entry_points.txt").write_text(points, encoding="utf-8")

    assert "others" in parts.names("zoo.sources")
    assert parts.load("zoo.sources", "others") == "theirs"


@pytest.mark.parametrize(
    ("point", "told"),
    [
        ("pick = odd_tasks:PLUGIN", "The entry point 'pick' of tasks holds the part 'choice'. "),
        ("choice = odd_tasks:PLUGINN", "The part 'choice' of tasks cannot be loaded from 'odd_"),
        ("choice = no_such_module:PLUGIN", "The part 'choice' of tasks cannot be loaded from 'no_"),
    ],
)
def test_a_slip_in_an_entry_point_is_told_as_one(installed: Path, point: str, told: str) -> None:
    """It is neither a mistake in a recipe nor one of ours."""
    module = (
        "from types import SimpleNamespace\n"
        "from polyculture.core.recipe import Settings\n"
        "class Choice(Settings):\n    kind: str = 'choice'\n"
        "PLUGIN = SimpleNamespace(settings=Choice)\n"
    )
    (installed / "odd_tasks.py").write_text(module, encoding="utf-8")
    place = installed / "odd_tasks-1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("Name: odd-tasks\nVersion: 1.0\n", encoding="utf-8")
    (place / "entry_points.txt").write_text(f"[polyculture.tasks]\n{point}\n", encoding="utf-8")

    with pytest.raises(RecipeError, match=re.escape(told)):
        parts.load("tasks", point.split(maxsplit=1)[0])
