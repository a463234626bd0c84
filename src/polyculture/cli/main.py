"""The command line: one file a command in this folder, found by its name.

A command file holds either ``command``, a function, or ``app``, a Typer with commands of its own.
``EXAMPLES`` are whole lines for the end of its ``--help``; of an ``app``, by command. Command files
import nothing heavy at the top: what a command needs is imported when it runs.
"""

import os
import shlex
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated

import typer

import polyculture
from polyculture.cli.shared.door import (
    PIPE_CLOSED,
    causes,
    finish,
    leave,
    notes_shown,
    prepare_streams,
)
from polyculture.cli.shared.help import Command, epilog
from polyculture.cli.shared.limits import DRAWING, refuse_limits
from polyculture.core.signals import ASKING, Ended, raise_on_signals

ENDED_BY_SIGNAL = frozenset(Ended(number).status for number in ASKING)
INTERRUPTED_TOLD = "Interrupted. What was finished is kept; for the rest run the same command again"


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # Typer calls it with the flag's value
    if wanted:
        typer.echo(f"polyculture {polyculture.__version__}")
        raise typer.Exit


def _about(
    context: typer.Context,
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Fine-tune foundation models, measure how alike they are, build sets that fail apart."""
    del version  # its callback has answered
    refuse_limits(draws=context.invoked_subcommand in DRAWING)


def make() -> typer.Typer:
    """Put the command line together from the files of this folder."""
    main = typer.Typer(
        name="polyculture",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        callback=_about,
        epilog=epilog(),
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for file in iter_modules(import_module("polyculture.cli").__path__):
        if file.name == "main" or file.ispkg:
            continue
        module = import_module(f"polyculture.cli.{file.name}")
        if hasattr(module, "app"):
            examples = getattr(module, "EXAMPLES", {})
            for command in module.app.registered_commands:
                command.cls = Command
                command.epilog = epilog(examples.get(command.name or command.callback.__name__, ()))
            main.add_typer(module.app, name=file.name, epilog=epilog())
        else:
            name = file.name.replace("_", "-")
            main.command(name=name, cls=Command, epilog=epilog(getattr(module, "EXAMPLES", ())))(
                module.command
            )
    return main


def run(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit status.

    0 all went well; 2 the input or the request cannot be used, with one sentence on the error
    stream; 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP. A bug of ours keeps its traceback and leaves with
    1.
    """
    prepare_streams()
    try:
        if arguments is None:  # this process is ours
            raise_on_signals()
        with notes_shown():
            make()(args=arguments, standalone_mode=True)
        status = 0
    except BaseException as error:  # noqa: BLE001  # the last one who can say something
        status = _ended_by(error, sys.argv[1:] if arguments is None else arguments)
    status = finish(status)
    if arguments is None and status in ENDED_BY_SIGNAL:
        # Threads of a library may still compute; at the end of a usual exit Python stops them
        # inside its code, which aborts the process with a status of its own.
        os._exit(status)
    sys.exit(status)


def _ended_by(error: BaseException, arguments: list[str]) -> int:
    """Report how a command ended; return the exit status.

    Typer silently turns a Ctrl-C into status 130, and a closed pipe into 1.
    """
    if any(isinstance(cause, KeyboardInterrupt) for cause in causes(error)):
        ended = next((cause for cause in causes(error) if isinstance(cause, Ended)), None)
        ended = ended or Ended(signal.SIGINT)
        message = f"{ended.message} The same command resumes" if ended.message else INTERRUPTED_TOLD
        with suppress(OSError):
            sys.stderr.write(f"{message}: {shlex.join(['polyculture', *arguments])}\n")
        return ended.status
    if isinstance(error, SystemExit):
        has_gone = any(isinstance(cause, BrokenPipeError) for cause in causes(error))
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
        return PIPE_CLOSED if has_gone else code
    return leave(error)
