"""Fetch a pinned archive: resumed where it broke off, checked to the byte, whole or not at all."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polyculture.core.errors import StarterError
from polyculture.sources.starter.entry import Archive
from polyculture.sources.starter.index import PipSettings, find_address, session_of
from polyculture.store.digest import of_file
from polyculture.store.writing.disk import telling_of_disk

TRIES = 4
Watch = Callable[[str, int, int], None]
"""(what is going on, bytes done, bytes in all), called often."""


def download(archive: Archive, folder: Path, settings: PipSettings, watch: Watch) -> Path:
    """Fetch an archive into a folder, or take the one that is there.

    What has come so far stands in ``<file>.part``; it gets its name when its SHA-256 is right.

    Raises:
        StarterError: It cannot be found or reached, or its SHA-256 is wrong.
        StoreError: The disk is full.
    """
    whole, part = folder / archive.file, folder / f"{archive.file}.part"
    if whole.exists() and of_file(whole) == archive.sha256:
        return whole
    with telling_of_disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(part):
            if _size(part) != archive.size:
                _fetch(archive, part, settings, watch)
            _check(archive, part)
            part.replace(whole)
    return whole


def _fetch(archive: Archive, part: Path, settings: PipSettings, watch: Watch) -> None:
    import httpx2

    with session_of(settings) as session:
        try:
            address = find_address(archive, settings, session)
            for attempt in range(TRIES):
                before = _size(part)
                try:
                    _go_on(session, address, archive, part, watch)
                except httpx2.TransportError:
                    if attempt + 1 == TRIES:
                        raise
                    # what comes forward may try at once, what stands still waits
                    time.sleep(0 if _size(part) > before else 2**attempt)
                else:
                    return
        except httpx2.HTTPError as error:
            msg = (
                f"{archive.file} cannot be fetched ({_reason(error)}). What came so far is kept: "
                "check the network, then run the same command again."
            )
            raise StarterError(msg) from error


def _go_on(session: Any, address: str, archive: Archive, part: Path, watch: Watch) -> None:
    done = _size(part)
    if done > archive.size:
        part.unlink()
        done = 0
    headers = {"Accept-Encoding": "identity"}
    if done:
        headers["Range"] = f"bytes={done}-"
    with session.get_stream(address, headers=headers) as response:
        response.raise_for_status()
        if not _continues(response, done):
            done = 0
        with part.open("ab" if done else "wb") as file:
            for piece in response.iter_bytes():
                file.write(piece)
                done += len(piece)
                watch(archive.package, done, archive.size)
                if done > archive.size:
                    break  # not the file that is expected; the check will say so


def _continues(response: Any, done: int) -> bool:
    told = str(response.headers.get("Content-Range", ""))
    return response.status_code == 206 and told.startswith(f"bytes {done}-")  # noqa: PLR2004


def _check(archive: Archive, part: Path) -> None:
    came = of_file(part)
    if came == archive.sha256:
        return
    part.unlink()
    msg = (
        f"{archive.file} came with the SHA-256 {came}, but {archive.sha256} is expected: it is "
        "not the file that was checked, and is refused."
    )
    raise StarterError(msg)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    return f"status {response.status_code}" if response is not None else str(error) or "no answer"


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    """Keep a second fetch of the same archive waiting, where the system can."""
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        yield
        return
    lock = part.with_suffix(".lock")
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
