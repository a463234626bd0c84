"""What all tests share."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person accept what is produced now."""
    parser.addoption(
        "--update-golden", action="store_true", help="Write what tests produce to tests/golden."
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the one of that name under ``tests/golden``, or accept it as the new."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"There is no {path}. Make it: pytest --update-golden"
        assert text == path.read_text(encoding="utf-8")

    return check


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of starters."""
    folder = tmp_path / "home"
    monkeypatch.setenv("POLYCULTURE_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def charts_fit_their_schema() -> Callable[[str], int]:
    """Hold every chart of a ``report.json`` against Vega-Lite's schema; how many there are."""
    from altair.utils.schemapi import validate_jsonschema
    from altair.vegalite.v6.schema.core import load_schema

    schema = load_schema()

    def check(record: str) -> int:
        found = list(charts_in(json.loads(record)))
        for chart in found:
            validate_jsonschema(chart["specification"], schema)
        return len(found)

    return check


def charts_in(value: Any) -> Iterator[dict[str, Any]]:
    """The charts of a report in JSON, wherever they lie."""
    if isinstance(value, dict) and value.get("kind") == "chart":
        yield value
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from charts_in(inner)
