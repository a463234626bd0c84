"""Only named members leave an archive, and they stay in their folder."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from polyculture.core.errors import StarterError
from polyculture.sources.starter.unpack import unpack


def rolled(path: Path, *items: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as roll:
        for item in items:
            roll.addfile(item, io.BytesIO(b"x" * item.size) if item.size else None)
    return path


def item(name: str, size: int = 3) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size = size
    return made


def boxed(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as box:
        for name in names:
            box.writestr(name, "xxx")
    return path


def test_only_the_named_members_are_unpacked(tmp_path: Path) -> None:
    """Code beside the data stays where it is."""
    target = tmp_path / "out"
    target.mkdir()
    archive = boxed(tmp_path / "a.whl", "tiny/__init__.py", "tiny/data.txt")

    unpack(archive, ["tiny/data.txt"], target)

    assert [file.name for file in target.iterdir()] == ["data.txt"]


@pytest.mark.parametrize("name", ["../evil.txt", "/tmp/evil.txt", "a/../../evil.txt"])  # noqa: S108
def test_no_member_can_leave_the_folder(tmp_path: Path, name: str) -> None:
    """Its own last name is all that counts of its path."""
    target = tmp_path / "deep" / "out"
    target.mkdir(parents=True)

    unpack(rolled(tmp_path / "a.tar.gz", item(name)), [name], target)

    assert [file.name for file in target.iterdir()] == ["evil.txt"]
    assert not (tmp_path / "evil.txt").exists()
    assert not (tmp_path / "deep" / "evil.txt").exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """It could name any file of this machine."""
    link = tarfile.TarInfo("data.txt")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"

    with pytest.raises(StarterError, match="holds no file"):
        unpack(rolled(tmp_path / "a.tar.gz", link), ["data.txt"], tmp_path)


def test_a_missing_member_is_named(tmp_path: Path) -> None:
    """The archive is then not what was expected."""
    with pytest.raises(StarterError, match="holds no file"):
        unpack(boxed(tmp_path / "a.whl", "data.txt"), ["other.txt"], tmp_path)


@pytest.mark.parametrize("name", ["a.whl", "a.tar.gz"])
def test_a_broken_archive_is_one_sentence(tmp_path: Path, name: str) -> None:
    """Neither kind shows a traceback of its library."""
    (tmp_path / name).write_bytes(b"not an archive")

    with pytest.raises(StarterError, match="cannot be read as an archive"):
        unpack(tmp_path / name, ["data.txt"], tmp_path)
