"""Where shared data lies, for tests that reproduce published figures."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


@pytest.fixture
def hint3() -> Path:
    """Answers of five systems to messages of three bots."""
    return _there(SHARED / "hint3" / "answers")


@pytest.fixture
def frugalml() -> Path:
    """Answers of three commercial services and an open model on seven sets."""
    return _there(SHARED / "frugalml-api-predictions")


def _there(folder: Path) -> Path:
    if not folder.is_dir():
        pytest.skip(f"needs {folder.name} in a folder shared/data beside the checkout")
    return folder
