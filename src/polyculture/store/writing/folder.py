"""Folders and files that are written once: under a temporary name, put in place when whole."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from polyculture.store.writing.disk import make_parents, telling_of_disk
from polyculture.store.writing.leftovers import workplace
from polyculture.store.writing.marks import FileKind, FolderKind, beside, mark_folder, mark_of_file
from polyculture.store.writing.outputs import check_output
from polyculture.store.writing.swap import put


@contextmanager
def written_once(
    folder: Path,
    *,
    kind: FolderKind | None,
    replace: bool = False,
    inputs: Iterable[Path] = (),
) -> Iterator[Path]:
    """Give a temporary folder beside ``folder``, put in place when the block ends well.

    After an error, or a Ctrl-C, nothing is left behind. What a kill leaves is cleared by the next
    call for the same folder.

    Args:
        folder: Where the whole folder will stand.
        kind: What it will be, for its mark. None for what lies in a cache of ours: it carries no
            mark and is always replaced.
        replace: Replace a folder of this kind that this program wrote; see ``check_output``. The
            old one goes after the new one stands.
        inputs: What is read to fill it, which is never replaced.

    Raises:
        StoreError: Something stands there that may not be replaced, or the disk is full.
    """
    inputs = tuple(inputs)
    if kind is not None:
        check_output(folder, kind=kind, replace=replace, inputs=inputs)
    make_parents(folder)
    with telling_of_disk(folder), workplace(folder) as place:
        unfinished = place / folder.name
        unfinished.mkdir()
        yield unfinished
        finish(unfinished, folder, kind=kind, replace=replace)


def finish(unfinished: Path, folder: Path, *, kind: FolderKind | None, replace: bool) -> None:
    """Mark a whole folder and put it in place; what stood there is then at ``unfinished``.

    Raises:
        StoreError: What stands there now may not be replaced.
    """
    if kind is not None:
        check_output(folder, kind=kind, replace=replace)  # hours may have passed
        mark_folder(unfinished, kind)
    put(unfinished, folder)


@contextmanager
def output_file(
    path: Path, *, kind: FileKind, replace: bool = False, inputs: Iterable[Path] = ()
) -> Iterator[Path]:
    """Give a temporary file for a result that a person asked for; see ``written_once``.

    Raises:
        StoreError: Something stands there that may not be replaced, or the disk is full.
    """
    check_output(path, kind=kind, replace=replace, inputs=inputs)
    make_parents(path)
    with telling_of_disk(path), workplace(path) as place:
        unfinished = place / path.name
        unfinished.touch(mode=0o644)
        yield unfinished
        check_output(path, kind=kind, replace=replace)
        mark = place / f"{path.name}.mark"
        mark.write_text(mark_of_file(unfinished, path, kind), encoding="utf-8")
        mark.replace(beside(path))
        unfinished.replace(path)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary file that takes the place of ``path`` when the block ends well.

    Readers see the old content or the new, never a part.

    Raises:
        StoreError: The disk is full, or the folder may not be written.
    """
    make_parents(path)
    with telling_of_disk(path), workplace(path) as place:
        unfinished = place / path.name
        unfinished.touch(mode=0o644)
        yield unfinished
        unfinished.replace(path)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all; see ``whole_file``."""
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text; see ``write_bytes``."""
    write_bytes(path, text.encode())
