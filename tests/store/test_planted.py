"""Foreign files in every place that a command may write to stay as they are, whatever is asked.

Each command runs once in an empty folder, which shows all places it writes to. Then something of
somebody else's is planted in one of them, and the command runs without and with ``--replace``.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults.runner import COUNTS, DATA, REVIEWS, contents, done

STUDY = f"""
[recipe]
task = "classification"
{DATA.replace("[data]", "[recipe.data]")}
[[models]]
name = "a"
base = {{ source = "new", kind = "tfidf" }}
[[models]]
name = "b"
seed = 2
base = {{ source = "new", kind = "tfidf" }}
"""
RESULTS = '[[rows]]\nname = "one"\nrecipe = "recipe.toml"\n'
WIDE = "item,gold,a,b\n1,x,x,x\n2,y,y,x\n3,x,x,y\n"
CARDS = "name,organisation,year\nalpha,north,2020\nbeta,south,2021\n"


class Verb(NamedTuple):
    """A command, and what it may write to beyond what is seen afterwards."""

    words: tuple[str, ...]
    results: tuple[str, ...]
    """What it leaves at the top: folders, or files."""
    passing: tuple[str, ...] = ()
    """What it makes and removes again."""


VERBS = {
    "train": Verb(("train", "recipe.toml"), ("runs/counts",), ("runs/.counts.unfinished",)),
    "study": Verb(
        ("study", "study.toml", "--out", "st"),
        ("st/audit", "st/runs/a", "st/runs/b", "st/evidence/a/test", "st/evidence/b/test"),
        ("st/runs/.a.unfinished", "st/runs/.b.unfinished"),
    ),
    "audit": Verb(
        ("audit", "answers.csv", "--wide", "--item", "item", "--gold", "gold", "--out", "out"),
        ("out",),
    ),
    "audit of runs": Verb(
        ("audit", "ready/a", "ready/b", "--probe", "test", "--out", "out"), ("out",)
    ),
    "survey": Verb(
        ("survey", "cards.csv", "--column", "name=name", "--out", "out", "--draws", "99"),
        ("out",),
    ),
    "predict": Verb(
        ("predict", "ready/a", "texts.csv", "--out", "answers.jsonl"), ("answers.jsonl",)
    ),
    "demo": Verb(("demo", "--no-open", "--quiet", "--out", "out"), ("out",)),
    "new": Verb(("new", "first.toml", "--data", "train.csv", "--base", "tfidf"), ("first.toml",)),
    "reproduce": Verb(
        ("reproduce", "results.toml", "--out", "res"),
        ("res/results.json", "res/results.md", "res/runs/one-seed1"),
        ("res/runs/.one-seed1.unfinished",),
    ),
    "report": Verb(("report", "ready/audit", "--out", "page.html"), ("page.html",)),
}
KEEPS = ("reproduce",)
"""What a second call keeps, instead of refusing."""
PLANTS = ("a file", "a folder", "a link", "a link to nothing")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inputs of all commands: texts, recipes, two runs and an audit."""
    place = tmp_path_factory.mktemp("ready")
    folder = place / "work"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYCULTURE_HOME", str(place / "home"))
        patch.chdir(folder)
        for split in ("train", "valid", "test"):
            Path(f"{split}.csv").write_text(REVIEWS, encoding="utf-8")
        Path("recipe.toml").write_text(COUNTS + DATA, encoding="utf-8")
        Path("study.toml").write_text(STUDY, encoding="utf-8")
        Path("results.toml").write_text(RESULTS, encoding="utf-8")
        Path("answers.csv").write_text(WIDE, encoding="utf-8")
        Path("cards.csv").write_text(CARDS, encoding="utf-8")
        Path("texts.csv").write_text("text\ngood film\n", encoding="utf-8")
        done("study", "study.toml", "--out", "first")
        shutil.move("first/runs", "ready")
        shutil.move("first/audit", "ready/audit")
        shutil.rmtree("first")
    return folder


def places(folder: Path, verb: Verb) -> Iterator[str]:
    """Everything that a command wrote, its results first, and what it makes only for a while."""
    yield from verb.results
    yield from verb.passing
    yield from (f"{name}/planted.txt" for name in (*verb.results, *verb.passing))
    for name in verb.results:
        for path in sorted((folder / name).rglob("*")):
            yield path.relative_to(folder).as_posix()


def plant(place: Path, what: str, treasure: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    match what:
        case "a file":
            place.write_text("mine", encoding="utf-8")
        case "a folder":
            place.mkdir()
            (place / "thesis.txt").write_text("mine", encoding="utf-8")
        case "a link":
            place.symlink_to(treasure, target_is_directory=True)
        case _:
            place.symlink_to(treasure / "nowhere")


@pytest.mark.slow
@pytest.mark.parametrize("name", VERBS)
def test_what_is_somebody_else_s_stays_wherever_it_is_planted(
    name: str, ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every place, as a file, a folder or a link, without and with ``--replace``."""
    verb = VERBS[name]
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    clean = tmp_path / "clean"
    shutil.copytree(ready, clean)
    monkeypatch.chdir(clean)
    assert done(*verb.words) == 0
    written = list(places(clean, verb))
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (treasure / "thesis.txt").write_text("mine", encoding="utf-8")

    tried = 0
    for number, place in enumerate(written):
        at_top = place in {*verb.results, *verb.passing}
        for what in PLANTS if at_top else PLANTS[:1]:
            folder = tmp_path / f"{number}-{what}"
            shutil.copytree(ready, folder)
            plant(folder / place, what, treasure)
            monkeypatch.chdir(folder)
            before = {**contents(folder), **contents(treasure)}
            for flags in ((), ("--replace",)):
                status = done(*verb.words, *flags)
                after = {**contents(folder), **contents(treasure)}
                assert status in {0, 2}, (place, what, flags)
                lost = [path for path in before if after.get(path) != before[path]]
                assert lost == [], (place, what, flags)
                tried += 1
            shutil.rmtree(folder)
    assert tried >= 2 * len(written)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in VERBS if name not in KEEPS])
def test_what_is_ours_is_replaced_but_not_with_something_planted_in_it(
    name: str, ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second call is refused, one with ``--replace`` is not, until a foreign file lies there."""
    verb = VERBS[name]
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    folder = tmp_path / "work"
    shutil.copytree(ready, folder)
    monkeypatch.chdir(folder)
    assert done(*verb.words) == 0
    assert done(*verb.words) == 2
    assert done(*verb.words, "--replace") == 0

    result = folder / verb.results[0]
    if result.is_dir():
        (result / "thesis.txt").write_text("mine", encoding="utf-8")
    else:
        result.write_text("mine", encoding="utf-8")
    before = contents(folder)

    assert done(*verb.words, "--replace") == 2
    assert contents(folder) == before
