"""A pinned archive is found where pip would find it."""

from pathlib import Path
from typing import Any

import pytest

from polyculture.core.errors import StarterError
from polyculture.sources.starter.entry import Archive
from polyculture.sources.starter.index import (
    PipSettings,
    find_address,
    pip_settings,
    session_of,
    settings_of,
)

LISTING = """\
:env:.timeout='7'
global.timeout='99'
global.index-url='https://a.example/simple'
download.index-url='https://b.example/simple'
global.extra-index-url='https://c.example/simple https://d.example/simple'
global.no-index='false'
"""


def address_of(archive: Archive, settings: PipSettings) -> str:
    with session_of(settings) as session:
        return find_address(archive, settings, session)


def test_later_sections_of_pips_settings_count_more() -> None:
    """A variable beats a file, and a setting of a command beats the global one."""
    found = settings_of(LISTING)

    assert found.timeout == 7
    assert found.index == "https://b.example/simple"
    assert found.extra_indexes == ("https://c.example/simple", "https://d.example/simple")
    assert not found.is_without_index


def test_pip_itself_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What pip reads from its variables and files is what counts here too."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("PIP_PROXY", "http://proxy.example:3128")

    found = pip_settings()

    assert found.index == "https://mirror.example/simple"
    assert found.proxy == "http://proxy.example:3128"


def test_an_archive_is_found_on_an_index(index: Any, archive: Archive) -> None:
    """The address is that of the file with the right hash."""
    assert address_of(archive, index.settings) == f"{index.url}/files/{archive.file}"


def test_a_folder_of_archives_needs_no_network(archive: Archive, tmp_path: Path) -> None:
    """As with pip, a folder named by find-links serves; the index is then never asked."""
    unreachable = PipSettings(index="http://127.0.0.1:9/simple/", find_links=(str(tmp_path),))

    assert address_of(archive, unreachable).startswith("file://")


def test_another_hash_on_the_index_is_refused(index: Any, archive: Archive) -> None:
    """A file that was swapped is not even fetched."""
    index.files[archive.file] += b"changed"

    with pytest.raises(StarterError, match="not the file that was checked"):
        address_of(archive, index.settings)

    assert all(path.startswith("/simple/") for path, _ in index.asked)


def test_a_package_that_is_nowhere_is_one_sentence(index: Any, archive: Archive) -> None:
    """The sentence says where to look."""
    index.files.clear()

    with pytest.raises(StarterError, match="pip config list"):
        address_of(archive, index.settings)


def test_no_index_and_no_folder_leave_nothing(archive: Archive) -> None:
    """Pip's own switch for working without a network is honoured."""
    with pytest.raises(StarterError, match="no-index"):
        address_of(archive, PipSettings(is_without_index=True))
