"""The folder of a training that is not finished: ``.NAME.unfinished`` beside the run's place.

``lock`` is held by the process that trains; ``request.json`` says what was asked; ``chosen.json``,
``base``, ``before`` and ``checkpoint`` are what a resumed training needs; ``run`` becomes the
finished run.
"""

import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from polyculture.core.errors import PolycultureError, StoreError
from polyculture.core.request import Request
from polyculture.store.writing import locks
from polyculture.store.writing.disk import make_parents, telling_of_disk
from polyculture.store.writing.folder import write_text
from polyculture.store.writing.marks import MARK
from polyculture.store.writing.swap import put_back

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK, REQUEST, RUN = "lock", "request.json", "run"
OURS = (REQUEST, "chosen.json", "checkpoint", "base", "before", RUN)
OLDER = ("fingerprint", "log.jsonl", "model", "predictions", "run.json")
"""What earlier versions left in it."""


class Unfinished:
    """A training's folder, held by this process."""

    def __init__(self, path: Path, lock: locks.Lock, topmost: Path | None) -> None:
        self.path = path
        self.lock = lock
        self.topmost = topmost
        """The topmost folder that did not exist before."""

    @classmethod
    def hold(cls, folder: Path) -> "Unfinished":
        """Make or reopen the folder for the run that will stand at ``folder``.

        Raises:
            StoreError: Another process trains this run, or something else is in the way.
        """
        path = place_of(folder)
        topmost = next((p for p in reversed((path, *path.parents)) if not p.exists()), None)
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            msg = f"{path} is in the way, and is not a folder of polyculture. Move it."
            raise StoreError(msg)
        make_parents(path)
        with telling_of_disk(folder):
            path.mkdir(exist_ok=True)
            lock = locks.Lock.take(path / LOCK)
        if lock is None:
            msg = (
                f"{folder} is being trained by {locks.who_holds(path / LOCK)}. Wait until it ends, "
                "or choose another name for the run."
            )
            raise StoreError(msg)
        put_back(path / RUN, folder)
        return cls(path, lock, topmost)

    @classmethod
    @contextmanager
    def held(cls, folder: Path) -> "Iterator[Unfinished]":
        """Hold the folder while a run is trained and put in place; see ``hold``.

        After an error of ours before the first checkpoint, nothing of it is left.
        """
        unfinished = cls.hold(folder)
        try:
            yield unfinished
        except PolycultureError:
            if not unfinished.has_checkpoint():
                unfinished.give_up()
            raise
        finally:
            unfinished.release()

    @property
    def run(self) -> Path:
        """Where the finished run is put together."""
        return self.path / RUN

    def request_before(self) -> Request | None:
        """What the training that was killed here was asked for, if that is known."""
        try:
            return Request.model_validate_json((self.path / REQUEST).read_bytes())
        except (OSError, ValidationError):
            return None

    def is_begun(self) -> bool:
        """Whether a training left anything here."""
        return any((self.path / name).exists() for name in (*OURS, *OLDER) if name != "base")

    def begin(self, request: Request) -> None:
        """Discard what an earlier training left, except the base that was just made."""
        _remove(self.path, [name for name in (*OURS, *OLDER) if name != "base"])
        write_text(self.path / REQUEST, request.model_dump_json() + "\n")

    def is_spent(self, folder: Path) -> bool:
        """Whether the run at ``folder`` was finished here, or there is nothing worth keeping.

        Once a run has been put in place, this folder holds none, or the older one that stood there.
        """
        record, put = self.run / "run.json", folder / "run.json"
        if not self.run.exists() or not self.has_checkpoint():
            return True
        is_whole = (self.run / MARK).exists() and record.exists() and put.exists()
        return is_whole and record.stat().st_mtime_ns < put.stat().st_mtime_ns

    def has_checkpoint(self) -> bool:
        """Whether there is anything to resume from."""
        return any((self.path / "checkpoint").glob("step-*.json"))

    def give_up(self) -> None:
        """Remove the folders that this process made for nothing."""
        if self.topmost is not None:
            self.clear()
            for path in (self.path.parent, *self.path.parent.parents):
                if not path.is_relative_to(self.topmost):
                    break
                with suppress(OSError):
                    path.rmdir()

    def clear(self) -> None:
        """Remove everything of ours; anything else stays."""
        _remove(self.path, [*OURS, *OLDER, LOCK])
        with suppress(OSError):
            self.path.rmdir()

    def release(self) -> None:
        """Let other processes train this run."""
        self.lock.release()


def place_of(folder: Path) -> Path:
    """Where an unfinished run lies.

    Example:
        >>> str(place_of(Path("runs/ner")))
        'runs/.ner.unfinished'
    """
    return folder.with_name(f".{folder.name}.unfinished")


def clear_leftovers(folder: Path) -> bool:
    """Clear what a kill left after the finished run had been put in place.

    A training of the same name that was interrupted, to replace the run, is kept.

    Returns:
        Whether there is such a training.
    """
    path = place_of(folder)
    if not path.is_dir() or path.is_symlink():
        return False
    try:
        left = Unfinished.hold(folder)
    except StoreError:  # another process trains it again
        return True
    is_spent = left.is_spent(folder)
    if is_spent:
        left.clear()
    left.release()
    return not is_spent


def _remove(folder: Path, names: list[str]) -> None:
    for name in names:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
