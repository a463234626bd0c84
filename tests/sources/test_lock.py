"""The lock table is whole."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import pytest

from polyculture.core.errors import StarterError
from polyculture.sources.starter.entry import SHA256, Starter
from polyculture.sources.starter.lock import (
    GROUPS,
    data,
    entries_of,
    find,
    in_order,
    models,
    starters,
    survey,
)

PAGE = Path(__file__).parents[2] / "docs" / "starter.md"
NAMES = {
    "minilm-l6",
    "minilm-l6-sre",
    "minilm-l3",
    "me5-small",
    "smollm2-135m",
    "reviews",
    "reviews-zh",
    "people-daily-ner",
    "conll2003",
    "small-talk",
    "small-talk-zh",
    "movielens-100k",
    "rxn-bert",
    "rxn-bert-ft",
    "rxn-bert-ft-10k",
    "rxnmapper",
    "whisper-tiny-en",
    "voice-encoder",
    "efficientnet-lite0",
}


def test_all_starters_are_there_once() -> None:
    """Each name stands once in the table."""
    assert sorted(entry.name for entry in starters()) == sorted(NAMES)


@pytest.mark.parametrize("entry", starters(), ids=lambda entry: entry.name)
def test_an_entry_can_be_fetched_and_converted(entry: Starter) -> None:
    """It has every field, a legal hash, a converter that exists, members that do not collide."""
    names = [PurePosixPath(member).name for member in entry.members]

    assert SHA256.fullmatch(entry.archive.sha256)
    assert all((entry.archive.package, entry.archive.version, entry.archive.file))
    assert all((entry.about, entry.upstream, entry.size, entry.archive.size))
    assert find_spec(f"polyculture.sources.starter.converters.{entry.converter}")
    assert len(set(names)) == len(names) > 0
    assert {find(needed).kind for needed in entry.needs} <= {"model"}


@pytest.mark.parametrize("entry", starters(), ids=lambda entry: entry.name)
def test_what_is_restricted_says_on_which_terms(entry: Starter) -> None:
    """A person reads the terms before fetching."""
    assert entry.licence
    assert entry.terms or not entry.is_restricted


def test_the_child_names_its_parent() -> None:
    """The audit of likeness rests on this lineage."""
    assert find("minilm-l6-sre").lineage[0] == "minilm-l6"
    assert set(find("minilm-l6").lineage) < set(find("minilm-l6-sre").lineage)


def test_what_an_entry_needs_comes_before_it() -> None:
    """A tokenizer is there when the model that borrows it is converted."""
    assert [entry.name for entry in in_order(("minilm-l3",))] == ["minilm-l6", "minilm-l3"]


@pytest.mark.parametrize("entry", starters(), ids=lambda entry: entry.name)
def test_the_page_has_a_row_for_each(entry: Starter) -> None:
    """What a person may fetch is explained, with its licence or that it is restricted."""
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    (row,) = (line for line in rows if line.startswith(f"| `{entry.name}` |"))

    assert ("**restricted**" if entry.is_restricted else entry.licence.split()[0]) in row


def test_the_page_tells_how_much_there_is_to_fetch() -> None:
    """Both sums are those of the table."""
    text = PAGE.read_text(encoding="utf-8")
    for entries in ((*models(), *data()), survey()):
        sizes = {entry.archive.file: entry.archive.size for entry in entries}

        assert f"{sum(sizes.values()) / 1e6:.0f} MB" in text


def test_no_names_stand_for_all_that_recipes_read() -> None:
    """Models of other fields come when they are asked for, and all of them by one word."""
    assert set(in_order(())) == {*models(), *data()}
    assert in_order(("survey",)) == survey()


def test_a_group_is_no_starter() -> None:
    """One word means one thing."""
    assert not GROUPS.keys() & {entry.name for entry in starters()}


def test_a_survey_meets_five_fields() -> None:
    """Text, chemistry, speech, voices and pictures stand side by side."""
    fields = {entry.field for entry in (*models(), *survey())}

    assert fields == {"text", "chemistry", "speech", "speaker", "vision"}
    assert {entry.field for entry in models()} == {"text"}


def test_a_misspelt_name_is_answered_by_the_nearest() -> None:
    """One sentence, with the word that was meant."""
    with pytest.raises(StarterError, match="Did you mean 'minilm-l6'"):
        find("minilm-16")


def test_a_data_set_is_no_base() -> None:
    """A recipe that mixes them up is told so."""
    with pytest.raises(StarterError, match="no starter model 'reviews'"):
        find("reviews", "model")


def table(**changes: object) -> str:
    """A table of one archive and one starter, in TOML; a change of none takes a line out."""
    archive: dict[str, object] = {
        "package": "tiny",
        "version": "1.0",
        "file": "tiny.whl",
        "sha256": "0" * 64,
    }
    starter: dict[str, object] = {
        "name": "small",
        "kind": "data",
        "members": ["a.txt"],
        "converter": "reviews",
        "size": 1,
        "about": "",
        "upstream": "",
        "licence": "ours",
    }
    for written in (archive, starter):
        written |= {name: value for name, value in changes.items() if name in written}
    lines = [
        "[[archives]]",
        "size = 1",
        *(f"{name} = {json.dumps(value)}" for name, value in archive.items() if value is not None),
        "[[archives.starters]]",
        *(f"{name} = {json.dumps(value)}" for name, value in starter.items() if value is not None),
    ]
    return "\n".join(lines)


PLACE = "lock.toml, archive 'tiny', starter 'small': "
NONE = "Tuple should have at least 1 item after validation, not 0"
HASH = "expected the 64 lower-case hexadecimal digits of a SHA-256, got '0F'"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (table(sha256="0F"), f"{PLACE}'archive.sha256': {HASH}."),
        (table(version=None), f"{PLACE}it lacks 'archive.version'."),
        (table() + "\nlicense = 'MIT'", f"{PLACE}it has an unknown field 'license'."),
        (table(name=None), "lock.toml, archive 'tiny', starter 1: it lacks 'name'."),
        (table(members=[]), f"{PLACE}'members': {NONE}."),
        (
            table() + "\n=",
            "lock.toml cannot be read as TOML: Invalid statement (at line 16, column 1).",
        ),
        (f"{table()}\n{table()}", "lock.toml: two starters are named 'small'. Rename one of them."),
        ("archive = 1", "lock.toml: expected a list of 'archives', got none."),
    ],
)
def test_an_error_in_the_table_is_told_with_its_place(text: str, told: str) -> None:
    """File, archive, starter and field, or the line where it is not TOML."""
    with pytest.raises(StarterError) as raised:
        entries_of(text)

    assert str(raised.value) == told


LOADED = """
import sys
from pathlib import Path
opened = []
sys.addaudithook(lambda name, told: opened.append(Path(str(told[0])).name) if name == "open" else 0)
from polyculture.cli.main import run
sys.argv = ["polyculture", *sys.argv[1:]]
try:
    run()
finally:
    sys.stderr.write("\\n" + str("lock.toml" in opened))
"""


def reads_table(*words: str) -> bool:
    """Whether a command opens the table."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *words], capture_output=True, text=True, check=False
    )
    return done.stderr.splitlines()[-1] == "True"


@pytest.mark.parametrize("words", ["--help", "starter --help", "train none.toml"])
def test_help_and_slips_do_not_wait_for_the_table(words: str) -> None:
    """It is read when somebody asks for an entry."""
    assert not reads_table(*words.split())


def test_the_list_reads_the_table(home: Path) -> None:
    """As the others would, if they needed it."""
    assert reads_table("starter", "list")
    assert not home.exists()
