"""A download is resumed, checked, and whole or not at all."""

import errno
from pathlib import Path
from typing import Any

import pytest

from polyculture.core.errors import StarterError, StoreError
from polyculture.sources.starter.download import download
from polyculture.sources.starter.entry import Archive
from polyculture.sources.starter.index import PipSettings

UNREACHABLE = PipSettings(index="http://127.0.0.1:9/simple/", timeout=1)


def ignore(*_: Any) -> None:
    pass


def ranges(index: Any) -> list[str | None]:
    return [asked for path, asked in index.asked if path.startswith("/files/")]


def test_an_archive_comes_whole(index: Any, archive: Archive, home: Path) -> None:
    """Only the file stands in the folder afterwards, and progress reached the end."""
    told: list[tuple[int, int]] = []

    path = download(
        archive, home, index.settings, lambda _, done, total: told.append((done, total))
    )

    assert path.read_bytes() == index.files[archive.file]
    assert [file.name for file in home.iterdir()] == [archive.file]
    assert told[-1] == (archive.size, archive.size)


def test_what_came_before_is_not_fetched_again(index: Any, archive: Archive, home: Path) -> None:
    """An interrupted download goes on where it stopped."""
    home.mkdir()
    (home / f"{archive.file}.part").write_bytes(index.files[archive.file][:100])

    path = download(archive, home, index.settings, ignore)

    assert ranges(index) == ["bytes=100-"]
    assert path.read_bytes() == index.files[archive.file]


def test_a_cut_connection_is_taken_up_again(index: Any, archive: Archive, home: Path) -> None:
    """The user does not notice a line that breaks once."""
    index.breaks_after = 200

    path = download(archive, home, index.settings, ignore)

    assert ranges(index) == [None, "bytes=200-"]
    assert path.read_bytes() == index.files[archive.file]


def test_a_server_without_ranges_starts_anew(index: Any, archive: Archive, home: Path) -> None:
    """Old bytes are not glued before a whole file."""
    index.ignores_ranges = True
    home.mkdir()
    (home / f"{archive.file}.part").write_bytes(b"something else")

    path = download(archive, home, index.settings, ignore)

    assert path.read_bytes() == index.files[archive.file]


def test_ctrl_c_keeps_what_came(index: Any, archive: Archive, home: Path) -> None:
    """The next try asks for the rest only."""

    def interrupt(_: str, done: int, __: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(archive, home, index.settings, interrupt)
    kept = (home / f"{archive.file}.part").stat().st_size
    download(archive, home, index.settings, ignore)

    assert not (home / f"{archive.file}.part").exists()
    assert ranges(index) == [None, f"bytes={kept}-"] if kept < archive.size else [None]


def test_wrong_bytes_are_refused_and_thrown_away(index: Any, archive: Archive, home: Path) -> None:
    """An index that tells no hashes cannot slip in another file."""
    index.tells_hashes = False
    index.files[archive.file] = b"x" * archive.size

    with pytest.raises(StarterError, match="is refused"):
        download(archive, home, index.settings, ignore)

    assert [file.name for file in home.iterdir() if file.suffix != ".lock"] == []


def test_an_endless_file_is_stopped(index: Any, archive: Archive, home: Path) -> None:
    """No more is written than the lock says, give or take a piece."""
    index.tells_hashes = False
    index.files[archive.file] = b"x" * (archive.size + 10_000_000)
    largest = 0

    def watch(_: str, done: int, __: int) -> None:
        nonlocal largest
        largest = max(largest, done)

    with pytest.raises(StarterError, match="is refused"):
        download(archive, home, index.settings, watch)

    assert largest < archive.size + 1_000_000


def test_without_a_network_one_sentence_says_so(archive: Archive, home: Path) -> None:
    """And what came before stays."""
    home.mkdir()
    part = home / f"{archive.file}.part"
    part.write_bytes(b"begun")

    with pytest.raises(StarterError, match="run the same command again"):
        download(archive, home, UNREACHABLE, ignore)

    assert part.read_bytes() == b"begun"


def test_a_whole_archive_needs_no_network(index: Any, archive: Archive, home: Path) -> None:
    """What was fetched but not yet unpacked is taken as it is."""
    download(archive, home, index.settings, ignore)

    assert download(archive, home, UNREACHABLE, ignore).exists()


def test_a_full_disk_is_one_sentence(
    index: Any, archive: Archive, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message tells what to do, not a number of the system."""
    whole = Path.open

    def full(path: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if path.suffix == ".part" and mode != "rb":
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(path, mode, *rest, **named)

    monkeypatch.setattr(Path, "open", full)

    with pytest.raises(StoreError, match="is full"):
        download(archive, home, index.settings, ignore)
