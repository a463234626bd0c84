"""``polyculture parts``: what there is on a shelf."""

from typing import Annotated

import typer

from polyculture.cli.shared.completion import shelves

EXAMPLES = ("polyculture parts", "polyculture parts measures", "polyculture parts sources.bases")


def command(
    shelf: Annotated[
        str,
        typer.Argument(
            help="A shelf, such as tasks or measures.", metavar="SHELF", autocompletion=shelves
        ),
    ] = "",
) -> None:
    """List the parts of a shelf, or all shelves."""
    from polyculture import api

    for line in api.list_parts(shelf):
        typer.echo(line)
