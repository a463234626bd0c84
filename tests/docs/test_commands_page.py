"""docs/commands.md holds the help of every command."""

from collections.abc import Callable, Iterator
from typing import Any

from typer.main import get_command

from polyculture.cli.main import make

HEAD = """# Commands

Made from the code by `make docs`; `polyculture COMMAND --help` shows the same. Exit status: 0 all
went well; 2 the input or the request cannot be used, with one sentence on the error stream; 130
Ctrl-C; 1 a bug of ours.
"""


def test_the_page_explains_every_command(page: Callable[[str, str], None]) -> None:
    """Arguments and options with their defaults, as the command line itself knows them."""
    sections = [_section(name, command) for name, command in _commands(get_command(make()))]
    page("commands.md", "\n".join([HEAD, *sections]))


def test_every_argument_and_option_has_a_sentence() -> None:
    """Nobody has to guess what an option does."""
    silent = [
        f"{name} {one.name}"
        for name, command in _commands(get_command(make()))
        for one in command.params
        if not one.help
    ]
    assert silent == []


def _commands(group: Any, before: str = "polyculture") -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        full = f"{before} {name}"
        if hasattr(command, "commands"):
            yield from _commands(command, full)
        else:
            yield full, command


def _section(name: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join([name, *(_usage(one) for one in arguments)])
    if options:
        usage += " [OPTIONS]"
    about = " ".join(command.help.split())
    lines = [f"## {name}", "", about, "", "```console", f"$ {usage}", "```", ""]
    lines += [f"- `{_word(one)}`: {_told(one)}" for one in arguments]
    lines += [f"- `{_written(one)}`: {_told(one)}" for one in options]
    return "\n".join([*lines, ""] if arguments or options else lines)


def _word(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _usage(argument: Any) -> str:
    word = _word(argument) + ("..." if argument.nargs == -1 else "")
    return word if argument.required else f"[{word}]"


def _written(option: Any) -> str:
    names = ", ".join(option.opts)
    return names if option.is_flag else f"{names} {option.name.upper()}"


def _told(one: Any) -> str:
    text = one.help
    if one.required and one.param_type_name == "option":
        text += " Required."
    elif one.default not in {None, False, ""}:
        text += f" Default: `{one.default}`."
    return str(text)
