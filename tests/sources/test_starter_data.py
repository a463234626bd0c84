"""The fetched data sets, as a recipe gets them. Skipped where they are not fetched."""

from collections import Counter
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from polyculture.checks.sources import DATA_CHECKS, DataCheck
from polyculture.core import parts
from polyculture.core.data import Dataset
from polyculture.core.errors import RecipeError, StarterError
from polyculture.core.plugins import DataSource
from polyculture.core.task import Column
from polyculture.sources.starter import cache
from polyculture.sources.starter.lock import find

pytestmark = pytest.mark.model
SOURCE: DataSource = parts.load("sources.data", "starter")
TEXTS = ("conll2003", "people-daily-ner", "reviews", "reviews-zh", "small-talk", "small-talk-zh")
TASKS = {"reviews": "classification", "small-talk": "dialogue"}
"""What a set is made for, by the beginning of its name; names of things are for ``spans``."""


def read(name: str, **settings: Any) -> Dataset:
    checked = SOURCE.settings.model_validate({"name": name, **settings})
    if cache.mark_of(find(name)) is None:
        pytest.skip(f"{name} is not fetched: polyculture starter fetch {name}")
    return SOURCE.read(checked, columns_of(name))


def columns_of(name: str) -> dict[str, Column]:
    """The columns of the task that the set is made for."""
    task = next((task for start, task in TASKS.items() if name.startswith(start)), "spans")
    columns: dict[str, Column] = parts.load("tasks", task).columns
    return columns


@pytest.mark.parametrize("check", DATA_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", TEXTS)
def test_promises(check: DataCheck, name: str) -> None:
    """Every set of texts keeps every promise of its shelf."""
    read(name)

    check(SOURCE, SOURCE.settings.model_validate({"name": name}), columns_of(name))


def test_conll2003_has_the_known_rows_and_tags() -> None:
    """Sentences and supports of the test are those of the shared task."""
    splits = read("conll2003").splits
    tags = Counter(tag for tags in splits["test"]["tags"].to_list() for tag in tags)

    assert {split: len(rows) for split, rows in splits.items()} == {
        "train": 14_041,
        "valid": 3_250,
        "test": 3_453,
    }
    assert tags == {
        "B-LOC": 1668,
        "I-LOC": 257,
        "B-MISC": 702,
        "I-MISC": 216,
        "B-ORG": 1661,
        "I-ORG": 835,
        "B-PER": 1617,
        "I-PER": 1156,
        "O": 38_323,
    }


def test_repeated_sentences_of_conll2003_are_told() -> None:
    """The figures are the known ones of this corpus."""
    notes = " ".join(read("conll2003").notes)

    assert "1,350 of 14,041 rows of train repeat" in notes
    assert "193 of 3,250 rows of valid have a text that train has too" in notes
    assert "126 of 3,453 rows of test have a text that train has too" in notes


def test_reviews_are_trained_on_films_and_tested_on_all() -> None:
    """Exactly the rows that were asked for, in every domain."""
    splits = read("reviews", train_rows=4000, valid_rows=500, probe_rows=500).splits

    assert len(splits["train"]) == 4000
    assert len(splits["valid"]) == 500
    assert set(splits["train"]["group"]) == set(splits["valid"]["group"]) == {"movies"}
    assert Counter(splits["test"]["group"]) == dict.fromkeys(
        ("tweets", "movies", "amazon", "nyt"), 500
    )
    assert set(splits["train"]["label"]) == {"positive", "negative"}


def test_reviews_can_be_trained_on_several_domains() -> None:
    """Rows are shared out evenly."""
    splits = read("reviews", domains=("amazon", "nyt"), train_rows=801, valid_rows=99).splits

    assert Counter(splits["train"]["group"]) == {"amazon": 401, "nyt": 400}
    assert Counter(splits["valid"]["group"]) == {"amazon": 50, "nyt": 49}


def test_no_text_of_reviews_is_in_two_splits() -> None:
    """Repeats were dropped before any split, so nothing has to be told about them."""
    dataset = read("reviews")
    keys = [
        " ".join(text.casefold().split())
        for rows in dataset.splits.values()
        for text in rows["text"]
    ]

    assert len(set(keys)) == len(keys)
    assert not any("all kept" in note for note in dataset.notes)


def test_another_split_seed_draws_other_rows() -> None:
    """And the same seed the same; the digest tells them apart."""
    first, again, other = (read("reviews", split_seed=seed).digest for seed in (1, 1, 2))

    assert first == again != other


@pytest.mark.parametrize("name", ["conll2003", "people-daily-ner"])
def test_restricted_sets_are_marked(name: str) -> None:
    """Probes of them keep ids only, and reports withhold the text."""
    assert read(name).is_restricted


def test_names_in_chinese_news_are_what_they_say() -> None:
    """Spans cut real names out of the text."""
    rows = pl.concat(read("people-daily-ner").splits.values())
    names = Counter(
        (span["label"], text[span["start"] : span["end"]])
        for text, spans in rows.select("text", "spans").rows()
        for span in spans
    )

    assert names["PER", "江泽民"] > 400
    assert names["LOC", "中国"] > 1000
    assert names["ORG", "新华社"] > 500
    assert len(rows) > 18_000


def test_rows_can_be_limited() -> None:
    """By whole documents, exactly as many as asked for."""
    splits = read("conll2003", train_rows=500, valid_rows=100, test_rows=100).splits

    assert [len(splits[split]) for split in ("train", "valid", "test")] == [500, 100, 100]


def test_more_rows_than_there_are_is_one_sentence() -> None:
    """It names the setting and what is left."""
    with pytest.raises(RecipeError, match="probe_rows of 'tweets' asks for 5,000 rows"):
        read("reviews", domains=("nyt",), probe_rows=5000)


def test_ratings_are_no_texts() -> None:
    """A recipe that wants to read them is told so."""
    with pytest.raises(RecipeError, match="ratings"):
        read("movielens-100k")


def test_a_domain_that_is_not_there_is_answered_by_the_nearest() -> None:
    """A slip is no empty training set."""
    with pytest.raises(RecipeError, match="Did you mean 'movies'"):
        read("reviews", domains=("movie",))


@pytest.mark.parametrize(
    "settings",
    [{"name": "conll2003", "domains": ["movies"]}, {"name": "reviews", "test_rows": 10}],
)
def test_settings_of_another_set_cannot_be_written(settings: dict[str, Any]) -> None:
    """A recipe with them is refused while it is read."""
    with pytest.raises(ValidationError):
        SOURCE.settings.model_validate(settings)


def test_a_set_that_is_not_fetched_says_how(home: object) -> None:
    """The command stands in the sentence."""
    del home

    with pytest.raises(StarterError, match="polyculture starter fetch reviews"):
        SOURCE.read(SOURCE.settings.model_validate({"name": "reviews"}), columns_of("reviews"))


def test_small_talk_ends_with_a_reply_and_keeps_questions_together() -> None:
    """Counts are those of a look into the package; truth values of YAML stayed words."""
    splits = read("small-talk").splits
    rows = pl.concat(splits.values())
    turns = rows["messages"].to_list()
    documents = [set(split["document"]) for split in splits.values()]

    assert len(rows) == 897  # of 898: the question of one is in the test
    assert rows["group"].n_unique() == 21
    assert all(talk[-1]["role"] == "assistant" for talk in turns)
    assert not documents[0] & documents[1] | documents[1] & documents[2]
    assert any(turn["content"] == "No." for talk in turns for turn in talk)
