"""The recipe view of a trained model: how it was made, as dotted settings."""

from typing import Any

from polyculture.core.run import Run
from polyculture.core.views import RecipeView

Plain = str | int | float | bool | None
NOT_A_CHOICE = frozenset(
    {"name", "task.unseen", "fit.checkpoint_seconds", "fit.threads", "fit.precision", "fit.device"}
)
"""Settings that change nothing about what a model learns."""


def observe(run: Run) -> RecipeView:
    """What the recipe says, with what was left to choose filled in."""
    settings = flat(run.recipe.model_dump(mode="json"))
    settings["fit.learning_rate"] = run.facts.chosen.get("learning_rate")
    settings["fit.batch_tokens"] = run.facts.chosen.get("batch_tokens")
    choices = {key: value for key, value in settings.items() if key not in NOT_A_CHOICE}
    return RecipeView(settings=choices)


def flat(table: dict[str, Any], prefix: str = "") -> dict[str, Plain]:
    """A nested table as dotted keys; a list becomes text.

    Example:
        >>> flat({"fit": {"epochs": 2}, "seed": 1, "rows": ["a", "b"]})
        {'fit.epochs': 2, 'seed': 1, 'rows': 'a, b'}
    """
    result: dict[str, Plain] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            result |= flat(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple):
            result[prefix + key] = ", ".join(str(item) for item in value)
        else:
            result[prefix + key] = value
    return result
