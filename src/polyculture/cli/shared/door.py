"""Entry and exit of the command line: its streams, and how errors are reported."""

import codecs
import errno
import io
import logging
import os
import platform
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import polyculture
from polyculture.cli.shared.ascii_text import ERRORS, ascii_text
from polyculture.core.errors import PolycultureError
from polyculture.core.shown import shown

READERS = frozenset({"json", "tomllib", "yaml", "ast", "csv"})
"""Modules that read what a person wrote, level by level."""
CLOSED = "{path} is closed to you. Ask for the right to read or write it, or take another place."
FULL = "The disk of {path} is full. Free some space, then run the same command again."
MEMORY = (
    "There is not enough memory for this. Give it less data or smaller models, or end other "
    "programs."
)
SYSTEM = {
    errno.EACCES: CLOSED,
    errno.EPERM: CLOSED,
    errno.EROFS: "{path} lies on a disk that may not be written. Choose another place.",
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: "{path} grew larger than this system allows. Raise the limit on file sizes.",
    errno.ENAMETOOLONG: "The name {path} is longer than this system allows. Choose a shorter one.",
    errno.ELOOP: "{path} is a link that leads back to itself. Name the file itself.",
    errno.EISDIR: "{path} is a folder where a file belongs. Move it away.",
    errno.ENOTDIR: "{path} lies below a file, where nothing can lie. Check the path.",
    errno.EMFILE: "More files are open at once than this system allows. Raise the limit, as with: "
    "ulimit -n 4096",
    errno.ENFILE: "More files are open at once than this system allows. End other programs first.",
    errno.ENOMEM: MEMORY,
    errno.EIO: "The disk of {path} fails to read or write. Check the disk.",
    errno.EBUSY: "{path} is in use by the system. Choose another place.",
    errno.ESTALE: "{path} lies on a network disk that has gone. Check the disk.",
}
"""Messages for errors of the system, by errno."""
TOLD_BY_WRITING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
IN_THE_WAY = (
    "The folder {path} cannot be made: a file stands in its way, or nothing can be made there. "
    "Choose another place."
)
SOMETHING = "a file that was read or written"
"""Where the system does not say which."""
PIPE_CLOSED = 141
"""What a shell gives a program that wrote to somebody who had gone; ``head`` goes early."""
REFUSED = 2
BUG = 1


def prepare_streams() -> None:
    """Make the three streams such that writing cannot fail for a sign or a closed stream.

    A stream that the caller closed becomes one that leads nowhere; else the next file that is
    opened would take its number, and be written to by whoever means the stream.
    """
    codecs.register_error(ERRORS, ascii_text)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        stream = getattr(sys, name)
        if stream is None:
            _occupy(number)
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)


def _occupy(number: int) -> None:
    with suppress(OSError):
        os.fstat(number)
        return
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)


class _Notes(logging.Handler):
    """Shows each note once, on the error stream."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.shown: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        note = shown(record.getMessage())
        if note not in self.shown:
            self.shown.add(note)
            with suppress(OSError):
                sys.stderr.write(f"Note: {note}\n")


@contextmanager
def notes_shown() -> Iterator[None]:
    """Show what the package tells in passing, such as of a cache that cannot be written."""
    ours, notes = logging.getLogger("polyculture"), _Notes()
    ours.addHandler(notes)
    try:
        yield
    finally:
        ours.removeHandler(notes)


def sentence(error: BaseException) -> str | None:
    """The message for an error that is not a bug; None for a bug."""
    if isinstance(error, PolycultureError):
        return str(error)
    if isinstance(error, RecursionError):
        return _nested(error)
    if isinstance(error, OSError):
        return _refused(error)
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):  # torch's words
        return MEMORY
    # libraries in Rust have errors of their own
    return SYSTEM[errno.EMFILE] if "Too many open files" in str(error) else None


def _nested(error: RecursionError) -> str | None:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    names = {str(frame.f_globals.get("__name__")).partition(".")[0] for frame in frames[-3:]}
    if not names & READERS:
        return None
    return "What was given is nested too deep to be read: lists in lists, or tables in tables."


def _refused(error: OSError) -> str | None:
    if error.errno in TOLD_BY_WRITING and error.filename is None and not _takes_more(sys.stdout):
        return "Standard output cannot be written to: its disk is full, or it was closed."
    if not _has_working_folder():
        return "The working folder does not exist any more. Change into one that does."
    template = SYSTEM.get(error.errno or 0) or (IN_THE_WAY if _is_making_a_folder(error) else None)
    path = SOMETHING if error.filename is None else os.fsdecode(error.filename)
    return template and template.format(path=path)


def _is_making_a_folder(error: OSError) -> bool:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and frames[-1].f_code.co_name in {"mkdir", "mkdtemp"}


def _has_working_folder() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


def _takes_more(stream: TextIO) -> bool:
    try:
        stream.write("\n")  # what failed is not tried again by itself
        stream.flush()
    except OSError:
        return False
    return True


def leave(error: BaseException) -> int:
    """Report an error; return the exit status."""
    message = sentence(error)
    with suppress(OSError):  # nobody listens any more
        if message is not None:
            sys.stderr.write(f"Error: {shown(message)}\n")
            return REFUSED
        traceback.print_exception(error)
        sys.stderr.write(
            "This is a bug of polyculture. Please report it with the lines above, what you typed, "
            f"and: polyculture {polyculture.__version__}, Python {platform.python_version()}, "
            f"{platform.platform()}\n"
        )
    return BUG if message is None else REFUSED


def finish(status: int) -> int:
    """Flush the streams; return the exit status, which an error may change."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        status = status or PIPE_CLOSED
    except OSError as error:
        status = status or leave(error)
    except ValueError:  # somebody closed it
        return status
    else:
        return status
    _lead_nowhere(sys.stdout)
    return status


def _lead_nowhere(stream: TextIO) -> None:
    """Let nothing more be written, not even by Python's own end, which would complain."""
    with suppress(OSError, ValueError):  # no file behind it
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and its causes, the nearest first."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
