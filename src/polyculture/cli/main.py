"""The command line: one file a command in this folder, found by its name.

A command file holds either ``command``, a function, or ``app``, a Typer with commands of its own.
Command files import nothing heavy at the top: what a command needs is imported when it runs.
"""

import shlex
import signal
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated

import typer

import polyculture
from polyculture.core.errors import PolycultureError
from polyculture.core.signals import Ended, raise_on_signals

INTERRUPTED = 130
REFUSED = 2
INTERRUPTED_TOLD = "Interrupted. What was finished is kept; for the rest run the same command again"


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # Typer calls it with the flag's value
    if wanted:
        typer.echo(f"polyculture {polyculture.__version__}")
        raise typer.Exit


def _about(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Fine-tune foundation models, measure how alike they are, build sets that fail apart."""


def make() -> typer.Typer:
    """Put the command line together from the files of this folder."""
    main = typer.Typer(
        name="polyculture", no_args_is_help=True, pretty_exceptions_enable=False, callback=_about
    )
    for file in iter_modules(import_module("polyculture.cli").__path__):
        if file.name == "main" or file.name.startswith("_"):
            continue
        module = import_module(f"polyculture.cli.{file.name}")
        if hasattr(module, "app"):
            main.add_typer(module.app, name=file.name)
        else:
            main.command(name=file.name.replace("_", "-"))(module.command)
    return main


def run(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit status.

    0 all went well; 2 the input or the request cannot be used, with one sentence on the error
    stream; 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP. A bug of ours keeps its traceback and leaves with
    1.
    """
    try:
        if arguments is None:  # this process is ours
            raise_on_signals()
        make()(args=arguments, standalone_mode=True)
    except PolycultureError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(REFUSED)
    except (KeyboardInterrupt, SystemExit) as left:
        # Typer turns any KeyboardInterrupt into this status, and says nothing
        if isinstance(left, SystemExit) and left.code != INTERRUPTED:
            raise
        ended = _signal_behind(left)
        again = shlex.join(["polyculture", *(sys.argv[1:] if arguments is None else arguments)])
        told = f"{ended.told} The same command resumes" if ended.told else INTERRUPTED_TOLD
        sys.stderr.write(f"{told}: {again}\n")
        sys.exit(ended.status)


def _signal_behind(error: BaseException | None) -> Ended:
    """The signal that an exception came from; Ctrl-C where none is named."""
    while error is not None:
        if isinstance(error, Ended):
            return error
        error = error.__cause__ or error.__context__
    return Ended(signal.SIGINT)
