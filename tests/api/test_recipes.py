"""Recipes and studies as files: what editors are told is what the code checks."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from polyculture import api
from polyculture.api.recipes import recipe_of
from polyculture.core.several.study import Study

EXAMPLES = Path(__file__).parents[2] / "examples"


@cache
def tables() -> dict[str, dict[str, Any]]:
    """Every recipe of every example, as a file would hold it."""
    found = {}
    for path in sorted(EXAMPLES.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        if "rows" in table:  # a table of results names recipes that are here anyway
            continue
        if "parts" in table:
            api.read_trainable(path)
            shared = {key: table[key] for key in ("seed", "base", "fit")}
            for name, part in table["parts"].items():
                found[f"{path.stem}: {name}"] = {**shared, **part}
            continue
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


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"head": {"pooling": "mean"}}, {"kind": "linear", "pooling": "mean"}),
        ({"head": {}}, {"kind": "linear", "pooling": "standard"}),
        ({"adaptation": {}}, {"kind": "full", "layer_decay": 1.0}),
        ({"optimizer": {}}, {"kind": "adamw", "beta_1": 0.9}),
    ],
)
def test_a_table_that_names_no_part_is_one_of_the_default_part(
    table: dict[str, Any], expected: dict[str, Any]
) -> None:
    """For head, adaptation and optimizer, in code and schema alike; a base has to be named."""
    whole = {**tables()["ner"], **table}

    recipe = recipe_of(whole, EXAMPLES / "x.toml")

    jsonschema.validate(whole, api.recipe_schema())
    (place,) = table
    assert recipe.model_dump(mode="json")[place].items() >= expected.items()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**whole, "base": {"name": "minilm-l6"}}, api.recipe_schema())


def test_settings_of_one_model_join_the_part_that_all_models_share() -> None:
    """Also where the shared part is given by its name alone."""
    study = Study.model_validate(
        {"recipe": {"head": "mlp"}, "models": [{"name": "a", "head": {"hidden": 8}}]}
    )

    assert study.tables()[0]["head"] == {"kind": "mlp", "hidden": 8}
