"""Small recipes with planted faults, and what a check finds in them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from polyculture.api.data_checks import check_data
from polyculture.api.recipes import recipe_of
from polyculture.core.finding import DataCheck, Found

Rows = list[dict[str, Any]]
Checked = Callable[..., DataCheck]
SEEDS = ("the film was", "a book of", "this song is", "we found it", "our trip felt", "it all was")
ENDS = {"good": ("great", "lovely", "superb", "sweet"), "bad": ("awful", "dull", "poor", "sour")}


def reviews(size: int, first: int = 0) -> Rows:
    """Texts whose last word but one decides; no two are equal."""
    rows = []
    for number in range(first, first + size):
        label = ("good", "bad")[number % 2]
        text = f"{SEEDS[number % 6]} item{number} and {ENDS[label][number // 2 % 4]} x{number * 7}"
        rows.append({"text": text, "label": label})
    return rows


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    """Check rows of some splits; settings change the recipe or the check."""

    def check(
        splits: dict[str, Rows],
        *,
        task: Any = "classification",
        base: str = "tfidf",
        head: Any = None,
        data: Any = None,
        **asked: Any,
    ) -> DataCheck:
        for split, rows in splits.items():
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (tmp_path / f"{split}.jsonl").write_text(text, encoding="utf-8")
        sizes = {} if base == "tfidf" else {"width": 32, "layers": 1}
        table = {
            "task": task,
            "base": {"source": "new", "kind": base, **sizes},
            "data": {
                "source": "jsonl",
                **{split: str(tmp_path / f"{split}.jsonl") for split in splits},
                **(data or {}),
            },
            **({"head": head} if head else {}),
        }
        recipe = recipe_of(table, tmp_path / "recipe.toml")
        return check_data(recipe, **{"timed": False, **asked})

    return check


def found(check: DataCheck, name: str) -> Found:
    """One of the findings."""
    return next(one.found for one in check.findings if one.name == name)


def values(check: DataCheck, name: str, key: str) -> list[dict[str, Any]]:
    """What some sentences of a finding say."""
    return [dict(point.values) for point in found(check, name).points if point.key == key]
