"""``polyculture chat``: talk with a run in the terminal, or line by line through a pipe."""

import io
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyculture.cli.shared.typed import typed_line
from polyculture.core.errors import DataError
from polyculture.core.shown import shown
from polyculture.core.signals import Ended

if TYPE_CHECKING:
    from polyculture.engine.answering.talk import Talk

EXAMPLES = (
    "polyculture chat runs/talks-smollm2",
    "polyculture chat runs/talks-smollm2 --temperature 0 --system 'Be brief.'",
)
RESET, QUIT = "/reset", "/quit"
HELP = "/reset forgets what was said, Ctrl-C stops a reply, Ctrl-D or /quit ends."


def command(
    run: Annotated[
        Path, typer.Argument(help="Folder of a finished run that replies.", metavar="RUN")
    ],
    *,
    temperature: Annotated[
        float, typer.Option(min=0.0, help="How freely it speaks; 0 says the likeliest token.")
    ] = 0.7,
    top_p: Annotated[
        float,
        typer.Option(
            min=0.001,
            max=1.0,
            help="Draw only from the likeliest tokens that together have this probability.",
        ),
    ] = 0.9,
    seed: Annotated[int, typer.Option(min=0, help="Where chance comes from.")] = 1,
    longest_answer: Annotated[
        int | None,
        typer.Option(min=1, help="Most tokens of a reply; by default as the run's task has it."),
    ] = None,
    system: Annotated[
        str, typer.Option(help="Instructions that stand before everything.", metavar="TEXT")
    ] = "",
) -> None:
    """Talk with RUN, which keeps what was said; one line is one turn.

    In a terminal, replies appear as they are written. From a pipe or file (RUN < questions.txt),
    each line gets a reply of one line; all are one conversation, until /reset begins another.
    """
    from polyculture import api

    talk = api.chat(
        run,
        temperature=temperature,
        top_p=top_p,
        seed=seed,
        longest_answer=longest_answer,
        system=_whole(system, "--system"),
    )
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")  # told by its line, see _whole
    if sys.stdin.isatty():
        _in_terminal(talk)
    else:
        _through_pipe(talk)


def _in_terminal(talk: "Talk") -> None:
    typer.echo(HELP, err=True)
    before = 0
    for text in _typed():
        if text == RESET:
            talk.reset()
            before = 0
            typer.echo("Forgotten.", err=True)
            continue
        try:
            for piece in talk.reply(text):
                typer.echo("\n".join(map(shown, piece.split("\n"))), nl=False)
                sys.stdout.flush()
        except KeyboardInterrupt as error:
            _only_ctrl_c(error)
            typer.echo(" …", nl=False)
        typer.echo()
        before = _tell_dropped(talk, before)


def _tell_dropped(talk: "Talk", before: int) -> int:
    """Say so when turns are dropped for the first time; how many are now."""
    if talk.dropped and not before:
        note = "Note: the talk has outgrown what is read at once; its oldest turns are left out."
        typer.echo(note, err=True)
    return talk.dropped


def _typed() -> Iterator[str]:
    """What is typed, line by line, until Ctrl-D or /quit; Ctrl-C drops a line."""
    while True:
        try:
            text = typed_line("> ").strip()
        except EOFError:
            typer.echo()
            return
        except KeyboardInterrupt as error:
            _only_ctrl_c(error)
            typer.echo()
            continue
        if text == QUIT:
            return
        if text:
            yield _whole(text, "what was typed")


def _whole(text: str, where: str) -> str:
    """The text itself, all of whose bytes were UTF-8.

    Raises:
        DataError: One was not.
    """
    wrong = next((sign for sign in text if "\udc80" <= sign <= "\udcff"), None)
    if wrong is not None:
        byte = ord(wrong) - 0xDC00
        msg = f"{where}: expected UTF-8 text, got byte 0x{byte:02x}. Write it as UTF-8."
        raise DataError(msg)
    return text


def _only_ctrl_c(error: KeyboardInterrupt) -> None:
    """A request to end that came from elsewhere is kept."""
    if isinstance(error, Ended) and error.number != signal.SIGINT:
        raise error


def _through_pipe(talk: "Talk") -> None:
    before = 0
    for number, line in enumerate(sys.stdin, start=1):
        text = _whole(line, f"standard input, line {number}").strip()
        if text == QUIT:
            return
        if text == RESET:
            talk.reset()
            before = 0
        elif text:
            typer.echo(shown("".join(talk.reply(text)).strip().replace("\n", " ")))
            sys.stdout.flush()
            before = _tell_dropped(talk, before)
