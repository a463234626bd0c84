"""What a training was asked for is compared with what is asked for now."""

from typing import Any

from polyculture.core.recipe import Recipe
from polyculture.core.request import Request, differences


def asked(**changes: Any) -> Recipe:
    """A recipe of a few settings."""
    table: dict[str, Any] = {
        "task": "classification",
        "base": {"source": "folder", "path": "base"},
        "data": {"source": "table", "train": "train.csv", "valid": "valid.csv"},
    }
    return Recipe.model_validate({**table, **changes})


def test_a_setting_that_was_not_there_yet_has_its_default() -> None:
    """So that an interrupted training is resumed by a newer version."""
    before = Request.of(asked(), "data", "base").model_dump()
    del before["recipe"]["regularization"]
    old = Request.model_validate(before)

    assert differences(old, Request.of(asked(), "data", "base")) == ()
    (told,) = differences(old, Request.of(asked(regularization={"mixout": 0.1}), "data", "base"))
    assert told == "regularization.mixout 0.0 → 0.1"


def test_what_is_no_recipe_any_more_is_compared_as_it_is() -> None:
    """A setting that is gone has changed."""
    now = Request.of(asked(), "data", "base")
    old = now.model_copy(update={"recipe": {**now.recipe, "gone": 1}})

    assert differences(old, now) == ("gone 1 → (left out)",)
