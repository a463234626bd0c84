"""The lock table is whole."""

import string
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import pytest

from polyculture.core.errors import StarterError
from polyculture.sources.starter.entry import Starter
from polyculture.sources.starter.lock import DATA, GROUPS, MODELS, STARTERS, find, in_order
from polyculture.sources.starter.lock_survey import SURVEY

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
    assert sorted(entry.name for entry in STARTERS) == sorted(NAMES)


@pytest.mark.parametrize("entry", STARTERS, ids=lambda entry: entry.name)
def test_an_entry_can_be_fetched_and_converted(entry: Starter) -> None:
    """It pins a hash, names a converter that exists, and members that cannot collide."""
    names = [PurePosixPath(member).name for member in entry.members]

    assert len(entry.archive.sha256) == 64
    assert set(entry.archive.sha256) <= set(string.hexdigits.lower())
    assert entry.archive.size > 0
    assert find_spec(f"polyculture.sources.starter.converters.{entry.converter}")
    assert len(set(names)) == len(names) > 0
    assert {find(needed).kind for needed in entry.needs} <= {"model"}


@pytest.mark.parametrize("entry", STARTERS, ids=lambda entry: entry.name)
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


@pytest.mark.parametrize("entry", STARTERS, ids=lambda entry: entry.name)
def test_the_page_has_a_row_for_each(entry: Starter) -> None:
    """What a person may fetch is explained, with its licence or that it is restricted."""
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    (row,) = (line for line in rows if line.startswith(f"| `{entry.name}` |"))

    assert ("**restricted**" if entry.is_restricted else entry.licence.split()[0]) in row


def test_the_page_tells_how_much_there_is_to_fetch() -> None:
    """Both sums are those of the table."""
    text = PAGE.read_text(encoding="utf-8")
    for entries in ((*MODELS, *DATA), SURVEY):
        sizes = {entry.archive.file: entry.archive.size for entry in entries}

        assert f"{sum(sizes.values()) / 1e6:.0f} MB" in text


def test_no_names_stand_for_all_that_recipes_read() -> None:
    """Models of other fields come when they are asked for, and all of them by one word."""
    assert set(in_order(())) == {*MODELS, *DATA}
    assert in_order(("survey",)) == SURVEY


def test_a_group_is_no_starter() -> None:
    """One word means one thing."""
    assert not GROUPS.keys() & {entry.name for entry in STARTERS}


def test_a_survey_meets_five_fields() -> None:
    """Text, chemistry, speech, voices and pictures stand side by side."""
    fields = {entry.field for entry in (*MODELS, *SURVEY)}

    assert fields == {"text", "chemistry", "speech", "speaker", "vision"}
    assert {entry.field for entry in MODELS} == {"text"}


def test_a_misspelt_name_is_answered_by_the_nearest() -> None:
    """One sentence, with the word that was meant."""
    with pytest.raises(StarterError, match="Did you mean 'minilm-l6'"):
        find("minilm-16")


def test_a_data_set_is_no_base() -> None:
    """A recipe that mixes them up is told so."""
    with pytest.raises(StarterError, match="no starter model 'reviews'"):
        find("reviews", "model")
