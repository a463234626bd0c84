"""Where a result may be written, what may be replaced, and who holds a training's folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from polyculture.core.errors import StoreError
from polyculture.core.names import fault_of
from polyculture.core.request import Request, differences
from polyculture.store.writing import locks, swap
from polyculture.store.writing.folder import output_file, whole_file, written_once
from polyculture.store.writing.leftovers import sweep, workplace
from polyculture.store.writing.marks import marked_kind
from polyculture.store.writing.outputs import check_output
from polyculture.store.writing.unfinished import Unfinished, clear_leftovers, place_of


def write(folder: Path, text: str, *, replace: bool = False) -> None:
    with written_once(folder, kind="audit", replace=replace) as unfinished:
        (unfinished / "audit.json").write_text(text, encoding="utf-8")


def test_a_result_is_marked_and_replaced_by_its_own_kind_only(tmp_path: Path) -> None:
    """The old one goes only after the new one stands; an error leaves it as it was."""
    write(tmp_path / "a", "first")
    assert marked_kind(tmp_path / "a") == "audit"

    write(tmp_path / "a", "second", replace=True)
    assert (tmp_path / "a" / "audit.json").read_text(encoding="utf-8") == "second"

    with (
        pytest.raises(StoreError, match="it holds an audit, not a survey"),
        written_once(tmp_path / "a", kind="survey", replace=True),
    ):
        pass
    with (
        pytest.raises(RuntimeError),
        written_once(tmp_path / "a", kind="audit", replace=True),
    ):
        raise RuntimeError
    assert (tmp_path / "a" / "audit.json").read_text(encoding="utf-8") == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_an_empty_folder_may_be_replaced_when_asked(tmp_path: Path) -> None:
    """Nothing can be lost in it."""
    (tmp_path / "a").mkdir()
    with pytest.raises(StoreError, match="add --replace"):
        write(tmp_path / "a", "x")
    write(tmp_path / "a", "x", replace=True)
    assert marked_kind(tmp_path / "a") == "audit"


def test_a_file_that_arrives_while_the_result_is_made_is_kept(tmp_path: Path) -> None:
    """What may be replaced is asked once more at the end."""
    write(tmp_path / "a", "first")
    with (
        pytest.raises(StoreError, match="thesis"),
        written_once(tmp_path / "a", kind="audit", replace=True),
    ):
        (tmp_path / "a" / "thesis.txt").write_text("mine", encoding="utf-8")
    assert (tmp_path / "a" / "thesis.txt").exists()


def test_a_single_file_of_ours_is_replaced_until_somebody_changes_it(tmp_path: Path) -> None:
    """Its mark stands beside it, with a digest."""
    path = tmp_path / "answers.csv"
    for text in ("first", "second"):
        with output_file(path, kind="answers", replace=text == "second") as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    path.write_text("edited", encoding="utf-8")

    with pytest.raises(StoreError, match="changed since"):
        check_output(path, kind="answers", replace=True)


def test_names_that_are_exchanged_are_both_there_at_every_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the system cannot exchange two names at once."""
    for exchange in (True, False):
        if not exchange:
            monkeypatch.setattr(swap, "_exchanged", lambda *_: False)
        for name in ("new", "old"):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "file").write_text(name, encoding="utf-8")

        swap.put(tmp_path / "new", tmp_path / "old")

        assert (tmp_path / "old" / "file").read_text(encoding="utf-8") == "new"
        assert (tmp_path / "new" / "file").read_text(encoding="utf-8") == "old"


