"""Recipes and studies as files: what editors are told is what the code checks."""

import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from polyculture import api
from polyculture.api.recipes import recipe_of

EXAMPLES = Path(__file__).parents[2] / "examples"


def tables() -> dict[str, dict[str, Any]]:
    """Every recipe of every example, as a file would hold it."""
    found = {}
    for path in sorted(EXAMPLES.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        if "models" not in table:
            found[path.stem] = table
            continue
        for one in api.read_study(path).tables():
            found[f"{path.stem}: {one['name']}"] = one
    return found


@pytest.mark.parametrize("name", tables())
def test_every_example_is_a_recipe_and_fits_the_schema(name: str) -> None:
    """The schema that editors use accepts what the code accepts."""
    table = tables()[name]

    recipe_of(table, EXAMPLES / "x.toml")

    jsonschema.validate(table, api.recipe_schema())


@pytest.mark.parametrize(
    "change",
    [{"fit": {"epoch": 2}}, {"fit": {"epochs": 0}}, {"haed": "mlp"}, {"head": {"kind": "mpl"}}],
)
def test_the_schema_refuses_slips(change: dict[str, Any]) -> None:
    """An editor underlines what the command line would refuse."""
    table = {**tables()["ner"], **change}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(table, api.recipe_schema())
