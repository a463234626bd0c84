"""The bytes of an input file: opened once, unpacked, with the kind recognised."""

from __future__ import annotations

import errno
import gzip
import io
import os
import stat
import sys
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from polyculture.core.errors import DataError
from polyculture.core.shown import STANDARD_INPUT, shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKED = ".gz"
MAGIC = {
    b"PK\x03\x04": "a zip or Excel file",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip file",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Excel or Office file",
    b"%PDF-": "a PDF file",
    b"SQLite format 3\0": "an SQLite database",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"\xfd7zXZ\0": "an xz file",
    b"BZh": "a bzip2 file",
    b"\x89PNG": "a picture",
}
"""What a file is by its first bytes, whatever its name."""
HEAD = 4096
REASONS = {
    errno.EACCES: "you may not read it. Ask its owner, or copy it to where you may",
    errno.EPERM: "you may not read it. Ask its owner, or copy it to where you may",
    errno.EMFILE: "too many files are open. Raise the limit (ulimit -n), then try again",
    errno.ENFILE: "too many files are open on this machine. Try again later",
    errno.ELOOP: "its symbolic links lead in a circle. Check the path",
    errno.ENAMETOOLONG: "the name is too long. Check the path",
    errno.EIO: "the disk reports an error. Copy the file from its source again",
}
"""Why a file cannot be read and what to do, by errno."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a file holds; a pipe and standard input are read once and kept in memory."""

    path: Path
    data: bytes | None
    """All bytes, unpacked; None if the file on disk is opened each time."""
    is_packed: bool
    """The file on disk is a gzip file."""

    @property
    def name(self) -> str:
        """How the file is called in messages."""
        return shown_path(self.path)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The unpacked bytes, from the start.

        Raises:
            DataError: The file cannot be opened or read, or is damaged.
        """
        with reading(self.path):
            if self.data is not None:
                yield io.BytesIO(self.data)
            elif self.is_packed:
                with gzip.open(self.path, "rb") as file:
                    yield file  # type: ignore[misc]  # reads like any binary file
            else:
                with self.path.open("rb") as file:
                    yield file

    def head(self) -> bytes:
        """The first bytes, unpacked."""
        with self.opened() as file:
            return file.read(HEAD)

    def whole(self) -> bytes:
        """All bytes, unpacked."""
        if self.data is not None:
            return self.data
        with self.opened() as file:
            return file.read()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn read errors of the system into one sentence about ``path``."""
    name = shown_path(path)
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        msg = f"There is no file {name}. Check the path."
        raise DataError(msg) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        msg = f"{name} is a damaged gzip file ({error}). Copy it from its source again."
        raise DataError(msg) from error
    except OSError as error:
        reason = REASONS.get(error.errno or 0, str(error.strerror or error))
        msg = f"{name} cannot be read: {reason}."
        raise DataError(msg) from error


def content_of(file: Path | Content) -> Content:
    """Open a file, a pipe, or standard input (``-``); one that is open already is given back.

    Raises:
        DataError: It is missing, a folder or a device, or may not be read.
    """
    return file if isinstance(file, Content) else _opened(file)


def _opened(path: Path) -> Content:
    if path == STANDARD_INPUT:
        return _in_memory(path, _standard_input())
    with reading(path):
        mode = _mode(path)
        if stat.S_ISDIR(mode):
            msg = f"{shown_path(path)} is a folder, but a file is needed."
            raise DataError(msg)
        if stat.S_ISFIFO(mode):  # a second look would wait for ever
            return _in_memory(path, path.read_bytes())
        if not stat.S_ISREG(mode):
            msg = f"{shown_path(path)} is a device, but a file is needed."
            raise DataError(msg)
        with path.open("rb") as file:
            is_packed = file.read(2) == b"\x1f\x8b" and path.suffix.lower() == PACKED
    return Content(path=path, data=None, is_packed=is_packed)


def _mode(path: Path) -> int:
    try:
        return os.stat(path).st_mode  # noqa: PTH116  # Path.stat would hide nothing more
    except ValueError as error:  # a NUL within the name
        raise FileNotFoundError(errno.ENOENT, "no such file") from error


def _standard_input() -> bytes:
    if sys.stdin is None or sys.stdin.closed:
        msg = "Standard input is closed. Pipe a table into it, or name a file."
        raise DataError(msg)
    return sys.stdin.buffer.read()


def _in_memory(path: Path, data: bytes) -> Content:
    with reading(path):
        unpacked = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    return Content(path=path, data=unpacked, is_packed=False)


def kind_of(head: bytes) -> str | None:
    """What the first bytes say that a file is; None if they may be text."""
    return next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), None)
