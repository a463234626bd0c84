"""A starter's folder is made whole from its archive, or not at all."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors import SafetensorError

from polyculture.core.errors import DataError, StarterError, StoreError
from polyculture.sources.starter import cache
from polyculture.sources.starter.entry import Archive, Starter
from polyculture.sources.starter.fetch import convert, fetch, missing, refuse_full_disk, sweep
from polyculture.sources.starter.lock import data, find, models, starters
from polyculture.store.writing.folder import written_once

Pack = Callable[[dict[str, bytes]], tuple[Archive, Path]]
CONLL = b"Rome NNP B-NP I-LOC\nwaits VBZ B-VP O\n\n"
MEMBERS = tuple(f"data/{split}.txt" for split in ("train", "valid", "test"))


def entry_of(archive: Archive) -> Starter:
    """An entry of the lock for a tiny package of CoNLL columns."""
    return Starter(
        name="tiny",
        kind="data",
        archive=archive,
        members=MEMBERS,
        converter="conll2003",
        size=1,
        about="",
        upstream="",
        licence="ours",
    )


def test_the_folder_says_what_it_was_made_from(pack: Pack, home: Path) -> None:
    """Its note holds the package, the hash and what was found."""
    archive, path = pack(dict.fromkeys(MEMBERS, CONLL))
    (home / "starter").mkdir(parents=True)

    convert(entry_of(archive), path)
    folder, mark = cache.need(entry_of(archive))

    assert sorted(file.name for file in folder.iterdir()) == [
        "starter.json",
        "test.parquet",
        "train.parquet",
        "valid.parquet",
    ]
    assert mark.sha256 == archive.sha256
    assert mark.notes == ("The tags were IOB1 and are now IOB2; 3 tags were written anew.",)
    assert [path.name for path in (home / "starter").iterdir()] == ["tiny"]


def test_a_broken_member_leaves_nothing_behind(pack: Pack, home: Path) -> None:
    """Half a folder would look like a fetched one."""
    archive, path = pack({**dict.fromkeys(MEMBERS, CONLL), MEMBERS[2]: b"one column\nhere\n"})
    (home / "starter").mkdir(parents=True)

    with pytest.raises(DataError, match=r"test\.txt, line 2"):
        convert(entry_of(archive), path)

    assert list((home / "starter").iterdir()) == []


def test_a_raised_conversion_number_asks_for_a_new_fetch(pack: Pack, home: Path) -> None:
    """Folders of an older conversion do not pass for new ones."""
    archive, path = pack(dict.fromkeys(MEMBERS, CONLL))
    (home / "starter").mkdir(parents=True)
    convert(entry_of(archive), path)
    newer = entry_of(archive).model_copy(update={"conversion": 2})

    with pytest.raises(StarterError, match="polyculture starter fetch tiny"):
        cache.need(newer)


def test_everything_is_missing_in_an_empty_home(home: Path) -> None:
    """Without names all that recipes read are meant, with the group's name the rest."""
    assert not home.exists()
    assert set(missing(())) == {*models(), *data()}
    assert {*missing(()), *missing(("survey",))} == set(starters())


def test_an_unknown_name_is_refused_before_anything_is_fetched(home: Path) -> None:
    """A slip costs no download."""
    with pytest.raises(StarterError, match="minilm-l6"):
        fetch(("minilm-l7",), lambda *_: None)

    assert not home.exists()


