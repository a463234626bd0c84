"""docs/commands.md holds the help of every command."""

import shlex
from collections.abc import Callable, Iterator
from typing import Any

from typer.main import get_command

from polyculture.cli.main import make
from polyculture.cli.shared.help import CACHE, STATUSES

HEAD = f"""# Commands

Made from the code by `make docs`; `polyculture COMMAND --help` shows the same, and so does `-h`.

{STATUSES}

{CACHE}
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


def test_every_example_is_a_command_that_exists() -> None:
    """Its words are arguments and options that the command itself knows; nothing is run."""
    known = dict(_commands(get_command(make())))
    for name, command in known.items():
        assert _examples(command), f"{name} has no example"
        for line in _examples(command):
            words = shlex.split(line.partition(" > ")[0])
            if words[0] != "polyculture":  # another program, with ours inside
                words = shlex.split(line.partition("$(")[2].rstrip('")'))
            full = " ".join(words[: len(name.split())])
            command.make_context(full, words[len(name.split()) :])
            assert full == name


def test_every_command_says_how_it_ends_and_where_the_cache_is() -> None:
    """Also the groups, and the command line as a whole."""
    main: Any = get_command(make())
    groups = [main, *(one for one in main.commands.values() if hasattr(one, "commands"))]
    for command in [*groups, *(one for _, one in _commands(main))]:
        assert STATUSES in command.epilog
        assert CACHE in command.epilog


def _commands(group: Any, before: str = "polyculture") -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        full = f"{before} {name}"
        if hasattr(command, "commands"):
            yield from _commands(command, full)
        else:
            yield full, command


def _examples(command: Any) -> list[str]:
    shown = command.epilog.split("\n\n")[0]
    return [line.strip() for line in shown.splitlines()[1:]]


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
    lines += [""] if arguments or options else []
    return "\n".join([*lines, "```bash", *_examples(command), "```", ""])


def _word(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _usage(argument: Any) -> str:
    word = _word(argument) + ("..." if argument.nargs == -1 else "")
    return word if argument.required else f"[{word}]"


def _written(option: Any) -> str:
    names = ", ".join(option.opts)
    if option.is_flag:
        return " / ".join([names, *option.secondary_opts])
    return f"{names} {option.metavar or option.name.upper()}"


def _told(one: Any) -> str:
    text = one.help
    if one.required and one.param_type_name == "option":
        text += " Required."
    elif one.default not in {None, False, ""}:
        text += f" Default: `{one.default}`."
    return str(text)