def test_what_a_killed_process_left_is_cleared_and_what_another_holds_is_not(
    tmp_path: Path,
) -> None:
    """A lock ends with its process, however that ends."""
    script = (
        "import os, sys; from pathlib import Path\n"
        "from polyculture.store.writing.leftovers import workplace\n"
        f"with workplace(Path({str(tmp_path / 'a')!r})): os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    assert len(list(tmp_path.iterdir())) == 1

    with workplace(tmp_path / "b") as mine:
        sweep(tmp_path / "a")
        sweep(tmp_path / "b")
        assert list(tmp_path.iterdir()) == [mine.parent]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_only_looks_like_a_leftover_stays(tmp_path: Path) -> None:
    """Without our lock in it, it is somebody else's."""
    odd = tmp_path / ".a.polyculture-backup"
    odd.mkdir()
    (odd / "thesis.txt").write_text("mine", encoding="utf-8")
    with whole_file(tmp_path / "a") as path:
        path.write_text("x", encoding="utf-8")
    assert (odd / "thesis.txt").exists()


def test_a_training_is_held_by_one_process(tmp_path: Path) -> None:
    """The second is told who trains; once released, it may go on."""
    first = Unfinished.hold(tmp_path / "m")
    with pytest.raises(StoreError, match=rf"is being trained by process {os.getpid()} on "):
        Unfinished.hold(tmp_path / "m")
    first.release()
    second = Unfinished.hold(tmp_path / "m")
    second.clear()
    second.release()
    assert not place_of(tmp_path / "m").exists()
    assert locks.state_of(tmp_path / "nothing") == "free"


def test_leftovers_of_a_finished_run_are_cleared_but_not_a_foreign_file(tmp_path: Path) -> None:
    """Only names that this program gives are removed."""
    held = Unfinished.hold(tmp_path / "m")
    held.begin(Request(recipe={}, data="d", base=None))
    (held.path / "thesis.txt").write_text("mine", encoding="utf-8")
    held.release()

    clear_leftovers(tmp_path / "m")

    assert [path.name for path in held.path.iterdir()] == ["thesis.txt"]


def test_a_training_given_up_leaves_no_folder_that_it_made(tmp_path: Path) -> None:
    """Folders that were there before stay."""
    (tmp_path / "there").mkdir()
    held = Unfinished.hold(tmp_path / "there" / "new" / "runs" / "m")
    held.give_up()
    held.release()
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "a\\b", "a\0b", "a\nb", ".a", "x" * 201])
def test_a_name_is_one_plain_folder(name: str) -> None:
    """Nothing is ever written outside the folder of runs."""
    assert fault_of(name)


@pytest.mark.parametrize("name", ["a", "minilm-l6", "新模型", "a b", "x" * 200, "a..b"])
def test_ordinary_names_are_fine(name: str) -> None:
    """Any script, spaces and dots inside too."""
    assert fault_of(name) is None


def test_files_that_moved_are_no_difference_but_other_rows_are() -> None:
    """Rows and base count by their digests, settings say how they differ."""
    old = Request(
        recipe={"data": {"train": "/a/x.csv", "rows": 5}, "name": "a"}, data="d", base="b"
    )
    moved = Request(
        recipe={"data": {"train": "/b/x.csv", "rows": 5}, "name": "b"}, data="d", base="b"
    )
    other = Request(recipe={"data": {"train": "/b/x.csv", "rows": 6}}, data="e", base="c")
    assert differences(old, moved) == ()
    assert differences(old, other) == ("data.rows 5 → 6", "the files of the base")


def test_an_interrupted_retraining_is_kept_beside_the_finished_run(tmp_path: Path) -> None:
    """Asking for the finished run again must not cost the hours of the new one."""
    run = tmp_path / "m"
    run.mkdir()
    (run / "run.json").write_text("{}", encoding="utf-8")
    held = Unfinished.hold(run)
    held.begin(Request(recipe={}, data="d", base=None))
    held.run.mkdir()
    (held.path / "checkpoint").mkdir()
    (held.path / "checkpoint" / "step-5.json").write_text("{}", encoding="utf-8")
    held.release()

    assert clear_leftovers(run)
    assert (held.path / "checkpoint" / "step-5.json").exists()


def test_nothing_is_cleared_on_a_disk_without_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can tell whether a process still writes there."""
    monkeypatch.setattr(locks, "_try", lambda _: "unknown")
    with workplace(tmp_path / "a") as place:
        sweep(tmp_path / "a")
        assert place.exists()


def test_a_result_may_bear_any_name(tmp_path: Path) -> None:
    """That of the lock, too."""
    write(tmp_path / "lock", "x")
    with output_file(tmp_path / "mark", kind="answers") as unfinished:
        unfinished.write_text("x", encoding="utf-8")
    assert marked_kind(tmp_path / "lock") == "audit"


def test_after_a_kill_between_two_renames_the_old_result_stands_again(tmp_path: Path) -> None:
    """On systems that cannot exchange two names at once."""
    script = (
        "import os; from pathlib import Path\n"
        "from polyculture.store.writing.leftovers import workplace\n"
        f"with workplace(Path({str(tmp_path / 'a')!r})) as place:\n"
        "    (place / 'a.old').mkdir(); (place / 'a.old' / 'audit.json').touch(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", script], check=False)
    sweep(tmp_path / "a")
    assert (tmp_path / "a" / "audit.json").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