def test_what_is_there_is_not_fetched_again(
    pack: Pack, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline and fetched is no trouble: nothing is asked of any index."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    archive, path = pack(dict.fromkeys(MEMBERS, CONLL))
    (home / "starter").mkdir(parents=True)
    standing_in = find("conll2003")
    convert(entry_of(archive).model_copy(update={"name": standing_in.name}), path)
    note = (home / "starter" / standing_in.name / cache.MARK).read_text(encoding="utf-8")
    note = note.replace(archive.sha256, standing_in.archive.sha256)
    (home / "starter" / standing_in.name / cache.MARK).write_text(note, encoding="utf-8")

    fetch((standing_in.name,), lambda *_: pytest.fail("nothing should happen"))


def test_too_little_room_is_told_before_the_first_byte(home: Path) -> None:
    """The sentence says how much is needed, and nothing was made."""
    entry = find("reviews").model_copy(update={"size": 10**18})

    with pytest.raises(StoreError, match="POLYCULTURE_HOME"):
        refuse_full_disk([entry])

    assert not home.exists()


def test_a_disk_that_fills_up_while_weights_are_written_is_one_sentence(tmp_path: Path) -> None:
    """The writer of weights wraps the system's refusal; a person sees neither."""
    told = "Error while serializing: I/O error: No space left on device (os error 28)"

    with (
        pytest.raises(StoreError, match="is full"),
        written_once(tmp_path / "model", kind=None),
    ):
        raise SafetensorError(told)

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_fetch_left_is_swept_away(home: Path) -> None:
    """Only what nobody has touched for long: another fetch may be at work."""
    for name, age in ((".unpacked.old", 4000), (".unpacked.new", 10), ("reviews", 4000)):
        folder = home / "starter" / name
        folder.mkdir(parents=True)
        os.utime(folder, (time.time() - age, time.time() - age))

    sweep()

    assert sorted(path.name for path in (home / "starter").iterdir()) == [
        ".unpacked.new",
        "reviews",
    ]


def test_what_killed_fetches_left_goes_as_soon_as_no_fetch_is_at_work(
    pack: Pack, home: Path
) -> None:
    """Unpacked texts that may be copied nowhere do not lie about for an hour."""
    archive, path = pack(dict.fromkeys(MEMBERS, CONLL))
    (home / "starter" / ".unpacked.new").mkdir(parents=True)
    fetched = _fetched_as(find("conll2003"), archive, path, home)

    fetch((fetched.name,), lambda *_: None)

    assert not (home / "starter" / ".unpacked.new").exists()


def _fetched_as(standing_in: Starter, archive: Archive, path: Path, home: Path) -> Starter:
    convert(entry_of(archive).model_copy(update={"name": standing_in.name}), path)
    note = home / "starter" / standing_in.name / cache.MARK
    text = note.read_text(encoding="utf-8").replace(archive.sha256, standing_in.archive.sha256)
    note.write_text(text, encoding="utf-8")
    return standing_in


def _tiny(pack: Pack, home: Path) -> tuple[Starter, Path]:
    archive, path = pack(dict.fromkeys(MEMBERS, CONLL))
    (home / "starter").mkdir(parents=True, exist_ok=True)
    entry = entry_of(archive)
    convert(entry, path)
    return entry, cache.folder_of(entry)


@pytest.mark.parametrize("is_old", [False, True])
def test_a_broken_folder_is_named_and_counts_as_missing(
    pack: Pack, home: Path, *, is_old: bool
) -> None:
    """Also where its note is of a version that did not write sizes down."""
    entry, folder = _tiny(pack, home)
    if is_old:
        note = folder / cache.MARK
        old = cache.Mark.model_validate_json(note.read_bytes()).model_copy(update={"files": {}})
        note.write_text(old.model_dump_json(exclude={"files"}), encoding="utf-8")
    assert cache.mark_of(entry) is not None
    table = folder / "train.parquet"
    table.write_bytes(table.read_bytes()[:-20])

    assert cache.mark_of(entry) is None
    told = r"'tiny' is damaged \(train.parquet .*\). Run: polyculture starter fetch tiny"
    with pytest.raises(StarterError, match=told):
        cache.need(entry)


def test_a_file_that_is_gone_is_named(pack: Pack, home: Path) -> None:
    """Not "not fetched": a person has fetched it."""
    entry, folder = _tiny(pack, home)
    (folder / "valid.parquet").unlink()

    with pytest.raises(StarterError, match=r"damaged \(valid.parquet is missing\)"):
        cache.need(entry)


def test_one_wrong_byte_is_found_by_reading_all(pack: Pack, home: Path) -> None:
    """Sizes do not show it."""
    entry, folder = _tiny(pack, home)
    assert cache.is_genuine(entry)
    table = folder / "test.parquet"
    content = bytearray(table.read_bytes())
    content[10] ^= 1
    table.write_bytes(bytes(content))

    assert cache.mark_of(entry) is not None
    assert not cache.is_genuine(entry)


def test_a_cache_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to do about it."""
    stone = tmp_path / "stone"
    stone.write_text("", encoding="utf-8")
    monkeypatch.setenv("POLYCULTURE_HOME", str(stone))

    told = rf"The cache {stone} \(POLYCULTURE_HOME\) cannot be written: a file stands in its way."
    with pytest.raises(StoreError, match=told):
        fetch(("reviews",), lambda *_: None)
