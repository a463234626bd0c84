"""``polyculture schema``: what a recipe may hold, for editors."""

import json

import typer

EXAMPLES = ("polyculture schema > recipe.schema.json",)


def command() -> None:
    """Print the JSON Schema of recipes; editors complete and check TOML with it."""
    from polyculture import api

    typer.echo(json.dumps(api.recipe_schema(), indent=1, ensure_ascii=False))
