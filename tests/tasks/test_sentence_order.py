"""Which part came first: pairs come from the text alone, and lose nothing of it."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture import api
from polyculture.core.errors import DataError
from polyculture.core.recipe import Recipe
from polyculture.nets.text.halves import halves
from polyculture.tasks.sentence_order import PLUGIN, SentenceOrder

TEXTS = (
    "It rained. Nobody came! Why?",
    "今天下雨。没有人来！为什么？",
    "Sun 😀. Everyone came.\nGood",
)


def rows_of(*texts: str) -> pl.DataFrame:
    return pl.DataFrame({"id": [str(n) for n in range(len(texts))], "text": list(texts)})


def prepared(rows: pl.DataFrame) -> pl.DataFrame:
    return PLUGIN.prepare(rows, "train", SentenceOrder())


@settings(max_examples=40)
@given(st.text("ab 我。.!?？\n😀", max_size=20), st.integers(0, 9))
def test_two_halves_are_the_text(text: str, seed: int) -> None:
    """But for spaces at the cut; none where there are less than two words."""
    parts = halves(text, np.random.default_rng(seed))

    if parts is None:
        assert len(text.split()) <= 1 or not any(sign.isalnum() for sign in text)
        return
    first, second, _ = parts
    assert "".join((first + second).split()) == "".join(text.split())
    assert first
    assert second


def test_every_boundary_between_sentences_is_drawn_at_times() -> None:
    """And no other place."""
    cuts = {halves(TEXTS[1], np.random.default_rng(seed)) for seed in range(30)}

    assert cuts == {
        ("今天下雨。", "没有人来！为什么？", True),
        ("今天下雨。没有人来！", "为什么？", True),
    }


def test_a_pair_depends_on_its_text_alone() -> None:
    """Whatever stands beside it, and whatever a column of labels says; half of them are swapped."""
    texts = [f"Number {n} came first. Then it went away." for n in range(400)]
    rows = rows_of(*texts)

    pairs = prepared(rows)
    turned = prepared(rows.reverse().with_columns(label=pl.lit("other")))

    assert turned.reverse().select(pairs.columns).equals(pairs)
    swapped = int((pairs["label"] == "swapped").sum())
    assert abs(swapped - 200) < 50  # five standard deviations
    for text, first, second, label in zip(
        texts, pairs["text"], pairs["text_b"], pairs["label"], strict=True
    ):
        both = (second, first) if label == "swapped" else (first, second)
        assert " ".join(both) == text


def test_texts_of_one_sentence_are_told() -> None:
    """They are cut in their middle, and counted by split."""
    splits = {name: prepared(rows_of(*TEXTS, "we came home")) for name in ("train", "test")}

    notes = PLUGIN.remarks(splits, PLUGIN.learn(splits, SentenceOrder()), SentenceOrder())

    assert notes[1] == "test: 1 of 4 texts hold one sentence and are cut in its middle."
    pair = set(splits["test"].select("text", "text_b").row(3))
    assert pair == {"we", "came home"}


def test_pairs_of_ones_own_stay_as_they_are() -> None:
    """With labels or without."""
    pairs = rows_of("b").with_columns(text_b=pl.lit("a"))
    labelled = pairs.with_columns(label=pl.lit("swapped"))

    assert prepared(pairs).equals(pairs)
    assert prepared(labelled).equals(labelled)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (rows_of("It rained. Nobody came.", "rain"), "the text 'rain' has less than two words"),
        (rows_of("It rained.", " "), "the text ' ' has less than two words"),
        (rows_of("No. No."), "the text 'No. No.' is twice the same, so it has no order"),
        (
            rows_of("b").with_columns(text_b=pl.lit("a"), label=pl.lit("next")),
            "the label of a pair is 'in order' or 'swapped', got 'next'",
        ),
    ],
)
def test_rows_that_have_no_order_are_refused(rows: pl.DataFrame, reason: str) -> None:
    """In one sentence that names the item and what to do."""
    with pytest.raises(DataError, match=reason):
        prepared(rows)


@pytest.mark.slow
def test_a_run_answers_plain_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of texts is cut as the training texts were, and the parts are shown."""
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    table = {
        "name": "order",
        "task": "sentence_order",
        "base": {"source": "new", "kind": "transformer", "width": 32, "layers": 1},
        "data": {"source": "table", "train": "toy.csv"},
        "fit": {"epochs": 1, "threads": 1, "precision": "float32"},
    }
    run, folder = api.train(Recipe.model_validate(table), tmp_path, dataset=PLUGIN.toy())
    file = tmp_path / "new.csv"
    rows_of(*TEXTS).write_csv(file)

    answers, _ = api.predict(folder, file)

    assert run.facts.inputs == ("text",)
    assert answers["first"].to_list() == prepared(rows_of(*TEXTS))["text"].to_list()
    assert set(answers["answer"]) <= {"in order", "swapped"}
