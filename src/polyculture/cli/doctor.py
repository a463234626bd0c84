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

    found = api.doctor()
    if as_json:
        typer.echo(json.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=1))
    else:
        for line in _lines(found):
            typer.echo(shown(line))
    if found.is_broken:
        raise typer.Exit(BROKEN)


def _lines(found: "Checkup") -> "Iterator[str]":
    rows = {
        "polyculture": f"{found.polyculture}, Python {found.python}, {found.platform}",
        "machine": f"{found.cores} cores, {found.memory_bytes / GB:.1f} GB of memory",
        "device": found.device,
    }
    for extra in dict.fromkeys(one.extra for one in found.libraries):
        own = [one for one in found.libraries if one.extra == extra]
        named = ", ".join(f"{one.name} {one.version or 'missing'}" for one in own)
        rows[extra or "libraries"] = named
    kept = ", ".join(f"{one.name} {one.bytes / GB:.2f} GB" for one in found.kept) or "empty"
    rows["cache"] = f"{found.cache}: {kept}; {found.free_bytes / GB:.1f} GB free"
    rows["starter"] = _starters(found)
    rows["pages"] = (
        f"browser: {found.browser or 'none found'}; "
        f"a font for Chinese: {found.chinese_font or 'none found'}"
    )
    for name, value in rows.items():
        yield f"{name:<{WIDTH}} {value}"
    yield ""
    for problem in found.problems:
        yield f"{'Broken' if problem.is_broken else 'Missing'}: {problem.sentence}"
        yield f"  {problem.mend}"
    if not found.problems:
        yield "Nothing is missing, nothing is broken."


def _starters(found: "Checkup") -> str:
    parts = [f"fetched: {', '.join(found.fetched) or 'none'}"]
    parts += [f"damaged: {', '.join(found.damaged)}"] if found.damaged else []
    parts += [f"not fetched: {', '.join(found.not_fetched)}"] if found.not_fetched else []
    return "; ".join(parts)
