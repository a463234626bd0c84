"""``polyculture new``: a recipe to start from, with every setting explained in it."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from polyculture.cli.shared.completion import bases, tasks

EXAMPLES = (
    "polyculture new --data train.csv",
    "polyculture new names.toml --task spans --data train.conll --base minilm-l6",
    "polyculture new quick.toml --data reviews --base tfidf",
)


def command(
    file: Annotated[Path, typer.Argument(help="The recipe to write.")] = Path("recipe.toml"),
    *,
    data: Annotated[
        str,
        typer.Option(
            help="A training file, of which a tenth is held out for validation; or a data set of "
            "the starter."
        ),
    ],
    task: Annotated[
        str,
        typer.Option(
            help="The task; 'polyculture parts tasks' lists all.",
            autocompletion=tasks,
        ),
    ] = "classification",
    base: Annotated[
        str,
        typer.Option(
            help="A model of the starter, a folder, owner/name on a hub; or a new one: "
            "transformer, convolutional, tfidf.",
            autocompletion=bases,
        ),
    ] = "minilm-l6",
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Replace a recipe that this command wrote, if unchanged."),
    ] = False,
) -> None:
    """Write a recipe with every setting explained in a comment, ready to train."""
    from polyculture import api
    from polyculture.core.shown import shown, shown_path

    api.new_recipe(file, task=task, data=data, base=base, replace=replace)
    following = shlex.join(["polyculture", "train", str(file), "--check"])
    typer.echo(f"{shown_path(file)} is written. Look it over: {shown(following)}")
