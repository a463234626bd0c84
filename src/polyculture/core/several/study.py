"""Several recipes, the items they are compared on, and one report."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from polyculture.core.record import Asked


class Study(Asked):
    """What a person asks of several models at once.

    ``recipe`` holds what all models share; each of ``models`` holds what sets it apart, laid over
    the shared part table by table.

    Example:
        >>> study = Study.model_validate({
        ...     "recipe": {"task": "classification", "seed": 1},
        ...     "models": [{"name": "a", "seed": 2}, {"name": "b"}],
        ... })
        >>> [table["seed"] for table in study.tables()]
        [2, 1]
    """

    title: str = ""
    """Shown on the report."""
    probe: str = "test"
    """The split of the data on which the models are compared."""
    recipe: dict[str, Any] = Field(default_factory=dict)
    """Settings that all models share."""
    models: tuple[dict[str, Any], ...] = Field(min_length=1)
    """One table a model: its name and the settings that differ."""
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**31)], ...] = ()
    """Train every model once with each of these seeds; left out, each recipe's own."""
    resamples: int = Field(default=1_000, ge=100)
    """Bootstrap rounds of the audit."""

    @model_validator(mode="after")
    def _runs_are_distinct(self) -> Self:
        names = [table.get("name") for table in self.models]
        if None in names:
            msg = "every one of 'models' needs a name"
            raise ValueError(msg)
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            msg = f"two models are named {twice!r}; give each its own name"
            raise ValueError(msg)
        again = next((seed for seed in self.seeds if self.seeds.count(seed) > 1), None)
        if again is not None:
            msg = f"seed {again} stands twice in 'seeds'; each trains every model once"
            raise ValueError(msg)
        return self

    def tables(self) -> list[dict[str, Any]]:
        """The table of each model's whole recipe, one for each seed."""
        tables = [_laid_over(self.recipe, table) for table in self.models]
        if not self.seeds:
            return tables
        return [
            {**table, "seed": seed, "name": f"{table['name']}-seed{seed}"}
            for table in tables
            for seed in self.seeds
        ]


NAMED_BY_KIND = {"task", "adaptation", "head"}
"""Tables of a recipe that may be given as the part's name alone."""


def _laid_over(shared: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    result = dict(shared)
    for key, value in changes.items():
        below = result.get(key)
        if isinstance(below, str) and key in NAMED_BY_KIND:
            below = {"kind": below}
        # another part is another table: only settings of the same part are laid over one another
        same = isinstance(value, dict) and isinstance(below, dict) and not _tag(value)
        result[key] = {**below, **value} if same and isinstance(below, dict) else value
    return result


def _tag(table: dict[str, Any]) -> bool:
    return "kind" in table or "source" in table
