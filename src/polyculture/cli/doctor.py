"""``polyculture doctor``: what is installed, what the machine has, what is missing or broken."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyculture.api.machine import Checkup

EXAMPLES = ("polyculture doctor", "polyculture doctor --json")
BROKEN = 1
GB = 1e9
WIDTH = 12


def command(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Show what is installed, what is missing or broken, and how to fix it.

    Nothing is changed. Exit status 1 if something is broken, such as a damaged starter or a torch
    that cannot be imported; something missing alone does not change the status.
    """
    from polyculture import api
    from polyculture.core.shown import shown

    checkup = api.doctor()
    if as_json:
        typer.echo(json.dumps(checkup.model_dump(mode="json"), ensure_ascii=False, indent=1))
    else:
        for line in _lines(checkup):
            typer.echo(shown(line))
    if checkup.is_broken:
        raise typer.Exit(BROKEN)


def _lines(checkup: "Checkup") -> "Iterator[str]":
    rows = {
        "polyculture": f"{checkup.polyculture}, Python {checkup.python}, {checkup.platform}",
        "machine": f"{checkup.cores} cores, {checkup.memory_bytes / GB:.1f} GB of memory",
        "device": checkup.device,
    }
    for extra in dict.fromkeys(entry.extra for entry in checkup.libraries):
        libraries = [entry for entry in checkup.libraries if entry.extra == extra]
        named = ", ".join(f"{entry.name} {entry.version or 'missing'}" for entry in libraries)
        rows[extra or "libraries"] = named
    contents = (
        ", ".join(f"{entry.name} {entry.bytes / GB:.2f} GB" for entry in checkup.kept) or "empty"
    )
    rows["cache"] = f"{checkup.cache}: {contents}; {checkup.free_bytes / GB:.1f} GB free"
    rows["starter"] = _starters(checkup)
    rows["pages"] = (
        f"browser: {checkup.browser or 'none found'}; "
        f"a font for Chinese: {checkup.chinese_font or 'none found'}"
    )
    for name, value in rows.items():
        yield f"{name:<{WIDTH}} {value}"
    yield ""
    for problem in checkup.problems:
        yield f"{'Broken' if problem.is_broken else 'Missing'}: {problem.sentence}"
        yield f"  {problem.mend}"
    if not checkup.problems:
        yield "Nothing is missing, nothing is broken."


def _starters(checkup: "Checkup") -> str:
    parts = [f"fetched: {', '.join(checkup.fetched) or 'none'}"]
    parts += [f"damaged: {', '.join(checkup.damaged)}"] if checkup.damaged else []
    parts += [f"not fetched: {', '.join(checkup.not_fetched)}"] if checkup.not_fetched else []
    return "; ".join(parts)
